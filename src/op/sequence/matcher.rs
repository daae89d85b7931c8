//! The ways in which a key's records can match, one record after the other.
//!
//! Every record may begin a match: a [`Run`]. In it are the ways that are open, each what it has
//! taken so far and the edges that it may still go by. They stand in the order of preference of
//! ways that end together: one that took a record before one that left the loop.
//!
//! Which match comes out for a beginning, unless all do:
//!
//! - with a `->` in the pattern the way that ends first, and a greedy loop is left only where it can
//!   take nothing more (Flink's CEP);
//! - in a pattern of spaces alone a greedy loop that takes more is better however much later the
//!   match ends, and gives back where it must (SQL:2016); else the way that ends first.
//!
//! Matches come out in the order of their beginnings: one waits while an earlier beginning is open.

use std::collections::VecDeque;

use super::automaton::{Automaton, Guard, Target};
use super::buffer::{Buffer, Link, LinkId, RecordId, Taken};
use super::define::Definition;
use crate::event::EventTime;

/// Where the next match may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Behind the last record of the one before.
    PastLast,
    /// At the record behind its first one.
    Next,
    /// At the first record of this name.
    First(usize),
    /// At the last record of this name.
    Last(usize),
}

/// What is matched, and how.
pub struct Rules {
    /// The pattern.
    pub automaton: Automaton,
    /// What its names mean.
    pub definitions: Vec<Definition>,
    /// From the first record to the last less than so long, in ms.
    pub within_ms: Option<i64>,
    /// Which matches come out; every way without it.
    pub skip: Option<Skip>,
    /// Whether ways that are not finished in time are found too.
    pub finds_timeouts: bool,
}

/// A beginning, and the ways from there.
#[derive(Debug)]
pub struct Run {
    /// When it began.
    pub start: EventTime,
    /// The number of its first record.
    pub number: u64,
    /// The ways that are open.
    pub ways: Vec<Way>,
    /// The match that comes out unless a better one comes: its last link, and when it ended.
    pub best: Option<(LinkId, EventTime)>,
}

/// A way that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// What it took last.
    pub last: LinkId,
    /// The edges that it may still go by, a bit each.
    pub open: u64,
    /// Whether no record has come since.
    pub is_fresh: bool,
}

/// A key's beginnings, in order.
pub type Runs = VecDeque<Run>;

/// What was found. Whoever gets it has to release the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The last record that was taken.
    pub last: LinkId,
    /// The time of the first.
    pub start: EventTime,
    /// The time of the last; of an absence and a timeout when the time was over.
    pub end: EventTime,
    /// Whether it is no match, but what the time was over for.
    pub is_timeout: bool,
}

/// Finds matches.
pub struct Matcher {
    /// What is looked for.
    pub rules: Rules,
    /// What the open ways have taken.
    pub buffer: Buffer,
}

impl Matcher {
    /// Takes the next record of a key. The error is what a definition said of it: it then counts as
    /// none that fits.
    pub fn record(&mut self, runs: &mut Runs, taken: Taken, found: &mut Vec<Found>) -> Result<(), String> {
        let (time, number) = (taken.time, taken.number);
        self.expire(runs, time, found);
        let record = self.buffer.add_record(taken);
        let mut fits = Fits::new(self.rules.definitions.len());
        for run in runs.iter_mut() {
            let ways = std::mem::take(&mut run.ways);
            let mut complete = Vec::new();
            for way in ways {
                self.go_on(way, record, &mut fits, &mut run.ways, &mut complete);
            }
            self.settle(run, complete, time, found);
        }
        let mut run = Run { start: time, number, ways: Vec::new(), best: None };
        let mut complete = Vec::new();
        let begin = Way { last: LinkId::MAX, open: u64::MAX, is_fresh: true };
        self.go_on(begin, record, &mut fits, &mut run.ways, &mut complete);
        self.settle(&mut run, complete, time, found);
        if !run.ways.is_empty() || run.best.is_some() {
            runs.push_back(run);
        }
        self.buffer.release_record(record);
        self.give_ready(runs, found);
        fits.error.map_or(Ok(()), Err)
    }

    /// Takes a record on a way: the ways that come of it, in order of preference, and links at
    /// which a match is complete.
    fn go_on(&mut self, way: Way, record: RecordId, fits: &mut Fits, ways: &mut Vec<Way>, complete: &mut Vec<LinkId>) {
        let Rules { automaton, definitions, .. } = &mut self.rules;
        let before = (way.last != LinkId::MAX).then_some(way.last);
        let place = before.map_or(automaton.start(), |last| self.buffer.link(last).place as usize);
        fits.of_way = None;
        let mut fit = |name: usize| fits.fits(name, definitions, record, before, &self.buffer, &automaton.places);
        let mut any = |names: &[usize]| names.iter().any(|name| fit(*name));
        let (mut still_open, mut taken) = (0_u64, Vec::new());
        for (index, edge) in automaton.edges(place).iter().enumerate() {
            let bit = 1 << index;
            if way.open & bit == 0 || edge.to == Target::End || any(&edge.guard.forbidden) {
                continue;
            }
            if let Target::Place(next) = edge.to
                && any(&[automaton.places[next]])
            {
                taken.push(next);
                continue;
            }
            let Guard { not, not_next, .. } = &edge.guard;
            let is_dead = any(not) || (way.is_fresh && any(not_next)) || edge.is_strict || before.is_none();
            if !is_dead {
                still_open |= bit;
            }
        }
        for next in taken {
            let last = self.buffer.add_link(Link { before, record, place: next as u32 });
            let mut open = 0;
            for (index, edge) in self.rules.automaton.edges(next).iter().enumerate() {
                match edge.to {
                    Target::End => {
                        self.buffer.hold(last);
                        complete.push(last);
                    }
                    _ => open |= 1 << index,
                }
            }
            self.push(Way { last, open, is_fresh: true }, ways);
        }
        if before.is_some() {
            self.push(Way { open: still_open, is_fresh: false, ..way }, ways);
        }
    }

    /// Keeps a way that may still go on.
    fn push(&mut self, way: Way, ways: &mut Vec<Way>) {
        if way.open == 0 {
            self.buffer.release(way.last);
        } else {
            ways.push(way);
        }
    }

    /// Decides about matches that are complete with a record.
    fn settle(&mut self, run: &mut Run, complete: Vec<LinkId>, time: EventTime, found: &mut Vec<Found>) {
        if complete.is_empty() {
            return;
        }
        let end = time;
        if self.rules.skip.is_none() {
            let complete = self.without_repeats(complete);
            found.extend(complete.into_iter().map(|last| Found { last, start: run.start, end, is_timeout: false }));
            return;
        }
        for last in complete {
            let is_better = match run.best {
                None => true,
                Some((best, best_end)) => self.rules.automaton.is_strict && self.is_better(last, best, best_end == end),
            };
            let worse = if is_better { run.best.replace((last, end)).map(|(best, _)| best) } else { Some(last) };
            if let Some(worse) = worse {
                self.buffer.release(worse);
            }
        }
        let Some((best, _)) = run.best else { return };
        for way in std::mem::take(&mut run.ways) {
            let open = if self.rules.automaton.is_strict { self.can_beat(way, best) } else { 0 };
            self.push(Way { open, ..way }, &mut run.ways);
        }
    }

    /// The places of a chain, in order.
    fn places(&self, last: LinkId) -> Vec<usize> {
        let mut places: Vec<usize> = self.buffer.chain(last).map(|link| link.place as usize).collect();
        places.reverse();
        places
    }

    /// Where two ways of a strict pattern part: the place, and the edge by which each goes on.
    fn parting(&self, one: &[usize], other: &[usize]) -> (usize, usize, usize) {
        let automaton = &self.rules.automaton;
        let common = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        let place = common.checked_sub(1).map_or(automaton.start(), |last| one[last]);
        let edge = |way: &[usize]| {
            let to = way.get(common).map_or(Target::End, |next| Target::Place(*next));
            automaton.edges(place).iter().position(|edge| edge.to == to).unwrap_or(usize::MAX)
        };
        (place, edge(one), edge(other))
    }

    /// Whether a match is better than one that was complete before, or together with it.
    fn is_better(&self, new: LinkId, best: LinkId, end_together: bool) -> bool {
        let (place, new, best) = self.parting(&self.places(new), &self.places(best));
        new < best && (end_together || self.rules.automaton.waits_for(place, new, best))
    }

    /// The edges of a way by which it can still become better than a match.
    fn can_beat(&self, way: Way, best: LinkId) -> u64 {
        let automaton = &self.rules.automaton;
        let (own, best) = (self.places(way.last), self.places(best));
        if own != best {
            let (place, own, best) = self.parting(&own, &best);
            let is_better = own < best && automaton.waits_for(place, own, best);
            return if is_better { way.open } else { 0 };
        }
        let place = own.last().copied().unwrap_or(automaton.start());
        let (_, end, _) = self.parting(&own, &best);
        let waits = |edge: usize| edge < end && automaton.waits_for(place, edge, end);
        (0..automaton.edges(place).len()).filter(|edge| waits(*edge)).fold(0, |open, edge| open | 1 << edge) & way.open
    }

    /// Each way once that has taken the same records as another.
    fn without_repeats(&mut self, ways: Vec<LinkId>) -> Vec<LinkId> {
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

    /// Gives the matches for which no earlier beginning is open.
    fn give_ready(&mut self, runs: &mut Runs, found: &mut Vec<Found>) {
        while runs.front().is_some_and(|run| run.ways.is_empty())
            && let Some(run) = runs.pop_front()
        {
            if let Some((last, end)) = run.best {
                found.push(Found { last, start: run.start, end, is_timeout: false });
                self.skip(runs, last);
            }
        }
        runs.retain(|run| !run.ways.is_empty() || run.best.is_some());
    }

    /// Takes away the beginnings that a match passes over.
    fn skip(&mut self, runs: &mut Runs, last: LinkId) {
        let number = |link: Link| self.buffer.record(link.record).number;
        let of_name = |name: usize| {
            let is_it = |link: &Link| self.rules.automaton.places[link.place as usize] == name;
            let mut numbers = self.buffer.chain(last).filter(is_it).map(number);
            let last = numbers.next();
            (numbers.last().or(last), last)
        };
        let next = match self.rules.skip {
            Some(Skip::PastLast) => Some(number(self.buffer.link(last)) + 1),
            Some(Skip::First(name)) => of_name(name).0,
            Some(Skip::Last(name)) => of_name(name).1,
            Some(Skip::Next) | None => None,
        };
        let Some(next) = next else { return };
        while runs.front().is_some_and(|run| run.number < next)
            && let Some(run) = runs.pop_front()
        {
            self.drop_run(run);
        }
    }

    fn drop_run(&mut self, run: Run) {
        let best = run.best.map(|(best, _)| best);
        run.ways.into_iter().map(|way| way.last).chain(best).for_each(|last| self.buffer.release(last));
    }

    /// The time has come so far for a key: what was to end before is over.
    pub fn advance(&mut self, runs: &mut Runs, time: EventTime, found: &mut Vec<Found>) {
        self.expire(runs, time, found);
        self.give_ready(runs, found);
    }

    /// No more records will come.
    pub fn finish(&mut self, runs: &mut Runs, found: &mut Vec<Found>) {
        match self.rules.within_ms {
            Some(_) => self.expire(runs, EventTime::MAX, found),
            None => {
                for run in runs.iter_mut() {
                    run.ways.drain(..).for_each(|way| self.buffer.release(way.last));
                }
            }
        }
        self.give_ready(runs, found);
    }

    fn expire(&mut self, runs: &mut Runs, time: EventTime, found: &mut Vec<Found>) {
        let Some(within_ms) = self.rules.within_ms else { return };
        for run in runs.iter_mut() {
            let end = run.start.saturating_add(within_ms);
            if end > time {
                break;
            }
            if !run.ways.is_empty() {
                self.time_out(run, end, found);
            }
        }
    }

    /// A beginning's time is over: absences are matches, all else was not finished in time.
    fn time_out(&mut self, run: &mut Run, end: EventTime, found: &mut Vec<Found>) {
        let was_complete = run.best.is_some();
        let (mut told, mut absences) = (Vec::new(), Vec::new());
        for way in run.ways.drain(..) {
            let edges = self.rules.automaton.edges(self.buffer.link(way.last).place as usize);
            let is_absence = |(index, edge): (usize, &super::automaton::Edge)| {
                edge.to == Target::Absence && way.open & (1 << index) != 0
            };
            if edges.iter().enumerate().any(is_absence) { absences.push(way.last) } else { told.push(way.last) }
        }
        for last in self.without_repeats(absences) {
            match self.rules.skip {
                None => found.push(Found { last, start: run.start, end, is_timeout: false }),
                Some(_) if run.best.is_none() => run.best = Some((last, end)),
                Some(_) => self.buffer.release(last),
            }
        }
        for last in self.without_repeats(told) {
            if self.rules.finds_timeouts && (self.rules.skip.is_none() || !was_complete) {
                found.push(Found { last, start: run.start, end, is_timeout: true });
            } else {
                self.buffer.release(last);
            }
        }
    }
}

/// What is known of the record that comes: which names it is.
struct Fits {
    /// Of names whose definitions look at the record alone.
    of_record: Vec<Option<bool>>,
    /// Of the others, for the way that is looked at.
    of_way: Option<Vec<Option<bool>>>,
    /// What a definition said that failed.
    error: Option<String>,
}

impl Fits {
    fn new(names: usize) -> Fits {
        Fits { of_record: vec![None; names], of_way: None, error: None }
    }

    fn fits(
        &mut self,
        name: usize,
        definitions: &mut [Definition],
        record: RecordId,
        before: Option<LinkId>,
        buffer: &Buffer,
        name_of: &[usize],
    ) -> bool {
        let looks_back = definitions[name].looks_back();
        let known = match looks_back {
            true => self.of_way.get_or_insert_with(|| vec![None; definitions.len()]),
            false => &mut self.of_record,
        };
        if let Some(known) = known[name] {
            return known;
        }
        let answer = definitions[name].fits(&buffer.record(record).bytes, before, buffer, name_of);
        let fits = answer.unwrap_or_else(|error| {
            self.error.get_or_insert(error.to_string());
            false
        });
        match looks_back {
            true => self.of_way.get_or_insert_with(|| vec![None; definitions.len()])[name] = Some(fits),
            false => self.of_record[name] = Some(fits),
        }
        fits
    }
}
