//! The keys that something is open of, and when their beginnings are over.

use super::matcher::Runs;
use crate::event::EventTime;
use crate::op::due::Due;
use crate::op::key_table::KeyTable;

/// So many deadlines that nothing waits for any more do not matter.
const FEW_DEADLINES: usize = 1024;

/// When a beginning is over, the number of its first record, and its key.
type Deadline = (EventTime, u64, u32);

/// Keys, each with an index, and what is open of each.
pub struct Keys {
    table: KeyTable,
    /// Of each key, by its index.
    runs: Vec<Runs>,
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
            self.runs.truncate(index);
            self.runs.push(Runs::new());
        } else if self.runs[index].is_empty() {
            self.table.rewrite(index, key);
        }
        index
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

    /// About how many bytes all that takes, but for what is open.
    pub fn bytes(&self) -> usize {
        self.table.bytes() + self.runs.capacity() * size_of::<Runs>() + self.deadlines.bytes()
    }

    /// The indexes of the keys that something is open of.
    pub fn open(&self) -> impl Iterator<Item = (usize, &Runs)> {
        self.runs.iter().enumerate().filter(|(_, runs)| !runs.is_empty())
    }

    /// The newest beginning of a key has a deadline.
    pub fn has_begun(&mut self, index: usize) {
        if let (Some(within_ms), Some(run)) = (self.within_ms, self.runs[index].back()) {
            let deadline = run.start.saturating_add(within_ms);
            self.deadlines.push(deadline, (deadline, run.number, index as u32));
            self.deadline_count += 1;
            if self.deadline_count > self.most_deadlines {
                self.set_deadlines();
            }
        }
    }

    /// Sets the deadlines of the beginnings that are open, and no others.
    pub fn set_deadlines(&mut self) {
        let Some(within_ms) = self.within_ms else { return };
        let mut deadlines = Due::default();
        for (index, runs) in self.open() {
            for run in runs {
                let deadline = run.start.saturating_add(within_ms);
                deadlines.push(deadline, (deadline, run.number, index as u32));
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

    /// Whether the beginning with this number is open; the index may be another key's by now.
    pub fn is_open(&self, index: usize, number: u64) -> bool {
        self.runs.get(index).is_some_and(|runs| runs.binary_search_by_key(&number, |run| run.number).is_ok())
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
                self.table.remove(index);
                self.runs.truncate(self.table.end());
            }
        }
        if !self.table.is_sparse() {
            return false;
        }
        let order = self.table.compact();
        self.runs = order.iter().map(|from| std::mem::take(&mut self.runs[*from as usize])).collect();
        self.set_deadlines();
        true
    }
}
