//! What holds after a crash: what a kind of source or sink declares of that, and what
//! `sstream explain` makes of both ends together.

use serde_json::Value;

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

/// What a restart finds of the batches that were not committed, as a kind of source
/// declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceGuarantee {
    /// The source reads them again from positions: each record counts once. How,
    /// behind "after a restart the batches … are read again ".
    ReadAgain(&'static str),
    /// They come from the log that sstream keeps of what had come: each record of
    /// it counts once.
    Logged,
    /// The same, but the other end sends again what it does not know to have been
    /// taken: at least once. Where a restart without a checkpoint goes on.
    Redelivered(&'static str),
}

/// What holds for a sink's records under a checkpoint, as its kind declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkGuarantee {
    /// Each counts once; for whom, behind a comma, or nothing.
    ExactlyOnce(&'static str),
    /// Each comes at least once; what may come again, behind a colon.
    AtLeastOnce(&'static str),
    /// None: what is lost on its way, behind a colon.
    BestEffort(&'static str),
}

/// What holds for records that are written to a terminal or a pipe.
pub const WRITTEN: SinkGuarantee = SinkGuarantee::AtLeastOnce("what was written last before a crash may come again");

/// What a restart finds of the stream that a first stage cuts, and the line that says so.
pub fn of_source(guarantee: &SourceGuarantee, checkpoint: Option<String>) -> (Kept, String) {
    match guarantee {
        SourceGuarantee::ReadAgain(words) => told(Again::Source, words, checkpoint),
        SourceGuarantee::Logged => told(Again::Log, "", checkpoint),
        SourceGuarantee::Redelivered(words) => told(Again::Redelivered, words, checkpoint),
    }
}

/// The same of a connector's source, by what its program has declared.
pub fn of_declared_source(answer: &Value) -> (Kept, String) {
    let again = match answer["again"].as_str() {
        Some("source") => Again::Source,
        Some("redelivered") => Again::Redelivered,
        _ => Again::Log,
    };
    let checkpoint = answer["checkpoint"].as_str().map(str::to_owned);
    told(again, answer["words"].as_str().unwrap_or_default(), checkpoint)
}

fn told(again: Again, words: &str, checkpoint: Option<String>) -> (Kept, String) {
    let (place, without) = match again {
        Again::Source => (format!("are read again {words}"), "begins anew, as at the first start".to_owned()),
        Again::Log => (
            "come again from its log (WAL); what had not reached it when the source was killed is lost".to_owned(),
            "begins anew, as at the first start".to_owned(),
        ),
        Again::Redelivered => ("come again from its log".to_owned(), format!("goes on {words}")),
    };
    let line = match &checkpoint {
        Some(dir) => format!("checkpoint: {dir}: after a restart the batches that were not committed {place}"),
        None => format!("checkpoint: none: a restart {without}"),
    };
    (Kept { checkpoint, again }, line)
}

/// What holds for the records of a sink, or of a stage's `--output`, in a line; with no
/// guarantee there is nothing to promise, and under a checkpoint that is said too.
pub fn of_sink(kept: &Kept, guarantee: Option<&SinkGuarantee>) -> Option<String> {
    match guarantee {
        None => kept
            .has_checkpoint()
            .then(|| "guarantee: none needed: its batches are committed, so that they do not come again".to_owned()),
        Some(SinkGuarantee::ExactlyOnce(why)) => Some(promised(kept, true, why)),
        Some(SinkGuarantee::AtLeastOnce(why)) => Some(promised(kept, false, why)),
        Some(SinkGuarantee::BestEffort(why)) => Some(best_effort(why)),
    }
}

/// The same of a connector's sink, by what its program has declared.
pub fn of_declared_sink(kept: &Kept, answer: &Value) -> String {
    let words = answer["words"].as_str().unwrap_or_default();
    match answer["once"].as_bool() {
        Some(once) => promised(kept, once, words),
        None => best_effort(words),
    }
}

fn best_effort(why: &str) -> String {
    format!("guarantee: none for readers: {why}")
}

fn promised(kept: &Kept, once: bool, why: &str) -> String {
    if !kept.has_checkpoint() {
        return "guarantee: none without --checkpoint: what is under way is lost when a process dies".to_owned();
    }
    let (exactly, at_least) = words(kept.again);
    match once {
        true if why.is_empty() => format!("guarantee: {exactly}"),
        true => format!("guarantee: {exactly}, {why}"),
        false => format!("guarantee: {at_least}: {why}"),
    }
}

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
