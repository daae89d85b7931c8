//! What one tool would do in a pipeline, told from its parsed options.

use clap::ArgMatches;

use super::guarantee::{self, Kept};
use super::matches::{given, raw};
use crate::duration;
use crate::window::Span;

/// What is known of the stream at a place in a pipeline.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Milliseconds between batches; none if it cannot be told, as from a file.
    pub interval_ms: Option<u64>,
    /// What a restart finds of it; none if that cannot be told, as from a file.
    pub kept: Option<Kept>,
}

/// What a stage is, in words.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// What it does, a line each.
    pub does: Vec<String>,
    /// What is wrong.
    pub mistakes: Vec<String>,
    /// It ends the pipeline: nothing comes out for a next stage.
    pub ends: bool,
}

fn milliseconds(matches: &ArgMatches, id: &str) -> Option<u64> {
    duration::parse_ms(&raw(matches, id)?).ok()
}

/// The batches that a first stage cuts, and what it does, a line each. `checkpoint` is the
/// directory of SSTREAM_CHECKPOINT, which the option overrides.
pub fn cuts(matches: &ArgMatches, kind: Option<&str>, checkpoint: Option<&str>) -> (Stream, Vec<String>) {
    let interval_ms = milliseconds(matches, "batch").unwrap_or_else(|| {
        let from_environment = std::env::var("SSTREAM_BATCH").ok();
        from_environment.and_then(|text| duration::parse_ms(&text).ok()).unwrap_or(1000)
    });
    let interval = duration::show_ms(interval_ms);
    let (interval_ms, text) = match kind {
        Some("replay") => (None, "gives the batches of a saved stream again, with their times".to_owned()),
        Some("queue") if raw(matches, "clock").as_deref() != Some("wall") => {
            (Some(interval_ms), format!("batches of {interval} from a file, as fast as they go (virtual clock)"))
        }
        _ => (Some(interval_ms), format!("first stage: cuts its input into batches of {interval} by the wall clock")),
    };
    let checkpoint = raw(matches, "checkpoint").or_else(|| checkpoint.map(str::to_owned));
    let (kept, restart) = guarantee::of_source(matches, kind, checkpoint);
    (Stream { interval_ms, kept: Some(kept) }, vec![text, restart])
}

/// What a tool does with a stream; changes the stream to what comes out.
pub fn account(tool: &str, matches: &ArgMatches, stream: &mut Stream) -> Account {
    let mut account = Account::default();
    match tool {
        "sstream-window" => window_of(matches, stream, &mut account),
        "sstream-state" => {
            let emit = raw(matches, "emit").unwrap_or_default();
            account.does.push(format!("state: one for each key over all batches; gives {emit} of them each batch"));
            match milliseconds(matches, "timeout") {
                Some(timeout) => {
                    account.does.push(format!("drops keys without values for {}", duration::show_ms(timeout)))
                }
                None => account.does.push("keys stay for ever: --timeout lets go of those that are over".to_owned()),
            }
            keyed(matches, &mut account, true);
        }
        "sstream-reduce" => {
            let what = raw(matches, "aggregation").unwrap_or_else(|| "an expression".to_owned());
            account.does.push(format!("aggregates each batch: {what}; keeps nothing from batch to batch"));
            keyed(matches, &mut account, false);
        }
        "sstream-join" if given(matches, "static_file") => {
            account.does.push("joins each batch with a file of pairs, read again when it changes".to_owned());
        }
        "sstream-join" => {
            let kind = raw(matches, "kind").unwrap_or_else(|| "inner".to_owned());
            account.does.push(format!("{kind} join of two streams, batch by batch; keeps the open batch of each side"));
        }
        "sstream-union" => {
            account.does.push("one stream of several, batch by batch, in the order of the sides".to_owned())
        }
        "sstream-transform" => {
            account.does.push("runs a command once a batch, empty ones too; its output is the batch".to_owned());
        }
        "sstream-sink" => sink(matches, stream, &mut account),
        "sstream-filter" => account.does.push("keeps the records that match; no state".to_owned()),
        "sstream-map" | "sstream-flatmap" => account.does.push("makes records of each record; no state".to_owned()),
        "sstream-top" => account.does.push("shows what comes by; the stream passes byte for byte".to_owned()),
        "sstream-source" => {}
        "sstream-run" => {
            account.does.push("runs the pipeline that it is given: explain that one".to_owned());
            account.ends = true;
        }
        _ => {
            account.does.push("passes no stream on".to_owned());
            account.ends = true;
        }
    }
    if tool != "sstream-sink" {
        form(matches, stream, &mut account);
    }
    account
}

/// `--output` makes an end of any stage.
fn form(matches: &ArgMatches, stream: &Stream, account: &mut Account) {
    if let Some(form) = raw(matches, "output").filter(|form| form != "frames") {
        account.does.push(format!("writes its records in the form {form}: the stream ends here"));
        account.does.extend(stream.kept.as_ref().and_then(|kept| guarantee::of_sink(kept, &form)));
        account.ends = true;
    }
}

fn keyed(matches: &ArgMatches, account: &mut Account, always: bool) {
    let by = |id: &str| matches.try_get_one::<bool>(id).ok().flatten().copied().unwrap_or(false);
    if let Some(expr) = raw(matches, "by") {
        account.does.push(format!("the key is what {expr} gives"));
    } else if by("by_value") {
        account.does.push("the key is the record itself".to_owned());
    } else if by("by_key") || always {
        account.does.push("takes pairs, [KEY, VALUE]".to_owned());
    }
}

fn window_of(matches: &ArgMatches, stream: &mut Stream, account: &mut Account) {
    let Some(length) = raw(matches, "length") else { return };
    // Where SLIDE is left out, AGG stands in its place.
    let rest: Vec<String> = ["slide", "aggregation"].iter().filter_map(|name| raw(matches, name)).collect();
    let slide = rest.first().filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
    let aggregation = rest.iter().find(|text| Some(*text) != slide);
    let gives = aggregation.map_or("its records".to_owned(), Clone::clone);
    if length.ends_with('n') {
        let slide = slide.unwrap_or(&length);
        account.does.push(format!("window: every {slide} records the newest {length}; gives {gives}"));
        return;
    }
    let Ok(length_ms) = duration::parse_ms(&length) else { return };
    let slide_ms = slide.and_then(|text| duration::parse_ms(text).ok()).or(stream.interval_ms);
    if let Some(interval_ms) = stream.interval_ms
        && let Err(message) = Span::new(length_ms, slide_ms, interval_ms)
    {
        account.mistakes.push(message);
    }
    let slide = slide_ms.map_or("batch".to_owned(), duration::show_ms);
    account.does.push(format!("window: the last {} every {slide}; gives {gives}", duration::show_ms(length_ms)));
    let state = match aggregation.map(String::as_str) {
        None | Some("collect") => "state: the window's records, beyond --memory on disk",
        _ => "state: partial results of the window's batches, not its records",
    };
    account.does.push(state.to_owned());
    if slide_ms > Some(length_ms) {
        account.does.push("SLIDE is longer than LEN: records between two windows are in none".to_owned());
    }
    stream.interval_ms = slide_ms;
    keyed(matches, account, false);
}

fn sink(matches: &ArgMatches, stream: &Stream, account: &mut Account) {
    let (kind, matches) = matches.subcommand().unwrap_or(("", matches));
    let does = match kind {
        "print" => "prints the first records of each batch",
        "text" | "json" => "writes every record, a line each",
        "files" => "writes a file a batch, whole or not there",
        "exec" => "runs a command once a batch, empty ones too",
        "null" => "takes everything and does nothing",
        _ => "hands each batch to a program of that name",
    };
    account.does.push(does.to_owned());
    account.does.extend(stream.kept.as_ref().and_then(|kept| guarantee::of_sink(kept, kind)));
    let passes = matches.try_get_one::<bool>("pass").ok().flatten().copied().unwrap_or(false);
    account.ends = !passes;
    if passes {
        account.does.push("passes the stream on, each batch when this sink is done with it".to_owned());
    }
}
