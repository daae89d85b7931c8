//! Events of several lines: a stack trace, a container's long line in pieces.
//!
//! A [`Joining`] says how lines belong together, once for all files, connections and clients of a
//! source; each of them has a [`Join`] of its own, which takes lines and gives events. Lines are
//! without their ends here, and an event has newlines between its lines.
//!
//! An event that is begun is held until a line says that it is over, or until whoever reads the lines
//! says so: the input's end, or that nothing came for a while.

mod container;
mod lines;
mod patterns;
mod traces;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Place;
use crate::error::Failure;

pub use patterns::Patterns;
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

/// Takes an event.
pub type Give<'g> = dyn FnMut(Event<'_>) -> Result<(), Box<dyn Failure>> + 'g;

/// Makes events of the lines of one file, connection or client.
pub trait Join {
    /// Takes the next line, and gives what is complete by it.
    fn push(&mut self, line: &[u8], place: Place, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>>;

    /// What was begun is complete.
    fn finish(&mut self, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>>;

    /// Where the oldest event begins that is not complete.
    fn begun(&self) -> Option<Place>;
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
    /// What a container's long lines were cut into, as CRI runtimes write it.
    Cri,
    /// The same by Docker's json-file driver.
    Docker,
}

/// How lines become events.
#[derive(Clone)]
pub struct Joining {
    make: Arc<dyn Fn() -> Box<dyn Join> + Send + Sync>,
    timeout: Duration,
}

impl Joining {
    /// By what belongs together. An event to which nothing came for `timeout` is complete.
    pub fn new(belonging: Belonging, most: Most, timeout: Duration) -> Joining {
        let make: Arc<dyn Fn() -> Box<dyn Join> + Send + Sync> = match belonging {
            Belonging::Patterns(patterns) => {
                let patterns = Arc::new(patterns);
                Arc::new(move || Box::new(lines::LineJoin::new(patterns.clone(), most)))
            }
            Belonging::Traces(language) => {
                let traces = Arc::new(traces::Traces::of(language));
                Arc::new(move || Box::new(lines::LineJoin::new(traces.clone(), most)))
            }
            Belonging::Cri => Arc::new(move || Box::new(container::PartJoin::new(container::cri, most))),
            Belonging::Docker => Arc::new(move || Box::new(container::PartJoin::new(container::docker, most))),
        };
        Joining { make, timeout }
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
