//! The keys that something is open of, and when their beginnings are over.

use super::matcher::{Run, Runs, Way};
use crate::event::EventTime;
use crate::op::due::Due;
use crate::op::key_table::KeyTable;
use crate::op::waiting::Place;

/// So many deadlines that nothing waits for any more do not matter.
const FEW_DEADLINES: usize = 1024;

/// When a beginning is over, the turn of its first record, and its key.
type Deadline = (EventTime, Place, u32);

/// Keys, each with an index, and what is open of each.
pub struct Keys {
    table: KeyTable,
    /// Of each key, by its index.
    runs: Vec<Runs>,
    /// About how many bytes that takes of each, and of all.
    run_bytes: Vec<u32>,
    all_run_bytes: usize,
    /// Keys that had nothing open when they were looked at: they stay till the batch is over, since
    /// most will soon have again.
    idle: Vec<u32>,
    within_ms: Option<i64>,
    /// When beginnings are over. Beginnings that are gone have theirs as long as they are few.
    deadlines: Due<Deadline>,
    deadline_count: usize,
    most_deadlines: usize,
}

impl Keys {
    /// No keys; beginnings are over after so many ms, or never.
    pub fn new(within_ms: Option<i64>) -> Keys {
        Keys {
            table: KeyTable::new(),
            runs: Vec::new(),
            run_bytes: Vec::new(),
            all_run_bytes: 0,
            idle: Vec::new(),
            within_ms,
            deadlines: Due::default(),
            deadline_count: 0,
            most_deadlines: FEW_DEADLINES,
        }
    }

    /// The index of a key, which may be a new one.
    pub fn insert(&mut self, key: &[u8]) -> usize {
        let (index, is_new) = self.table.insert(key);
        if is_new {
            // Behind gaps that were left at the end.
            self.truncate(index);
            self.runs.push(Runs::new());
            self.run_bytes.push(0);
        } else if self.runs[index].is_empty() {
            self.table.rewrite(index, key);
        }
        index
    }

    fn truncate(&mut self, end: usize) {
        self.runs.truncate(end);
        self.run_bytes.truncate(end);
    }

    /// Counts what is open of a key, which has changed.
    pub fn measure(&mut self, index: usize) {
        let runs = &self.runs[index];
        let ways: usize = runs.iter().map(|run| run.ways.capacity() * size_of::<Way>()).sum();
        let bytes = u32::try_from(runs.capacity() * size_of::<Run>() + ways).unwrap_or(u32::MAX);
        let before = std::mem::replace(&mut self.run_bytes[index], bytes);
        self.all_run_bytes = self.all_run_bytes + bytes as usize - before as usize;
    }

    /// The index of a key in normal form.
    pub fn find(&self, normal: &[u8]) -> Option<usize> {
        self.table.find_normal(normal)
    }

    /// The same, to be changed.
    pub fn runs_mut(&mut self, index: usize) -> &mut Runs {
        &mut self.runs[index]
    }

    /// What is open of a key.
    pub fn runs(&self, index: usize) -> &Runs {
        &self.runs[index]
    }

    /// A key as it was written in the record that began.
    pub fn written(&self, index: usize) -> &[u8] {
        self.table.written(index)
    }

    /// A key in normal form.
    pub fn normal(&self, index: usize) -> &[u8] {
        self.table.normal(index)
    }

    /// One more than the greatest index.
    pub fn end(&self) -> usize {
        self.table.end()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// About how many bytes all that takes.
    pub fn bytes(&self) -> usize {
        let each = size_of::<Runs>() + size_of::<u32>();
        self.table.bytes() + self.runs.capacity() * each + self.all_run_bytes + self.deadlines.bytes()
    }

    /// The indexes of the keys that something is open of.
    pub fn open(&self) -> impl Iterator<Item = (usize, &Runs)> {
        self.runs.iter().enumerate().filter(|(_, runs)| !runs.is_empty())
    }

    /// The newest beginning of a key has a deadline.
    pub fn has_begun(&mut self, index: usize) {
        if let (Some(within_ms), Some(run)) = (self.within_ms, self.runs[index].back()) {
            let deadline = run.start.saturating_add(within_ms);
            self.deadlines.push(deadline, (deadline, run.place(), index as u32));
            self.deadline_count += 1;
            if self.deadline_count > self.most_deadlines {
                self.set_deadlines();
            }
        }
    }

    /// All beginnings of a key have deadlines.
    pub fn have_begun(&mut self, index: usize) {
        self.measure(index);
        let Some(within_ms) = self.within_ms else { return };
        for run in &self.runs[index] {
            let deadline = run.start.saturating_add(within_ms);
            self.deadlines.push(deadline, (deadline, run.place(), index as u32));
            self.deadline_count += 1;
        }
    }

    /// When the first beginning of a key is over, if one is.
    pub fn first_over(&self, index: usize) -> Option<EventTime> {
        Some(self.runs[index].front()?.start.saturating_add(self.within_ms?))
    }

    /// Sets the deadlines of the beginnings that are open, and no others.
    pub fn set_deadlines(&mut self) {
        let Some(within_ms) = self.within_ms else { return };
        let mut deadlines = Due::default();
        for (index, runs) in self.open() {
            for run in runs {
                let deadline = run.start.saturating_add(within_ms);
                deadlines.push(deadline, (deadline, run.place(), index as u32));
            }
        }
        self.deadline_count = self.open().map(|(_, runs)| runs.len()).sum();
        self.deadlines = deadlines;
        self.most_deadlines = FEW_DEADLINES + 2 * self.deadline_count;
    }

    /// The deadlines that have come at `time`, in order. Each is given once, and may be that of a
    /// beginning that is gone.
    pub fn over(&mut self, time: EventTime) -> Vec<Deadline> {
        let mut over = Vec::new();
        self.deadlines.reach(time, |(deadline, ..)| *deadline, |deadline| over.push(deadline));
        self.deadline_count -= over.len();
        over.sort_unstable();
        over
    }

    /// Whether the beginning with this place is open; the index may be another key's by now.
    pub fn is_open(&self, index: usize, place: Place) -> bool {
        self.runs.get(index).is_some_and(|runs| runs.binary_search_by_key(&place, Run::place).is_ok())
    }

    /// Notes a key of which nothing is open.
    pub fn note_idle(&mut self, index: usize) {
        self.idle.push(index as u32);
    }

    /// Lets the keys go of which nothing is open; whether others have another index now.
    pub fn remove_idle(&mut self) -> bool {
        for index in std::mem::take(&mut self.idle) {
            let index = index as usize;
            if self.runs.get(index).is_some_and(Runs::is_empty) {
                self.runs[index] = Runs::new();
                self.measure(index);
                self.table.remove(index);
                self.truncate(self.table.end());
            }
        }
        if !self.table.is_sparse() {
            return false;
        }
        let order = self.table.compact();
        self.runs = order.iter().map(|from| std::mem::take(&mut self.runs[*from as usize])).collect();
        self.run_bytes = order.iter().map(|from| self.run_bytes[*from as usize]).collect();
        self.set_deadlines();
        true
    }
}
