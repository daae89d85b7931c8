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

use super::automaton::{Automaton, Edge, Guard, Target};
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

/// A record that comes.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'r> {
    /// When it happened.
    pub time: EventTime,
    /// Its number among all records, in order of time.
    pub number: u64,
    /// The record.
    pub bytes: &'r [u8],
}

/// Finds matches.
pub struct Matcher {
    /// What is looked for.
    pub rules: Rules,
    /// What the open ways have taken.
    pub buffer: Buffer,
    fits: Fits,
    /// Room for the ways of a beginning before the record that comes.
    before: Vec<Way>,
    /// The links at which a match is complete with it.
    complete: Vec<LinkId>,
}

/// A record while it is looked at: it is kept once some way takes it.
struct Current<'r> {
    arrival: Arrival<'r>,
    kept: Option<RecordId>,
}

impl Current<'_> {
    fn keep(&mut self, buffer: &mut Buffer) -> RecordId {
        let Arrival { time, number, bytes } = self.arrival;
        *self.kept.get_or_insert_with(|| buffer.add_record(Taken { time, number, bytes: bytes.into() }))
    }
}

impl Matcher {
    /// Looks for this.
    pub fn new(rules: Rules) -> Matcher {
        let fits = Fits::new(rules.definitions.len());
        Matcher { rules, buffer: Buffer::default(), fits, before: Vec::new(), complete: Vec::new() }
    }

    /// Takes the next record of a key. The error is what a definition said of it: it then counts as
    /// none that fits.
    pub fn record(&mut self, runs: &mut Runs, arrival: Arrival<'_>, found: &mut Vec<Found>) -> Result<(), String> {
        let Arrival { time, number, .. } = arrival;
        self.expire(runs, time, found);
        self.fits.next_record();
        let mut record = Current { arrival, kept: None };
        for run in runs.iter_mut() {
            std::mem::swap(&mut self.before, &mut run.ways);
            for at in 0..self.before.len() {
                self.go_on(self.before[at], &mut record, &mut run.ways);
            }
            self.before.clear();
            self.settle(run, time, found);
        }
        let mut run = Run { start: time, number, ways: Vec::new(), best: None };
        self.go_on(Way { last: LinkId::MAX, open: u64::MAX, is_fresh: true }, &mut record, &mut run.ways);
        self.settle(&mut run, time, found);
        if !run.ways.is_empty() || run.best.is_some() {
            runs.push_back(run);
        }
        if let Some(kept) = record.kept {
            self.buffer.release_record(kept);
        }
        self.give_ready(runs, found);
        runs.retain(|run| !run.ways.is_empty() || run.best.is_some());
        self.fits.error.take().map_or(Ok(()), Err)
    }

    /// Takes a record on a way: the ways that come of it, in order of preference, and links at
    /// which a match is complete.
    fn go_on(&mut self, way: Way, record: &mut Current<'_>, ways: &mut Vec<Way>) {
        let Matcher { rules: Rules { automaton, definitions, .. }, buffer, fits, complete, .. } = self;
        let before = (way.last != LinkId::MAX).then_some(way.last);
        let place = before.map_or(automaton.start(), |last| buffer.link(last).place as usize);
        fits.next_way();
        let mut still_open = 0_u64;
        for (index, edge) in automaton.edges(place).iter().enumerate() {
            let bit = 1 << index;
            if way.open & bit == 0 || edge.to == Target::End {
                continue;
            }
            let mut is = |name| fits.fits(name, definitions, record.arrival.bytes, before, buffer, &automaton.places);
            let Guard { not, not_next, forbidden, .. } = &edge.guard;
            if forbidden.iter().any(|name| is(*name)) {
                continue;
            }
            if let Target::Place(next) = edge.to
                && is(automaton.places[next])
            {
                let record = record.keep(buffer);
                let last = buffer.add_link(Link { before, record, place: next as u32 });
                let mut open = 0;
                for (index, edge) in automaton.edges(next).iter().enumerate() {
                    match edge.to {
                        Target::End => {
                            buffer.hold(last);
                            complete.push(last);
                        }
                        _ => open |= 1 << index,
                    }
                }
                keep(Way { last, open, is_fresh: true }, buffer, ways);
                continue;
            }
            let mut any = |names: &[usize]| names.iter().any(|name| is(*name));
            let is_dead = any(not) || (way.is_fresh && any(not_next)) || edge.is_strict || before.is_none();
            if !is_dead {
                still_open |= bit;
            }
        }
        if before.is_some() {
            keep(Way { open: still_open, is_fresh: false, ..way }, buffer, ways);
        }
    }

    /// Decides about matches that are complete with a record.
    fn settle(&mut self, run: &mut Run, end: EventTime, found: &mut Vec<Found>) {
        if self.complete.is_empty() {
            return;
        }
        if self.rules.skip.is_none() {
            let complete = self.complete.drain(..).collect();
            let complete = self.without_repeats(complete);
            found.extend(complete.into_iter().map(|last| Found { last, start: run.start, end, is_timeout: false }));
            return;
        }
        for at in 0..self.complete.len() {
            let last = self.complete[at];
            let is_better = match run.best {
                None => true,
                Some((best, _)) => self.is_better(last, best),
            };
            let worse = if is_better { run.best.replace((last, end)).map(|(best, _)| best) } else { Some(last) };
            if let Some(worse) = worse {
                self.buffer.release(worse);
            }
        }
        self.complete.clear();
        let Some((best, _)) = run.best else { return };
        for way in std::mem::take(&mut run.ways) {
            let open = if self.rules.automaton.is_strict { self.can_beat(way, best) } else { 0 };
            keep(Way { open, ..way }, &mut self.buffer, &mut run.ways);
        }
    }

    /// Where two ways part: the place, and where each goes from there, unless it
    /// is its last one. What both have taken is one chain, so that this costs what came since.
    fn parting(&self, one: LinkId, other: LinkId) -> (usize, Option<usize>, Option<usize>) {
        let number = |id: LinkId| self.buffer.record(self.buffer.link(id).record).number;
        let back = |at: &mut Option<LinkId>, places: &mut Vec<usize>| {
            if let Some(link) = at.map(|id| self.buffer.link(id)) {
                places.push(link.place as usize);
                *at = link.before;
            }
        };
        let (mut one, mut other) = (Some(one), Some(other));
        let (mut of_one, mut of_other) = (Vec::new(), Vec::new());
        while one != other {
            let (newest_of_one, newest_of_other) = (one.map(number), other.map(number));
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
    fn is_better(&self, new: LinkId, best: LinkId) -> bool {
        let number = |id: LinkId| self.buffer.record(self.buffer.link(id).record).number;
        let end_together = number(new) == number(best);
        if end_together {
            return self.is_preferred(new, best);
        }
        let automaton = &self.rules.automaton;
        let (place, new, best) = self.parting(new, best);
        let (new, best) = (self.edge(place, new), self.edge(place, best));
        automaton.is_strict && new < best && automaton.waits_for(place, new, best)
    }

    /// Whether of two ways that are complete together the first one is preferred.
    fn is_preferred(&self, new: LinkId, best: LinkId) -> bool {
        let (place, new, best) = self.parting(new, best);
        self.edge(place, new) < self.edge(place, best)
    }

    /// The edges of a way by which it can still become better than a match.
    fn can_beat(&self, way: Way, best: LinkId) -> u64 {
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
    }

    /// No more records will come.
    pub fn finish(&mut self, runs: &mut Runs, found: &mut Vec<Found>) {
        match self.rules.within_ms {
            Some(_) => self.expire(runs, EventTime::MAX, found),
            None => {
                for run in runs.iter_mut() {
                    run.ways.drain(..).for_each(|way| self.buffer.release(way.last));
                }
                self.give_ready(runs, found);
            }
        }
    }

    /// Beginnings whose time is over, one after the other: a match takes away those that it passes
    /// over before their time is.
    fn expire(&mut self, runs: &mut Runs, time: EventTime, found: &mut Vec<Found>) {
        let Some(within_ms) = self.rules.within_ms else { return };
        let over = |run: &Run| run.start.saturating_add(within_ms);
        while let Some(run) = runs.front_mut().filter(|run| over(run) <= time) {
            let end = over(run);
            self.time_out(run, end, found);
            self.give_ready(runs, found);
        }
    }

    /// A beginning's time is over: absences are matches, all else was not finished in time.
    fn time_out(&mut self, run: &mut Run, end: EventTime, found: &mut Vec<Found>) {
        let was_complete = run.best.is_some();
        let (mut told, mut absences) = (Vec::new(), Vec::new());
        for way in run.ways.drain(..) {
            let edges = self.rules.automaton.edges(self.buffer.link(way.last).place as usize);
            let is_absence = |(index, edge): (usize, &Edge)| edge.to == Target::Absence && way.open & (1 << index) != 0;
            if edges.iter().enumerate().any(is_absence) { absences.push(way.last) } else { told.push(way.last) }
        }
        let is_told = self.rules.finds_timeouts && (self.rules.skip.is_none() || !was_complete);
        for last in self.without_repeats([&absences[..], &told].concat()) {
            let is_timeout = !absences.contains(&last);
            if is_timeout && is_told || !is_timeout && self.rules.skip.is_none() {
                found.push(Found { last, start: run.start, end, is_timeout });
            } else if !is_timeout && !was_complete && run.best.is_none_or(|(best, _)| self.is_preferred(last, best)) {
                if let Some((worse, _)) = run.best.replace((last, end)) {
                    self.buffer.release(worse);
                }
            } else {
                self.buffer.release(last);
            }
        }
    }
}

/// Keeps a way that may still go on.
fn keep(way: Way, buffer: &mut Buffer, ways: &mut Vec<Way>) {
    if way.open == 0 {
        buffer.release(way.last);
    } else {
        ways.push(way);
    }
}

/// What is known of the record that comes: which names it is.
struct Fits {
    /// Of names whose definitions look at the record alone.
    of_record: Vec<Option<bool>>,
    /// Of the others, for the way that is looked at.
    of_way: Vec<Option<bool>>,
    /// Whether anything is known of the others.
    is_of_way: bool,
    /// What a definition said that failed.
    error: Option<String>,
}

impl Fits {
    fn new(names: usize) -> Fits {
        Fits { of_record: vec![None; names], of_way: vec![None; names], is_of_way: false, error: None }
    }

    /// Nothing is known of the next record.
    fn next_record(&mut self) {
        self.of_record.fill(None);
    }

    /// The record is looked at behind other ones.
    fn next_way(&mut self) {
        if std::mem::take(&mut self.is_of_way) {
            self.of_way.fill(None);
        }
    }

    fn fits(
        &mut self,
        name: usize,
        definitions: &mut [Definition],
        record: &[u8],
        before: Option<LinkId>,
        buffer: &Buffer,
        name_of: &[usize],
    ) -> bool {
        let looks_back = definitions[name].looks_back();
        self.is_of_way |= looks_back;
        let known = if looks_back { &mut self.of_way } else { &mut self.of_record };
        *known[name].get_or_insert_with(|| {
            definitions[name].fits(record, before, buffer, name_of).unwrap_or_else(|error| {
                self.error.get_or_insert(error);
                false
            })
        })
    }
}
