//! The language of patterns once more, by trying: every way through a pattern is written out, and tried from every
//! record. It shares with the real matcher what a pattern's text is read into, and nothing else.

use std::collections::HashSet;

use super::super::pattern::{Joint, Piece};
use super::super::{Pattern, Skip};

/// The rows that were taken, each with its name.
pub type Taken = Vec<(usize, usize)>;

/// A record: its time and what the names' definitions look at.
pub type Row = (i64, char);

/// What came of a beginning: the rows taken, each with its name, when that ended, and whether the time was over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    pub taken: Taken,
    pub end: i64,
    pub is_timeout: bool,
}

/// What must not come before the next record is taken.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
struct Guard {
    not: Vec<usize>,
    not_next: Vec<usize>,
    forbidden: Vec<usize>,
    is_absence: bool,
}

impl Guard {
    fn and(mut self, other: &Guard) -> Guard {
        self.not.extend(&other.not);
        self.not_next.extend(&other.not_next);
        self.forbidden.extend(&other.forbidden);
        self.is_absence |= other.is_absence;
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: usize,
    joint: Option<Joint>,
    guard: Guard,
}

/// Where two ways part: by taking what stands first, or by going on in a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Either(usize),
    Greedy(bool),
    Reluctant(bool),
}

/// A way through a pattern, or as much of it as there are records for.
#[derive(Clone, Default, Debug)]
struct Way {
    steps: Vec<Step>,
    tail: Guard,
    choices: Vec<Choice>,
    is_cut: bool,
}

/// More ways than this are not tried.
const MOST_WAYS: usize = 3000;

struct Writer {
    is_strict: bool,
    most_steps: usize,
}

impl Writer {
    /// All ways through a piece in order of preference; none if they are too many.
    fn ways(&self, piece: &Piece, joint: Joint, is_first: bool) -> Option<Vec<Way>> {
        let ways = match piece {
            Piece::Name(name) => {
                let step = Step { name: *name, joint: None, guard: Guard::default() };
                vec![Way { steps: vec![step], ..Way::default() }]
            }
            Piece::Not(_) => unreachable!("it stands in a sequence"),
            Piece::Either(pieces) => {
                let mut either = Vec::new();
                for (index, piece) in pieces.iter().enumerate() {
                    for way in self.ways(piece, joint, is_first)? {
                        either.push(Way { choices: [&[Choice::Either(index)][..], &way.choices].concat(), ..way });
                    }
                }
                either
            }
            Piece::Sequence(elements) => self.sequence(elements, joint, is_first)?,
            Piece::Repeat { piece, least, most, is_reluctant } => {
                let (copies, nothing): (Vec<Way>, Vec<Way>) =
                    self.ways(piece, joint, is_first)?.into_iter().partition(|way| !way.steps.is_empty());
                let mut forbidden = Vec::new();
                if let Piece::Name(name) = **piece
                    && !is_reluctant
                    && !self.is_strict
                    && *most != Some(1)
                    && *most != Some(*least)
                {
                    forbidden.push(name);
                }
                let leaving = Guard { forbidden, ..Guard::default() };
                // A time that takes nothing may as well not be there.
                let (nothing, least) = match nothing.into_iter().next() {
                    Some(nothing) if *least > 0 => (nothing.tail, 0),
                    _ => (leaving.clone(), *least),
                };
                let is_reluctant = *is_reluctant;
                let of = Loop { copies, least, most: *most, is_reluctant, joint, leaving, nothing };
                let mut all = Vec::new();
                self.repeat(&of, 0, Way::default(), &mut all)?;
                all
            }
        };
        (ways.len() <= MOST_WAYS).then_some(ways)
    }

    fn sequence(&self, elements: &[(Joint, Piece)], before: Joint, is_first: bool) -> Option<Vec<Way>> {
        // With each way where the steps of its last element begin, if that is a loop.
        let mut ways = vec![(Way::default(), usize::MAX)];
        for (index, (joint, piece)) in elements.iter().enumerate() {
            let mut longer = Vec::new();
            if let Piece::Not(name) = piece {
                let is_absence = index + 1 == elements.len();
                let guard = match joint {
                    Joint::Strict => Guard { not_next: vec![*name], is_absence, ..Guard::default() },
                    Joint::Relaxed => Guard { not: vec![*name], is_absence, ..Guard::default() },
                };
                for (mut way, since) in ways {
                    if !is_absence && *joint == Joint::Relaxed {
                        way.steps.iter_mut().skip(since.saturating_add(1)).for_each(|step| {
                            step.guard = std::mem::take(&mut step.guard).and(&guard);
                        });
                    }
                    way.tail = way.tail.and(&guard);
                    longer.push((way, since));
                }
            } else {
                let inner = match (index, is_first) {
                    (0, true) => elements.get(1).map_or(before, |(joint, _)| *joint),
                    (0, false) => before,
                    _ => *joint,
                };
                let is_loop = matches!(piece, Piece::Repeat { most, .. } if *most != Some(1));
                let nexts = self.ways(piece, inner, is_first && index == 0)?;
                for (way, _) in &ways {
                    let since = if is_loop { way.steps.len() } else { usize::MAX };
                    for next in &nexts {
                        longer.push((self.behind(way, next, (index > 0).then_some(*joint)), since));
                    }
                }
            }
            if longer.len() > MOST_WAYS {
                return None;
            }
            ways = longer;
        }
        Some(ways.into_iter().map(|(way, _)| way).collect())
    }

    fn repeat(&self, of: &Loop, times: u32, so_far: Way, all: &mut Vec<Way>) -> Option<()> {
        let can_leave = times >= of.least;
        let may_go_on = of.most.is_none_or(|most| times < most);
        let choice = |goes_on| if of.is_reluctant { Choice::Reluctant(goes_on) } else { Choice::Greedy(goes_on) };
        let chosen = |way: &Way, goes_on: bool| {
            let mut way = way.clone();
            if may_go_on && can_leave {
                way.choices.push(choice(goes_on));
            }
            way
        };
        if so_far.is_cut || all.len() > MOST_WAYS {
            all.push(so_far);
            return (all.len() <= MOST_WAYS).then_some(());
        }
        if may_go_on {
            for copy in &of.copies {
                let joint = (!so_far.steps.is_empty()).then_some(of.joint);
                self.repeat(of, times + 1, self.behind(&chosen(&so_far, true), copy, joint), all)?;
            }
        }
        if can_leave {
            let mut left = chosen(&so_far, false);
            left.tail = left.tail.and(if times == 0 { &of.nothing } else { &of.leaving });
            all.push(left);
        }
        Some(())
    }

    fn behind(&self, way: &Way, next: &Way, joint: Option<Joint>) -> Way {
        let mut whole = way.clone();
        if whole.is_cut {
            return whole;
        }
        whole.choices.extend(&next.choices);
        match next.steps.split_first() {
            None => whole.tail = whole.tail.and(&next.tail),
            Some((first, rest)) => {
                let guard = std::mem::take(&mut whole.tail).and(&first.guard);
                whole.steps.push(Step { name: first.name, joint: first.joint.or(joint), guard });
                whole.steps.extend_from_slice(rest);
                whole.tail = next.tail.clone();
            }
        }
        whole.is_cut = next.is_cut || whole.steps.len() > self.most_steps;
        whole.steps.truncate(self.most_steps + 1);
        whole
    }
}

struct Loop {
    copies: Vec<Way>,
    least: u32,
    most: Option<u32>,
    is_reluctant: bool,
    joint: Joint,
    /// What must not come once it is left, and if it took nothing.
    leaving: Guard,
    nothing: Guard,
}

/// What a way comes to.
enum Outcome {
    Complete(i64),
    /// The time was over before something could come.
    Open,
    Dead,
}

/// Whether a row fits a name, behind what was taken.
pub type Fits<'a> = dyn Fn(usize, Row, &[(usize, usize)]) -> bool + 'a;

/// The matches of a key's rows, which are in order, and what was not finished in time. None if there are too many
/// ways to try. `fits` says whether a row is of a name, behind the rows that were taken.
pub fn answers(
    pattern: &Pattern,
    rows: &[Row],
    within: Option<i64>,
    skip: Option<Skip>,
    fits: &Fits<'_>,
) -> Option<Vec<Answer>> {
    let is_strict = !pattern.has_relaxed;
    let ways = Writer { is_strict, most_steps: rows.len() }.ways(&pattern.piece, Joint::Strict, true)?;
    let (mut answers, mut from) = (Vec::new(), 0);
    for start in 0..rows.len() {
        if start < from {
            continue;
        }
        let over = within.map_or(i64::MAX, |within| rows[start].0 + within);
        let (mut complete, mut absent, mut open) = (Vec::<(usize, Taken, i64)>::new(), Vec::new(), Vec::new());
        for (order, way) in ways.iter().enumerate() {
            let (taken, outcome) = run(way, rows, start, over, fits);
            match outcome {
                Outcome::Complete(_) if way.tail.is_absence => absent.push((order, taken, over)),
                Outcome::Complete(end) => complete.push((order, taken, end)),
                Outcome::Open => open.push((order, taken, over)),
                Outcome::Dead => {}
            }
        }
        complete.sort_by_key(|(order, taken, _)| (taken[taken.len() - 1].0, *order));
        let is_told = within.is_some() && (skip.is_none() || complete.is_empty());
        let mut matches: Vec<(usize, Taken, i64)> = complete;
        matches.extend(absent.iter().cloned());
        let mut absent: HashSet<_> = absent.into_iter().map(|(_, taken, _)| taken).collect();
        for (_, taken, end) in open {
            if is_told && absent.insert(taken.clone()) {
                answers.push(Answer { taken, end, is_timeout: true });
            }
        }
        let Some(skip) = skip else {
            let mut seen = HashSet::new();
            matches.retain(|(_, taken, end)| seen.insert((taken.clone(), *end)));
            answers.extend(matches.into_iter().map(|(_, taken, end)| Answer { taken, end, is_timeout: false }));
            continue;
        };
        let Some(best) =
            matches.iter().reduce(|best, way| if is_better(&ways, way.0, best.0, is_strict) { way } else { best })
        else {
            continue;
        };
        let (_, taken, end) = best.clone();
        let of_name = |name: usize| taken.iter().filter(move |(_, of)| *of == name).map(|(row, _)| *row);
        from = match skip {
            Skip::PastLast => taken[taken.len() - 1].0 + 1,
            Skip::Next => 0,
            Skip::First(name) => of_name(name).next().unwrap_or(0),
            Skip::Last(name) => of_name(name).next_back().unwrap_or(0),
        };
        answers.push(Answer { taken, end, is_timeout: false });
    }
    Some(answers)
}

/// Whether a way that ends later is better.
fn is_better(ways: &[Way], later: usize, best: usize, is_strict: bool) -> bool {
    let parting = ways[later].choices.iter().zip(&ways[best].choices).find(|(later, best)| later != best);
    is_strict && later < best && !matches!(parting, Some((Choice::Reluctant(_), _)))
}

fn run(way: &Way, rows: &[Row], start: usize, over: i64, fits: &Fits<'_>) -> (Taken, Outcome) {
    let mut taken: Taken = Vec::new();
    for (row, (time, _)) in rows.iter().copied().enumerate().skip(start) {
        if time >= over {
            break;
        }
        let is = |name: &usize| fits(*name, rows[row], &taken);
        let step = way.steps.get(taken.len());
        let guard = step.map_or(&way.tail, |step| &step.guard);
        let is_fresh = taken.last().is_some_and(|(last, _)| last + 1 == row);
        if guard.forbidden.iter().any(is) {
            return (taken, Outcome::Dead);
        }
        if step.is_some_and(|step| is(&step.name)) {
            taken.push((row, step.map_or(0, |step| step.name)));
            if taken.len() == way.steps.len() && !way.is_cut && !way.tail.is_absence {
                return (taken, Outcome::Complete(time));
            }
            continue;
        }
        let is_strict = step.is_some_and(|step| step.joint == Some(Joint::Strict)) || row == start;
        if is_strict || guard.not.iter().any(is) || (is_fresh && guard.not_next.iter().any(is)) {
            return (taken, Outcome::Dead);
        }
    }
    let is_complete = taken.len() == way.steps.len() && !way.is_cut;
    (taken, if is_complete { Outcome::Complete(over) } else { Outcome::Open })
}
