//! Events of several lines: a stack trace, a container's long line in pieces.
//!
//! A [`Joining`] says how lines belong together, once for all files, connections and clients of a
//! source; each of them has a [`Join`] of its own, which takes lines and gives events. Lines are
//! without their ends here, and an event has newlines between its lines.
//!
//! An event that is begun is held until a line says that it is over, or until whoever reads the lines
//! says so: the input's end, or that nothing came for a while.

mod lines;
mod patterns;
mod runtime;
mod streams;
mod traces;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Place;
use crate::error::Failure;

pub use patterns::Patterns;
pub use runtime::{Runtime, Stream};
pub use traces::Language;

/// Lines that belong together, as whoever gave them meant them.
#[derive(Clone, Copy, Debug)]
pub struct Event<'e> {
    /// Its lines, with newlines between them.
    pub text: &'e [u8],
    /// Where its first line begins.
    pub place: Place,
    /// Why it is a bad record, if it is.
    pub problem: Option<&'e str>,
}

/// A line, without its end.
#[derive(Clone, Copy, Debug)]
pub struct Line<'l> {
    /// What it says.
    pub text: &'l [u8],
    /// Where it begins.
    pub place: Place,
    /// The byte behind its end.
    pub end: u64,
}

/// Of two streams whose lines come in turn, the one of which more was taken, where that is more than up to where
/// the oldest event begins that is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// Which one.
    pub stream: Stream,
    /// Its lines before this byte were taken.
    pub until: u64,
}

/// Takes an event.
pub type Give<'g> = dyn FnMut(Event<'_>) -> Result<(), Box<dyn Failure>> + 'g;

/// Makes events of the lines of one file, connection or client.
pub trait Join {
    /// Takes the next line, and gives what is complete by it.
    fn push(&mut self, line: Line<'_>, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>>;

    /// What was begun is complete.
    fn finish(&mut self, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>>;

    /// Where the oldest event begins that is not complete.
    fn begun(&self) -> Option<Place>;

    /// Whether lines are held behind its first event that may yet be events by themselves.
    fn has_loose(&self) -> bool {
        false
    }

    /// Which stream was taken further than up to `at`, where the oldest event begins that is not complete, or the
    /// next line if there is none.
    fn ahead(&self, at: Place) -> Option<Ahead> {
        let _ = at;
        None
    }

    /// Lines of a stream that come now were taken before.
    fn start_ahead(&mut self, ahead: Ahead) {
        let _ = ahead;
    }

    /// No line from the byte `offset` on is taken but of a stream that is ahead.
    fn stop_at(&mut self, offset: u64, ahead: Option<Ahead>) {
        let _ = (offset, ahead);
    }
}

/// How much one event may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    /// Lines.
    pub lines: usize,
    /// Bytes, newlines between lines among them.
    pub bytes: usize,
}

impl Most {
    /// Why an event is bad that has so many lines and bytes.
    fn problem(self, lines: usize, bytes: usize) -> Option<String> {
        let advice = "does --multiline say where events begin?";
        if lines > self.lines {
            Some(format!("the event has more lines than --max-lines {}: {advice}", self.lines))
        } else if bytes > self.bytes {
            Some(format!("the event is longer than --max-line {}: {advice}", self.bytes))
        } else {
            None
        }
    }
}

/// Which lines belong together.
#[derive(Clone, Debug)]
pub enum Belonging {
    /// What patterns say.
    Patterns(Patterns),
    /// The stack traces of a language.
    Traces(Language),
    /// What a container wrote, as its runtime has it: long lines in parts, and two streams in turn. The lines of each may
    /// belong together in their turn.
    Container(Runtime, Option<Box<Belonging>>),
}

/// Makes the join of one file, connection or client.
type MakeJoin = dyn Fn() -> Box<dyn Join> + Send + Sync;

fn make(belonging: Belonging, most: Most, timeout: Duration) -> Arc<MakeJoin> {
    match belonging {
        Belonging::Patterns(patterns) => {
            let patterns = Arc::new(patterns);
            Arc::new(move || Box::new(lines::LineJoin::new(patterns.clone(), most)))
        }
        Belonging::Traces(language) => {
            let traces = Arc::new(traces::Traces::of(language));
            Arc::new(move || Box::new(lines::LineJoin::new(traces.clone(), most)))
        }
        Belonging::Container(runtime, lines) => {
            let lines = lines.map(|lines| make(*lines, most, timeout));
            Arc::new(move || Box::new(streams::Streams::new(runtime, lines.as_deref(), most, timeout)))
        }
    }
}

/// How lines become events.
#[derive(Clone)]
pub struct Joining {
    make: Arc<MakeJoin>,
    timeout: Duration,
}

impl Joining {
    /// By what belongs together. An event to which nothing came for `timeout` is complete.
    pub fn new(belonging: Belonging, most: Most, timeout: Duration) -> Joining {
        Joining { make: make(belonging, most, timeout), timeout }
    }

    /// For the lines of one file, connection or client.
    pub fn join(&self) -> Box<dyn Join> {
        (self.make)()
    }

    /// An event to which nothing came for so long is complete.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl fmt::Debug for Joining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
