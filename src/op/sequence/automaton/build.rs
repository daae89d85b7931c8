//! From a pattern to places and edges, part by part.

use super::{Choice, Edge, Guard, MOST_EDGES, MOST_PLACES, Target};
use crate::op::sequence::pattern::{Joint, Piece};

/// A way into a fragment.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) place: usize,
    /// What joins it to what comes before, once that is known.
    pub(super) joint: Option<Joint>,
    pub(super) guard: Guard,
    pub(super) choices: Vec<Choice>,
}

/// A way out of one.
#[derive(Clone)]
pub(super) struct Exit {
    pub(super) place: usize,
    pub(super) guard: Guard,
    pub(super) choices: Vec<Choice>,
}

/// A part of the automaton.
#[derive(Clone, Default)]
pub(super) struct Fragment {
    pub(super) first: Vec<Entry>,
    pub(super) last: Vec<Exit>,
    /// The ways in which it may take no record: what holds then.
    pub(super) empty: Vec<(Guard, Vec<Choice>)>,
}

/// What stands before a piece, and so how the times of a loop are joined.
#[derive(Clone, Copy)]
pub(super) enum Before {
    /// Something, joined so: the times of a loop are joined as it is.
    Something(Joint),
    /// Nothing, the piece being the pattern's first: then what comes behind is joined so.
    Nothing(Joint),
}

pub(super) struct Builder {
    pub(super) places: Vec<usize>,
    pub(super) edges: Vec<(usize, Edge)>,
    pub(super) greedy: Vec<bool>,
    pub(super) is_strict: bool,
}

impl Builder {
    pub(super) fn piece(&mut self, piece: &Piece, before: Before) -> Result<Fragment, String> {
        let fragment = match piece {
            Piece::Name(name) => self.place(*name),
            Piece::Not(_) => Err("!NAME stands between two others, or at the end behind ->".to_owned()),
            Piece::Either(ways) => {
                let mut either = Fragment::default();
                for (number, way) in ways.iter().enumerate() {
                    let way = self.piece(way, before)?;
                    let chosen = |choices: Vec<Choice>| [&[Choice::Either(number)][..], &choices].concat();
                    let first = way.first.into_iter();
                    either.first.extend(first.map(|entry| Entry { choices: chosen(entry.choices), ..entry }));
                    either.last.extend(way.last);
                    either.empty.extend(way.empty.into_iter().map(|(guard, choices)| (guard, chosen(choices))));
                }
                Ok(either)
            }
            Piece::Sequence(elements) => self.sequence(elements, before),
            Piece::Repeat { piece, least, most, is_reluctant } => {
                self.repeat(piece, (*least, *most), *is_reluctant, before)
            }
        }?;
        if fragment.empty.len() > MOST_EDGES {
            return Err(format!("a part may take no record in more than {MOST_EDGES} ways: take fewer"));
        }
        Ok(fragment)
    }

    fn place(&mut self, name: usize) -> Result<Fragment, String> {
        let place = self.places.len();
        if place == MOST_PLACES {
            return Err(format!("the pattern, with its loops written out, has more than {MOST_PLACES} names"));
        }
        self.places.push(name);
        Ok(Fragment {
            first: vec![Entry { place, joint: None, guard: Guard::default(), choices: Vec::new() }],
            last: vec![Exit { place, guard: Guard::default(), choices: Vec::new() }],
            empty: Vec::new(),
        })
    }

    fn sequence(&mut self, elements: &[(Joint, Piece)], before: Before) -> Result<Fragment, String> {
        let mut whole: Option<Fragment> = None;
        let mut loop_edges = 0..0;
        for (index, (joint, piece)) in elements.iter().enumerate() {
            let Some(so_far) = whole else {
                let before = match (before, elements.get(1)) {
                    (Before::Nothing(_), Some((behind, _))) => Before::Nothing(*behind),
                    _ => before,
                };
                let first = self.edges.len();
                whole = Some(self.piece(piece, before)?);
                loop_edges = self.loop_edges(piece, first);
                continue;
            };
            if let Piece::Not(name) = piece {
                let is_absence = index + 1 == elements.len();
                let mut guard = Guard { is_absence, ..Guard::default() };
                match joint {
                    Joint::Strict => guard.not_next.push(*name),
                    Joint::Relaxed => {
                        guard.not.push(*name);
                        // Between two others it holds from a loop's first record on.
                        let since = if is_absence { 0..0 } else { loop_edges.clone() };
                        for (_, edge) in &mut self.edges[since] {
                            edge.guard = edge.guard.and(&guard);
                        }
                    }
                }
                let nothing = Fragment { empty: vec![(guard, Vec::new())], ..Fragment::default() };
                whole = Some(self.behind(so_far, nothing, *joint));
                continue;
            }
            let first = self.edges.len();
            let next = self.piece(piece, Before::Something(*joint))?;
            loop_edges = self.loop_edges(piece, first);
            whole = Some(self.behind(so_far, next, *joint));
        }
        whole.ok_or_else(|| "the pattern is empty".to_owned())
    }

    /// The edges that were made since `first`, if they are of a loop.
    fn loop_edges(&self, piece: &Piece, first: usize) -> std::ops::Range<usize> {
        match piece {
            Piece::Repeat { most, .. } if *most != Some(1) => first..self.edges.len(),
            _ => 0..0,
        }
    }

    /// One fragment behind another, joined so.
    fn behind(&mut self, before: Fragment, after: Fragment, joint: Joint) -> Fragment {
        self.link(&before.last, &after.first, joint);
        let mut whole = Fragment { first: before.first, last: after.last, empty: Vec::new() };
        for (guard, choices) in &before.empty {
            whole.first.extend(after.first.iter().map(|entry| Entry {
                place: entry.place,
                joint: entry.joint.or(Some(joint)),
                guard: guard.and(&entry.guard),
                choices: [&choices[..], &entry.choices].concat(),
            }));
        }
        for (guard, choices) in &after.empty {
            whole.last.extend(before.last.iter().map(|exit| Exit {
                place: exit.place,
                guard: exit.guard.and(guard),
                choices: [&exit.choices[..], choices].concat(),
            }));
            let before = before.empty.iter();
            whole.empty.extend(
                before.map(|(first_guard, first_choices)| {
                    (first_guard.and(guard), [&first_choices[..], choices].concat())
                }),
            );
        }
        whole
    }

    fn repeat(
        &mut self,
        piece: &Piece,
        (least, most): (u32, Option<u32>),
        is_reluctant: bool,
        before: Before,
    ) -> Result<Fragment, String> {
        let (Before::Something(joint) | Before::Nothing(joint)) = before;
        let id = self.greedy.len();
        self.greedy.push(!is_reluctant);
        // Flink's rule of a greedy loop: it is left only where it can take nothing more. In a
        // pattern of spaces it gives back instead, as in SQL, and a lone name is no loop.
        let is_loop = most != Some(1) && most != Some(least);
        let forbidden = match piece {
            Piece::Name(name) if is_loop && !is_reluctant && !self.is_strict => vec![*name],
            _ => Vec::new(),
        };
        let leaving = Guard { forbidden, ..Guard::default() };
        let copies = most.unwrap_or(least.max(1));
        let mut least = least;
        let mut whole = Fragment::default();
        if least == 0 {
            whole.empty.push((leaving.clone(), vec![Choice::Leave(id)]));
        }
        // The ends of the copy that the next one follows.
        let mut open: Vec<Exit> = Vec::new();
        for number in 1..=copies {
            let mut copy = self.piece(piece, before)?;
            for entry in &mut copy.first {
                entry.choices.insert(0, Choice::GoOn(id));
            }
            if let Some((guard, _)) = copy.empty.into_iter().next() {
                // A time that takes nothing may as well not be there.
                least = 0;
                if whole.empty.is_empty() {
                    whole.empty.push((guard, vec![Choice::Leave(id)]));
                }
            }
            self.link(&open, &copy.first, joint);
            if number == copies && most.is_none() {
                self.link(&copy.last, &copy.first, joint);
            }
            if number == 1 {
                whole.first = copy.first;
            }
            if number >= least {
                whole.last.extend(copy.last.iter().map(|exit| Exit {
                    place: exit.place,
                    guard: exit.guard.and(&leaving),
                    choices: [&exit.choices[..], &[Choice::Leave(id)]].concat(),
                }));
            }
            open = copy.last;
        }
        Ok(whole)
    }

    /// Edges from each of these ways out to each of these ways in.
    fn link(&mut self, exits: &[Exit], entries: &[Entry], joint: Joint) {
        for exit in exits {
            for entry in entries {
                let edge = Edge {
                    to: Target::Place(entry.place),
                    is_strict: entry.joint.unwrap_or(joint) == Joint::Strict,
                    guard: exit.guard.and(&entry.guard),
                    choices: vec![[&exit.choices[..], &entry.choices].concat()],
                };
                self.edges.push((exit.place, edge));
            }
        }
    }
}
