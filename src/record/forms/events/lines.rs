//! Joins a line to the one before it, or not.

use std::sync::Arc;

use super::{Event, Give, Join, Line, Most};
use crate::error::Failure;
use crate::record::forms::Place;

/// Where an event is, for the rules that it goes by; they give the numbers their meaning.
pub type State = u8;

/// What a line is to the event before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first of a new one.
    Begins(State),
    /// The next of that one.
    Joins(State),
    /// The next of that one if a later line is: else it is a line by itself.
    Perhaps(State),
}

/// Tells which lines belong together.
pub trait Rules {
    /// What `line` is. `open` is the event before it, by its state and what there is of its text; none if
    /// there is none that could go on.
    fn step(&self, open: Option<(State, &[u8])>, line: &[u8]) -> Step;

    /// Whether nothing can join an event that is in this state behind `line`.
    fn ends(&self, state: State, line: &[u8]) -> bool {
        let _ = (state, line);
        false
    }
}

/// Joins by rules.
pub struct LineJoin<R> {
    rules: Arc<R>,
    most: Most,
    /// The event that is open, if `lines` is not 0. No more of it is kept than may be.
    text: Vec<u8>,
    lines: usize,
    state: State,
    place: Place,
    problem: Option<String>,
    /// Lines behind it that belong to it if a later one does.
    perhaps: Vec<(Vec<u8>, Place, u64)>,
}

impl<R: Rules> LineJoin<R> {
    /// With nothing open.
    pub fn new(rules: Arc<R>, most: Most) -> LineJoin<R> {
        let (text, perhaps, place) = (Vec::new(), Vec::new(), Place::default());
        LineJoin { rules, most, text, lines: 0, state: 0, place, problem: None, perhaps }
    }

    fn append(&mut self, line: &[u8]) {
        self.lines += 1;
        if self.problem.is_some() {
            return;
        }
        let length = self.text.len() + line.len() + usize::from(self.lines > 1);
        self.problem = self.most.problem(self.lines, length);
        if self.problem.is_none() {
            if self.lines > 1 {
                self.text.push(b'\n');
            }
            self.text.extend_from_slice(line);
        }
    }

    fn give_open(&mut self, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        if self.lines == 0 {
            return Ok(());
        }
        self.lines = 0;
        let problem = self.problem.take();
        let given = give(Event { text: &self.text, place: self.place, problem: problem.as_deref() });
        self.text.clear();
        given
    }

    /// The event is over, and what might have been of it is not.
    fn close(&mut self, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        self.give_open(give)?;
        for (text, place, end) in std::mem::take(&mut self.perhaps) {
            self.push(Line { text: &text, place, end }, give)?;
        }
        Ok(())
    }
}

impl<R: Rules> Join for LineJoin<R> {
    fn push(&mut self, line: Line<'_>, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        let Line { text, place, end } = line;
        let open = (self.lines > 0).then_some((self.state, &*self.text));
        self.state = match self.rules.step(open, text) {
            Step::Joins(state) => {
                for (text, ..) in std::mem::take(&mut self.perhaps) {
                    self.append(&text);
                }
                self.append(text);
                state
            }
            Step::Perhaps(state) => {
                self.perhaps.push((text.to_vec(), place, end));
                state
            }
            Step::Begins(_) if !self.perhaps.is_empty() => {
                self.close(give)?;
                // It may go on with one of those.
                return self.push(line, give);
            }
            Step::Begins(state) => {
                self.give_open(give)?;
                self.place = place;
                self.append(text);
                state
            }
        };
        if self.rules.ends(self.state, text) {
            self.give_open(give)?;
        }
        Ok(())
    }

    fn finish(&mut self, give: &mut Give<'_>) -> Result<(), Box<dyn Failure>> {
        while self.lines > 0 {
            self.close(give)?;
        }
        Ok(())
    }

    fn begun(&self) -> Option<Place> {
        (self.lines > 0).then_some(self.place)
    }

    fn has_loose(&self) -> bool {
        !self.perhaps.is_empty()
    }
}
