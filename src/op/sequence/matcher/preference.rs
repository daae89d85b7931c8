//! Which of the ways that a beginning has is the one that comes out.

use super::{Matcher, Way};
use crate::op::sequence::automaton::{Edge, Target};
use crate::op::sequence::buffer::{Link, LinkId};

impl Matcher {
    /// Where two ways part: the place, and where each goes from there, unless it
    /// is its last one. What both have taken is one chain, so that this costs what came since.
    fn parting(&self, one: LinkId, other: LinkId) -> (usize, Option<usize>, Option<usize>) {
        let taken_at = |id: LinkId| self.buffer.record(self.buffer.link(id).record).place();
        let back = |at: &mut Option<LinkId>, places: &mut Vec<usize>| {
            if let Some(link) = at.map(|id| self.buffer.link(id)) {
                places.push(link.place as usize);
                *at = link.before;
            }
        };
        let (mut one, mut other) = (Some(one), Some(other));
        let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
        while one != other {
            let (newest_of_one, newest_of_other) = (one.map(taken_at), other.map(taken_at));
            if newest_of_one >= newest_of_other {
                back(&mut one, &mut of_one);
            }
            if newest_of_other >= newest_of_one {
                back(&mut other, &mut of_other);
            }
        }
        let mut place = one.map_or(self.rules.automaton.start(), |id| self.buffer.link(id).place as usize);
        // Two ways may have taken the same, each by a chain of its own.
        while let (Some(one), Some(other)) = (of_one.last(), of_other.last())
            && one == other
        {
            place = *one;
            of_one.pop();
            of_other.pop();
        }
        (place, of_one.pop(), of_other.pop())
    }

    /// The edge from a place to another, or to the end.
    fn edge(&self, place: usize, next: Option<usize>) -> usize {
        let is_it = |edge: &Edge| match edge.to {
            Target::Place(to) => next == Some(to),
            Target::End | Target::Absence => next.is_none(),
        };
        self.rules.automaton.edges(place).iter().position(is_it).unwrap_or(usize::MAX)
    }

    /// Whether a match is better than one that was complete before, or together with it.
    pub(super) fn is_better(&self, new: LinkId, best: LinkId) -> bool {
        let taken_at = |id: LinkId| self.buffer.record(self.buffer.link(id).record).place();
        let end_together = taken_at(new) == taken_at(best);
        if end_together {
            return self.is_preferred(new, best);
        }
        let automaton = &self.rules.automaton;
        let (place, new, best) = self.parting(new, best);
        let (new, best) = (self.edge(place, new), self.edge(place, best));
        automaton.is_strict && new < best && automaton.waits_for(place, new, best)
    }

    /// Whether of two ways that are complete together the first one is preferred.
    pub(super) fn is_preferred(&self, new: LinkId, best: LinkId) -> bool {
        let (place, new, best) = self.parting(new, best);
        self.edge(place, new) < self.edge(place, best)
    }

    /// The edges of a way by which it can still become better than a match.
    pub(super) fn can_beat(&self, way: Way, best: LinkId) -> u64 {
        let (place, own, best) = self.parting(way.last, best);
        let best = self.edge(place, best);
        let waits = |edge: usize| edge < best && self.rules.automaton.waits_for(place, edge, best);
        match own {
            Some(own) if waits(self.edge(place, Some(own))) => way.open,
            Some(_) => 0,
            None => {
                (0..64).filter(|edge| way.open & 1 << edge != 0 && waits(*edge)).fold(0, |open, edge| open | 1 << edge)
            }
        }
    }

    /// Each way once that has taken the same records as another.
    pub(super) fn without_repeats(&mut self, ways: Vec<LinkId>) -> Vec<LinkId> {
        let mut kept: Vec<LinkId> = Vec::with_capacity(ways.len());
        for last in ways {
            if kept.iter().any(|other| self.is_same(*other, last)) {
                self.buffer.release(last);
            } else {
                kept.push(last);
            }
        }
        kept
    }

    /// Whether two ways have taken the same records under the same names.
    fn is_same(&self, one: LinkId, other: LinkId) -> bool {
        let named = |link: Link| (link.record, self.rules.automaton.places[link.place as usize]);
        self.buffer.chain(one).map(named).eq(self.buffer.chain(other).map(named))
    }
}
