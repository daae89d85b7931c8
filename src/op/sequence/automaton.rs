//! A pattern as an automaton: a place for each record that a match can take, and from each place
//! edges to those that can be next.
//!
//! Places are those of Glushkov's construction: an element that is there once is one place, a loop
//! of at least n is n of them. So a way through the pattern is the places that it has been at, one
//! a record.

use super::pattern::{Joint, Pattern, Piece};

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

/// A way into a fragment.
#[derive(Clone)]
struct Entry {
    place: usize,
    /// What joins it to what comes before, once that is known.
    joint: Option<Joint>,
    guard: Guard,
    choices: Vec<Choice>,
}

/// A way out of one.
#[derive(Clone)]
struct Exit {
    place: usize,
    guard: Guard,
    choices: Vec<Choice>,
}

/// A part of the automaton.
#[derive(Clone, Default)]
struct Fragment {
    first: Vec<Entry>,
    last: Vec<Exit>,
    /// The ways in which it may take no record: what holds then.
    empty: Vec<(Guard, Vec<Choice>)>,
}

/// What stands before a piece, and so how the times of a loop are joined.
#[derive(Clone, Copy)]
enum Before {
    /// Something, joined so: the times of a loop are joined as it is.
    Something(Joint),
    /// Nothing, the piece being the pattern's first: then what comes behind is joined so.
    Nothing(Joint),
}

struct Builder {
    places: Vec<usize>,
    edges: Vec<(usize, Edge)>,
    greedy: Vec<bool>,
    is_strict: bool,
}

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

impl Builder {
    fn piece(&mut self, piece: &Piece, before: Before) -> Result<Fragment, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn automaton(text: &str) -> Result<Automaton, String> {
        Automaton::new(&Pattern::parse(text).unwrap())
    }

    /// Where the edges of each place lead, the beginning last.
    fn edges(text: &str) -> Vec<String> {
        let automaton = automaton(text).unwrap();
        let show = |edge: &Edge| {
            let joint = if edge.is_strict { "" } else { ">" };
            match edge.to {
                Target::Place(place) => format!("{joint}{place}"),
                Target::End => "end".to_owned(),
                Target::Absence => "absence".to_owned(),
            }
        };
        (0..=automaton.start())
            .map(|place| automaton.edges(place).iter().map(show).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn places_and_edges() {
        assert_eq!(edges("a b"), ["1", "end", "0"]);
        assert_eq!(edges("a -> b+ -> c"), [">1", ">1 >2", "end", "0"]);
        assert_eq!(edges("a b? -> c"), ["1 >2", ">2", "end", "0"]);
        assert_eq!(edges("a{3,} -> b"), [">1", ">2", ">2 >3", "end", "0"]);
        assert_eq!(edges("a{1,2}"), ["1 end", "end", "0"]);
        assert_eq!(edges("(a -> b)+ c"), [">1", "0 2", "end", "0"]);
        assert_eq!(edges("a -> (b c)+ -> d"), [">1", "2", ">1 >3", "end", "0"]);
        assert_eq!(edges("a* b"), ["0 1", "end", "0 1"]);
        assert_eq!(edges("a -> !x"), ["absence", "0"]);
        assert_eq!(edges("a (b|c) d"), ["1 2", "3", "3", "end", "0"]);
    }

    #[test]
    fn guards_of_what_must_not_come() {
        let between = automaton("a -> !x -> b").unwrap();
        assert_eq!(between.edges(0)[0].guard.not, [1]);
        let after_a_loop = automaton("b+ -> !x -> c").unwrap();
        assert_eq!(after_a_loop.edges(0).iter().map(|edge| edge.guard.not.len()).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(after_a_loop.edges(0)[1].guard.forbidden, [0], "a greedy loop is left where it can take no more");
        assert!(automaton("a b+ c").unwrap().edges(1)[1].guard.forbidden.is_empty(), "but gives back between spaces");
        assert_eq!(automaton("a !x -> b").unwrap().edges(0)[0].guard.not_next, [1]);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (text, reason) in [("a*", "no record at all"), ("a | b !x | c", "behind ->"), ("(a?){2}", "no record")] {
            assert!(automaton(text).unwrap_err().contains(reason), "{text}");
        }
    }

    #[test]
    fn names_that_may_be_lacking() {
        let optional = automaton("a b? c").unwrap();
        assert!(optional.can_lack(1) && !optional.can_lack(0) && !optional.can_lack(2));
        assert!(optional.can_begin_with(0) && !optional.can_begin_with(1));
    }
}
