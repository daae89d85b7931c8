//! What holds after a crash, as `sstream explain` tells it: source by source and
//! sink by sink, in the words of docs/RELIABILITY.md.

use clap::ArgMatches;
use serde_json::Value;

use super::matches::raw;

/// What a restart finds of a stream.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The directory of the checkpoint, if there is one.
    pub checkpoint: Option<String>,
    again: Again,
}

/// Where batches that were not committed come from again. The later in this list,
/// the less holds: a stream of several sources is as good as its worst one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Again {
    /// The source itself has them still.
    Source,
    /// The log that the source writes: what had not reached it is lost.
    Log,
    /// The same, where the other end may have given a record twice.
    Redelivered,
}

impl Kept {
    /// Whether there is a checkpoint.
    pub fn has_checkpoint(&self) -> bool {
        self.checkpoint.is_some()
    }

    /// Whether two streams have the same checkpoint, however its name is written.
    pub fn is_with(&self, other: &Kept) -> bool {
        let absolute = |kept: &Kept| kept.checkpoint.as_ref().map(|dir| std::path::absolute(dir).ok());
        absolute(self) == absolute(other)
    }

    /// What a restart finds of several streams together.
    pub fn of_sides(sides: &[&Kept]) -> Option<Kept> {
        let again = sides.iter().map(|side| side.again).max()?;
        Some(Kept { checkpoint: sides[0].checkpoint.clone(), again })
    }
}

/// What a restart finds of the stream that a first stage cuts, and the line that says
/// so. `kind` is that of a source; any other tool reads lines from a pipe.
pub fn of_source(matches: &ArgMatches, kind: Option<&str>, checkpoint: Option<String>) -> (Kept, String) {
    let own = matches.subcommand().map_or(matches, |(_, own)| own);
    let is_stdin = kind == Some("queue") && raw(own, "file").as_deref() == Some("-");
    let (again, place) = match kind {
        Some("tail" | "dir") => (Again::Source, "are read again from the files, which must stay there until then"),
        Some("queue" | "replay") if !is_stdin => (Again::Source, "are read again from the file"),
        Some("rate") => (Again::Source, "are made again, and the numbers go on"),
        _ => (Again::Log, FROM_LOG),
    };
    let line = restart(checkpoint.as_deref(), place, ANEW);
    (Kept { checkpoint, again }, line)
}

/// What comes from a log, and what does not.
const FROM_LOG: &str = "come again from its log (WAL); what had not reached it when the source was killed is lost";

/// What a restart does without a checkpoint.
const ANEW: &str = "begins anew, as at the first start";

fn restart(checkpoint: Option<&str>, place: &str, without: &str) -> String {
    match checkpoint {
        Some(dir) => format!("checkpoint: {dir}: after a restart the batches that were not committed {place}"),
        None => format!("checkpoint: none: a restart {without}"),
    }
}

/// The same of a connector's source, by what its program has declared.
pub fn of_declared_source(answer: &Value) -> (Kept, String) {
    let words = answer["words"].as_str().unwrap_or_default();
    let (again, place, without) = match answer["again"].as_str() {
        Some("source") => (Again::Source, format!("are read again {words}"), ANEW.to_owned()),
        Some("redelivered") => (Again::Redelivered, "come again from its log".to_owned(), format!("goes on {words}")),
        _ => (Again::Log, FROM_LOG.to_owned(), ANEW.to_owned()),
    };
    let checkpoint = answer["checkpoint"].as_str().map(str::to_owned);
    let line = restart(checkpoint.as_deref(), &place, &without);
    (Kept { checkpoint, again }, line)
}

/// What holds for the records of a sink, or of a stage's `--output`, of this kind; none
/// where there is nothing to promise.
pub fn of_sink(kept: &Kept, kind: &str) -> Option<String> {
    if !kept.has_checkpoint() {
        return (kind != "null").then(|| NOTHING.to_owned());
    }
    let (once, at_least) = words(kept.again);
    Some(match kind {
        "null" => "guarantee: none needed: its batches are committed, so that they do not come again".to_owned(),
        "files" => format!("guarantee: {once}, whatever dies"),
        "print" | "text" | "json" => {
            format!("guarantee: {at_least}: what was written last before a crash may come again")
        }
        _ => format!(
            "guarantee: {at_least}: a command that was killed runs again, with the same SSTREAM_BATCH_TIME and records"
        ),
    })
}

/// The same of a connector's sink, by what its program has declared.
pub fn of_declared_sink(kept: &Kept, answer: &Value) -> String {
    if !kept.has_checkpoint() {
        return NOTHING.to_owned();
    }
    let (once, at_least) = words(kept.again);
    let why = answer["words"].as_str().unwrap_or_default();
    match answer["once"].as_bool() {
        Some(true) if why.is_empty() => format!("guarantee: {once}"),
        Some(true) => format!("guarantee: {once}, {why}"),
        _ => format!("guarantee: {at_least}: {why}"),
    }
}

const NOTHING: &str = "guarantee: none without --checkpoint: what is under way is lost when a process dies";

/// What a sink that is exactly once can promise behind such a source, and what one
/// that is not.
fn words(again: Again) -> (&'static str, &'static str) {
    match again {
        Again::Source => ("each record counts exactly once", "each record at least once"),
        Again::Log => (
            "of the records that reached the log each counts exactly once",
            "of the records that reached the log each at least once",
        ),
        Again::Redelivered => {
            ("each record at least once: the source may be given one twice", "each record at least once")
        }
    }
}
