//! What holds after a crash, as `sstream explain` tells it: source by source and
//! sink by sink, in the words of docs/RELIABILITY.md.

use clap::ArgMatches;

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
    /// The same, after a consumer group, which may have given a message twice.
    LogOfGroup,
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
    let group = kind == Some("kafka") && raw(own, "assign").as_deref() == Some("group");
    let is_stdin = kind == Some("queue") && raw(own, "file").as_deref() == Some("-");
    let (again, place) = match kind {
        Some("tail" | "dir") => (Again::Source, "are read again from the files, which must stay there until then"),
        Some("queue" | "replay") if !is_stdin => (Again::Source, "are read again from the file"),
        Some("rate") => (Again::Source, "are made again, and the numbers go on"),
        Some("kafka") if !group => (Again::Source, "are read again from the topic, by their offsets"),
        Some("kafka") => (Again::LogOfGroup, "come again from its log"),
        _ => (Again::Log, "come again from its log (WAL); what had not reached it when the source was killed is lost"),
    };
    let line = match &checkpoint {
        Some(dir) => format!("checkpoint: {dir}: after a restart the batches that were not committed {place}"),
        None if group => "checkpoint: none: a restart goes on where the brokers have the group".to_owned(),
        None => "checkpoint: none: a restart begins anew, as at the first start".to_owned(),
    };
    (Kept { checkpoint, again }, line)
}

/// What holds for the records of a sink, or of a stage's `--output`, of this kind; none
/// where there is nothing to promise.
pub fn of_sink(kept: &Kept, kind: &str) -> Option<String> {
    if !kept.has_checkpoint() {
        let line = "guarantee: none without --checkpoint: what is under way is lost when a process dies";
        return (kind != "null").then(|| line.to_owned());
    }
    let at_least = match kept.again {
        Again::Log => "of the records that reached the log each at least once",
        Again::Source | Again::LogOfGroup => "each record at least once",
    };
    let once = match kept.again {
        Again::Source => "each record counts exactly once",
        Again::Log => "of the records that reached the log each counts exactly once",
        Again::LogOfGroup => "each record at least once: the brokers may give a message to two batches",
    };
    Some(match kind {
        "null" => "guarantee: none needed: its batches are committed, so that they do not come again".to_owned(),
        "files" => format!("guarantee: {once}, whatever dies"),
        "kafka" => format!("guarantee: {once}, for readers with isolation.level=read_committed"),
        "print" | "text" | "json" => {
            format!("guarantee: {at_least}: what was written last before a crash may come again")
        }
        _ => format!(
            "guarantee: {at_least}: a command that was killed runs again, with the same SSTREAM_BATCH_TIME and records"
        ),
    })
}
