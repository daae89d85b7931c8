//! `sstream-checkpoint show`.

use serde_json::{Map, Value, json};

use super::moment::{Moment, show as show_time};
use super::print::{self, Printer};
use crate::checkpoint::inspect::{Has, Inspected, SourceBatch};
use crate::cli::ToolError;
use crate::cli::connector::ask::hex;
use crate::cli::connector::found::{self, Named};
use crate::cli::connector::known::Role;
use crate::cli::source::kinds::{Declaration, FileRange, Made};
use crate::duration::show_size;

/// Shows what is known of a batch.
pub fn show(inspected: &Inspected, moment: Moment, records: bool, json: bool) -> Result<(), ToolError> {
    let time_ms = moment.time_ms(inspected)?;
    let batches = inspected.batch(time_ms)?;
    let folders = inspected.folders(time_ms)?;
    if batches.is_empty() && folders.iter().all(|(_, has)| !matches!(has, Has::Committed(_))) {
        return Err(unknown(inspected, time_ms));
    }
    if json {
        return print::text(&format!("{}\n", object(inspected, time_ms, &batches, &folders, records)?));
    }
    let mut printer = Printer::new();
    printer.line(&format!("batch {}", show_time(time_ms)));
    for batch in &batches {
        printer.line(&format!("  sources/{}: {}", batch.name, origin(inspected, batch)?));
        if records {
            inspected.records(batch, &mut |block| printer.records(block))?;
        }
    }
    for (folder, has) in &folders {
        let has = match has {
            Has::BeganLater => "began later".to_owned(),
            Has::State => "the state after it can be restored".to_owned(),
            Has::NoState => "the state after it cannot be restored".to_owned(),
            Has::Committed(note) if note.is_empty() => "committed".to_owned(),
            Has::Committed(note) => format!("committed: {}", committed(note)),
            Has::NotCommitted => "not committed".to_owned(),
            Has::Purged => "its log does not go so far back".to_owned(),
            Has::NoBatch => "has no batch of this time".to_owned(),
        };
        printer.line(&format!("  {folder}: {has}"));
    }
    printer.finish()
}

/// Where a batch comes from, for people.
fn origin(inspected: &Inspected, batch: &SourceBatch) -> Result<String, ToolError> {
    let run = match batch.times.count() {
        1 => String::new(),
        count => format!(", one of {count} from {} to {}", batch.times.first_ms, batch.times.last_ms),
    };
    Ok(match (&batch.range, batch.recorded.as_slice()) {
        (_, []) => format!("empty{run}"),
        (Some(range), _) => format!(
            "{} records, {}, in wal/ from segment {} byte {} to segment {} byte {}",
            range.records,
            show_size(range.bytes),
            range.from.segment,
            range.from.offset,
            range.to.segment,
            range.to.offset
        ),
        (None, _) => match reads(inspected, batch)? {
            Reads::Made(Made::OfBytes(ranges)) => {
                let show =
                    |FileRange { path, from, to }: &FileRange| format!("{} from byte {from} to {to}", path.display());
                format!("in {}", ranges.iter().map(show).collect::<Vec<_>>().join(", "))
            }
            Reads::Made(Made::Of(words)) => format!("read again from {words}"),
            Reads::Bytes(bytes, why) => format!("read again from {bytes}{why}"),
        },
    })
}

/// How the position of a batch reads.
enum Reads {
    /// As its kind says.
    Made(Made),
    /// As bytes, and why.
    Bytes(String, String),
}

/// The kind says how its positions read; that of a connector is asked, if it is installed.
fn reads(inspected: &Inspected, batch: &SourceBatch) -> Result<Reads, ToolError> {
    let source = batch.arguments.strip_prefix("source ").unwrap_or(&batch.arguments);
    let (kind, words) = source.split_once(' ').unwrap_or((source, ""));
    let built_in = Declaration::of(kind);
    if let Some(made) = built_in.and_then(|built_in| (built_in.made_of)(words, &batch.recorded)) {
        return Ok(Reads::Made(made));
    }
    let why = match found::kind(Role::Source, kind.as_ref()) {
        Ok(Named::Connector(found)) => {
            let before = inspected.before(batch).map_err(ToolError::Checkpoint)?;
            match found.position(&before, &batch.recorded) {
                Some(words) => return Ok(Reads::Made(Made::Of(words))),
                None => String::new(),
            }
        }
        Ok(Named::Lines | Named::Nothing) => String::new(),
        Err(_) => format!(" ({}, which knows what that is, is not installed)", Role::Source.program(kind)),
    };
    Ok(Reads::Bytes(readable(&batch.recorded), why))
}

/// The note of a sink's commit. That of `files` is a temporary name, a zero and the name that
/// people look for.
fn committed(note: &[u8]) -> String {
    let zero = note.iter().position(|byte| *byte == 0);
    readable(zero.map_or(note, |zero| &note[zero + 1..]))
}

/// Bytes of a source's or sink's own: as text if they are one, else in hex.
fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => hex(bytes),
    }
}

fn object(
    inspected: &Inspected,
    time_ms: u64,
    batches: &[SourceBatch],
    folders: &[(String, Has)],
    records: bool,
) -> Result<Value, ToolError> {
    let mut sources = Map::new();
    for batch in batches {
        let mut source = Map::new();
        let (first, last) = (batch.times.first_ms, batch.times.last_ms);
        source.insert("first".into(), first.into());
        source.insert("last".into(), last.into());
        if let Some(range) = batch.range {
            let place = |place: crate::checkpoint::log::Place| json!([place.segment, place.offset]);
            source.insert("records".into(), range.records.into());
            source.insert("bytes".into(), range.bytes.into());
            source.insert("wal".into(), json!([place(range.from), place(range.to)]));
        } else if batch.recorded.is_empty() {
            source.insert("records".into(), 0.into());
        } else {
            match reads(inspected, batch)? {
                Reads::Made(Made::OfBytes(ranges)) => {
                    let file = |range: FileRange| json!({"path": range.path.display().to_string(), "from": range.from, "to": range.to});
                    source.insert("files".into(), ranges.into_iter().map(file).collect::<Vec<Value>>().into());
                }
                Reads::Made(Made::Of(position)) | Reads::Bytes(position, _) => {
                    source.insert("position".into(), position.into());
                }
            }
        }
        if records {
            let mut content = Vec::new();
            inspected.records(batch, &mut |block| {
                let lines = block.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                content.extend(lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()));
            })?;
            source.insert("content".into(), content.into());
        }
        sources.insert(batch.name.clone(), source.into());
    }
    let mut has = Map::new();
    for (folder, what) in folders {
        let what = match what {
            Has::BeganLater => json!("began later"),
            Has::State => json!("state"),
            Has::NoState => json!("no state"),
            Has::Committed(note) if note.is_empty() => json!("committed"),
            Has::Committed(note) => json!({"committed": committed(note)}),
            Has::NotCommitted => json!("not committed"),
            Has::Purged => json!("purged"),
            Has::NoBatch => json!("no batch"),
        };
        has.insert(folder.clone(), what);
    }
    Ok(json!({"batch": time_ms, "sources": sources, "folders": has}))
}

fn unknown(inspected: &Inspected, time_ms: u64) -> ToolError {
    let dir = inspected.layout.dir().display();
    let times = inspected.times();
    let near = match times.partition_point(|at| *at < time_ms) {
        _ if times.is_empty() => "it has none yet".to_owned(),
        at if at == times.len() => format!("the newest is {}", show_time(times[at - 1])),
        0 => format!("the oldest is {}", show_time(times[0])),
        at => format!("the next ones are {} and {}", show_time(times[at - 1]), show_time(times[at])),
    };
    ToolError::Usage(format!("{dir}: no batch {}: {near}", show_time(time_ms)))
}
