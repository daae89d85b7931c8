//! Events by what users say of their lines.

use regex::bytes::Regex;

use super::lines::{Rules, State, Step};

/// The event began with a line that may begin one.
const STARTED: State = 0;

/// A line that belongs to none.
const ALONE: State = 1;

/// What a line must match to begin an event, to end it, or to go on with it. At least one is
/// there; a line belongs to the event before it
///
/// - unless it matches `start`, if that is there;
/// - if it matches `proceed`, or `end`, if `proceed` is there;
/// - and if that event began with a line that matches `start`, where both are there.
///
/// With `start` alone, what comes before the first event is one too: the rest of one.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// The first line of an event.
    pub start: Option<Regex>,
    /// The last one.
    pub end: Option<Regex>,
    /// Any but the first.
    pub proceed: Option<Regex>,
}

fn matches(pattern: Option<&Regex>, line: &[u8]) -> bool {
    pattern.is_some_and(|pattern| pattern.is_match(line))
}

impl Patterns {
    fn begins(&self, line: &[u8]) -> Step {
        let is_alone = self.has_borders() && !matches(self.start.as_ref(), line);
        Step::Begins(if is_alone { ALONE } else { STARTED })
    }

    /// Whether there may be lines between two events.
    fn has_borders(&self) -> bool {
        self.start.is_some() && (self.end.is_some() || self.proceed.is_some())
    }
}

impl Rules for Patterns {
    fn step(&self, open: Option<(State, &[u8])>, line: &[u8]) -> Step {
        let Some((state, _)) = open else { return self.begins(line) };
        let proceeds =
            self.proceed.is_none() || matches(self.proceed.as_ref(), line) || matches(self.end.as_ref(), line);
        match state == STARTED && proceeds && !matches(self.start.as_ref(), line) {
            true => Step::Joins(STARTED),
            false => self.begins(line),
        }
    }

    fn ends(&self, state: State, line: &[u8]) -> bool {
        state == ALONE || matches(self.end.as_ref(), line)
    }
}
