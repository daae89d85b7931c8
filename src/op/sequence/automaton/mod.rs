//! A pattern as an automaton: a place for each record that a match can take, and from each place
//! edges to those that can be next.
//!
//! Places are those of Glushkov's construction: an element that is there once is one place, a loop
//! of at least n is n of them. So a way through the pattern is the places that it has been at, one
//! a record.

mod build;
#[cfg(test)]
mod tests;

use super::pattern::{Joint, Pattern};
use build::{Before, Builder, Exit};

/// The automaton.
#[derive(Clone, Debug)]
pub struct Automaton {
    /// The name of each place.
    pub places: Vec<usize>,
    /// The edges out of each place, the preferred ones first: a way before those written behind it,
    /// going on in a loop before leaving it. Behind the last place stand those of the beginning.
    follow: Vec<Vec<Edge>>,
    /// Of each loop, whether it takes as much as it can.
    greedy: Vec<bool>,
    /// Whether the pattern is one of spaces alone, as those of SQL.
    pub is_strict: bool,
}

/// What can come after a place.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Where it leads.
    pub to: Target,
    /// Only by the very next record.
    pub is_strict: bool,
    /// What must not come meanwhile.
    pub guard: Guard,
    /// What was chosen on the way; several where loops of loops lead there in as many ways, as in
    /// `(a+)+`, which all take the same records.
    choices: Vec<Vec<Choice>>,
}

/// What stood to choose between two places; of two, the one first in this order is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Choice {
    /// One of several ways, by its number.
    Either(usize),
    /// To go on in a loop.
    GoOn(usize),
    /// To leave it.
    Leave(usize),
}

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A record is taken there.
    Place(usize),
    /// The match is complete.
    End,
    /// The match is complete when the time is over and nothing has come that the guard knows.
    Absence,
}

/// Names that end a way that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// `!x`: a record that is one of these and is not taken.
    pub not: Vec<usize>,
    /// The same, but only the very next record is looked at.
    pub not_next: Vec<usize>,
    /// A greedy loop that was left: a record that it could have taken, be it taken or not.
    pub forbidden: Vec<usize>,
    is_absence: bool,
}

impl Guard {
    fn and(&self, other: &Guard) -> Guard {
        let join = |a: &[usize], b: &[usize]| {
            let mut all = a.to_vec();
            all.extend(b.iter().filter(|name| !a.contains(name)));
            all
        };
        Guard {
            not: join(&self.not, &other.not),
            not_next: join(&self.not_next, &other.not_next),
            forbidden: join(&self.forbidden, &other.forbidden),
            is_absence: self.is_absence || other.is_absence,
        }
    }
}

/// A way that waits has its open edges in the bits of a number.
pub const MOST_EDGES: usize = 64;

/// So many places are enough for any pattern that a person writes.
const MOST_PLACES: usize = 4096;

impl Automaton {
    /// Of a pattern.
    ///
    /// # Errors
    /// A pattern that means nothing, and why.
    pub fn new(pattern: &Pattern) -> Result<Automaton, String> {
        let is_strict = !pattern.has_relaxed;
        let mut builder = Builder { places: Vec::new(), edges: Vec::new(), greedy: Vec::new(), is_strict };
        let whole = builder.piece(&pattern.piece, Before::Nothing(Joint::Strict))?;
        if !whole.empty.is_empty() {
            return Err("the pattern may match no record at all: at least one name must be there once".to_owned());
        }
        let start = builder.places.len();
        for entry in whole.first {
            let edge = Edge {
                to: Target::Place(entry.place),
                is_strict: true,
                guard: entry.guard,
                choices: vec![entry.choices],
            };
            builder.edges.push((start, edge));
        }
        for Exit { place, guard, choices } in whole.last {
            if !guard.not_next.is_empty() {
                return Err("at the end of a pattern !NAME stands behind ->: none of these within the time".to_owned());
            }
            let to = if guard.is_absence { Target::Absence } else { Target::End };
            builder.edges.push((place, Edge { to, is_strict: false, guard, choices: vec![choices] }));
        }
        let mut follow = vec![Vec::new(); start + 1];
        // Preferred ones first.
        builder.edges.sort_by(|(_, one), (_, other)| one.choices.cmp(&other.choices));
        for (from, edge) in builder.edges {
            let is_same = |other: &&mut Edge| {
                other.to == edge.to && other.is_strict == edge.is_strict && other.guard == edge.guard
            };
            match follow[from].iter_mut().find(is_same) {
                Some(same) => same.choices.extend(edge.choices),
                None => follow[from].push(edge),
            }
        }
        if follow.iter().any(|edges| edges.len() > MOST_EDGES) {
            return Err(format!("more than {MOST_EDGES} names can come next at some place: take fewer ways"));
        }
        Ok(Automaton { places: builder.places, follow, greedy: builder.greedy, is_strict })
    }

    /// The place before the first record.
    pub fn start(&self) -> usize {
        self.places.len()
    }

    /// The edges out of a place, those that take on before those that leave.
    pub fn edges(&self, place: usize) -> &[Edge] {
        &self.follow[place]
    }

    /// Whether, of two edges out of a place, the earlier one is better however much later it ends;
    /// if not, whichever ends first is.
    pub fn waits_for(&self, place: usize, earlier: usize, later: usize) -> bool {
        let edges = &self.follow[place];
        let waits = |earlier: &[Choice], later: &[Choice]| {
            let parting = earlier.iter().zip(later).find(|(earlier, later)| earlier != later);
            !matches!(parting, Some((&Choice::GoOn(id), _)) if !self.greedy[id])
        };
        let (earlier, later) = (&edges[earlier].choices, &edges[later].choices);
        later.iter().all(|later| earlier.iter().any(|earlier| waits(earlier, later)))
    }

    /// Whether any match ends by the absence of something.
    pub fn has_absence(&self) -> bool {
        self.follow.iter().flatten().any(|edge| edge.to == Target::Absence)
    }

    /// Whether a match may be without a record of this name.
    pub fn can_lack(&self, name: usize) -> bool {
        // Can the end be reached with no place of that name?
        let mut seen = vec![false; self.follow.len()];
        let mut open = vec![self.start()];
        while let Some(place) = open.pop() {
            for edge in &self.follow[place] {
                match edge.to {
                    Target::Place(next) if self.places[next] == name || seen[next] => {}
                    Target::Place(next) => {
                        seen[next] = true;
                        open.push(next);
                    }
                    Target::End | Target::Absence => return true,
                }
            }
        }
        false
    }

    /// Whether a match can begin with a record of this name.
    pub fn can_begin_with(&self, name: usize) -> bool {
        let is_it = |edge: &Edge| matches!(edge.to, Target::Place(place) if self.places[place] == name);
        self.edges(self.start()).iter().any(is_it)
    }
}
