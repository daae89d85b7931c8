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

mod preference;

use std::collections::VecDeque;

use crate::event::EventTime;
use crate::op::sequence::automaton::{Automaton, Edge, Guard, Target};
use crate::op::sequence::buffer::{Buffer, Link, LinkId, RecordId, Taken};
use crate::op::sequence::define::Definition;
use crate::op::sequence::fits::Fits;
use crate::op::waiting::Place;

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
    /// The number of its first record, in order of arrival.
    pub number: u64,
    /// The ways that are open.
    pub ways: Vec<Way>,
    /// The match that comes out unless a better one comes: its last link, and when it ended.
    pub best: Option<(LinkId, EventTime)>,
}

impl Run {
    /// The turn of its first record among all records.
    pub fn place(&self) -> Place {
        (self.start, self.number)
    }
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

/// A record whose turn it is: those of a key come in the order of their places.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'r> {
    /// When it happened, and its number in order of arrival.
    pub place: Place,
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
        let Arrival { place: (time, number), bytes } = self.arrival;
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
        let (time, number) = arrival.place;
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
        let place = |link: Link| self.buffer.record(link.record).place();
        let of_name = |name: usize| {
            let is_it = |link: &Link| self.rules.automaton.places[link.place as usize] == name;
            let mut places = self.buffer.chain(last).filter(is_it).map(place);
            let last = places.next();
            (places.last().or(last), last)
        };
        let next = match self.rules.skip {
            Some(Skip::PastLast) => {
                let (time, number) = place(self.buffer.link(last));
                Some((time, number + 1))
            }
            Some(Skip::First(name)) => of_name(name).0,
            Some(Skip::Last(name)) => of_name(name).1,
            Some(Skip::Next) | None => None,
        };
        let Some(next) = next else { return };
        while runs.front().is_some_and(|run| run.place() < next)
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
