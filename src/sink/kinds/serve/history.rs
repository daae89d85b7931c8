//! The newest batches, as they are sent: JSON.

use std::collections::VecDeque;

use hyper::body::Bytes;

use crate::frame::{BatchTime, Block};

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// So many batches.
    pub batches: usize,
    /// The first records of each.
    pub rows: u64,
    /// So many bytes of them all together; of one batch a quarter.
    pub bytes: usize,
}

/// The batch that is open: its first records.
#[derive(Debug)]
pub struct Open {
    limits: Limits,
    rows: Vec<u8>,
    count: u64,
    is_full: bool,
}

impl Open {
    /// Nothing yet.
    pub fn new(limits: Limits) -> Open {
        Open { limits, rows: Vec::new(), count: 0, is_full: false }
    }

    /// Takes records, as long as there is room.
    pub fn push(&mut self, block: Block<'_>) {
        for record in block {
            self.is_full |= self.count >= self.limits.rows || self.rows.len() + record.len() > self.limits.bytes / 4;
            if self.is_full {
                return;
            }
            if self.count > 0 {
                self.rows.push(b',');
            }
            self.rows.extend_from_slice(record);
            self.count += 1;
        }
    }

    /// The batch is complete: `{"batch":TIME,"records":N,"rows":[…]}`, where N counts those
    /// that had no room too.
    pub fn end(&mut self, time: BatchTime, records: u64) -> Bytes {
        let rows = std::mem::take(&mut self.rows);
        (self.count, self.is_full) = (0, false);
        let head = format!("{{\"batch\":{time},\"records\":{records},\"rows\":[");
        [head.as_bytes(), &rows, b"]}"].concat().into()
    }
}

/// A batch.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which one it is, counted from 0.
    pub number: u64,
    /// Its time.
    pub time: BatchTime,
    /// As it is sent.
    pub json: Bytes,
}

/// What one who follows is sent next.
#[derive(Clone, Debug)]
pub enum News {
    /// A batch.
    Batch(Entry),
    /// So many batches are forgotten that it had not been sent.
    Dropped(u64),
    /// The stream is over.
    End,
}

/// The newest batches.
#[derive(Debug)]
pub struct History {
    limits: Limits,
    entries: VecDeque<Entry>,
    bytes: usize,
    next: u64,
    is_over: bool,
}

impl History {
    /// Nothing yet.
    pub fn new(limits: Limits) -> History {
        History { limits, entries: VecDeque::new(), bytes: 0, next: 0, is_over: false }
    }

    /// Takes a batch, and forgets the oldest ones that have no room beside it.
    pub fn push(&mut self, time: BatchTime, json: Bytes) {
        self.bytes += json.len();
        self.entries.push_back(Entry { number: self.next, time, json });
        self.next += 1;
        while self.entries.len() > self.limits.batches || (self.bytes > self.limits.bytes && self.entries.len() > 1) {
            self.bytes -= self.entries.pop_front().map_or(0, |entry| entry.json.len());
        }
    }

    /// No batch will come any more.
    pub fn end(&mut self) {
        self.is_over = true;
    }

    /// All of them, the oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The newest.
    pub fn newest(&self) -> Option<&Entry> {
        self.entries.back()
    }

    /// Where one goes on who has had all up to this batch; who has had none begins with the newest.
    pub fn after(&self, time: Option<BatchTime>) -> u64 {
        match time {
            Some(time) => self.entries.iter().find(|entry| entry.time > time).map_or(self.next, |entry| entry.number),
            None => self.next.saturating_sub(1),
        }
    }

    /// What is sent to one who has had all before `next`; nothing as long as there is nothing new.
    pub fn news(&self, next: &mut u64) -> Option<News> {
        let Some(entry) = self.entries.iter().find(|entry| entry.number >= *next) else {
            return self.is_over.then_some(News::End);
        };
        let dropped = entry.number - *next;
        if dropped > 0 {
            *next = entry.number;
            return Some(News::Dropped(dropped));
        }
        *next += 1;
        Some(News::Batch(entry.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(batches: usize, rows: u64, bytes: usize) -> Limits {
        Limits { batches, rows, bytes }
    }

    fn batch(open: &mut Open, time: u64, records: &[&str]) -> String {
        for record in records {
            let line = format!("{record}\n");
            open.push(Block { time: BatchTime(time), records: 1, bytes: line.as_bytes() });
        }
        String::from_utf8(open.end(BatchTime(time), records.len() as u64).to_vec()).unwrap()
    }

    #[test]
    fn the_first_records_of_a_batch_are_kept() {
        let mut open = Open::new(limits(2, 2, 400));
        assert_eq!(batch(&mut open, 1, &["1", "\"a\"", "[3]"]), r#"{"batch":1,"records":3,"rows":[1,"a"]}"#);
        assert_eq!(batch(&mut open, 2, &[]), r#"{"batch":2,"records":0,"rows":[]}"#);
        // What is behind one that has no room is not shown in its place.
        let long = format!("\"{}\"", "x".repeat(100));
        assert_eq!(batch(&mut open, 3, &["1", &long, "2"]), r#"{"batch":3,"records":3,"rows":[1]}"#);
    }

    #[test]
    fn who_is_slow_is_told_what_is_forgotten() {
        let mut history = History::new(limits(3, 1, 1 << 20));
        let mut next = history.after(None);
        assert!(history.news(&mut next).is_none());
        for time in 1..=5 {
            history.push(BatchTime(time * 10), Bytes::from("{}"));
        }
        assert!(matches!(history.news(&mut next), Some(News::Dropped(2))));
        for number in 2..5 {
            assert!(matches!(history.news(&mut next), Some(News::Batch(entry)) if entry.number == number));
        }
        assert!(history.news(&mut next).is_none());
        assert_eq!([None, Some(0), Some(40), Some(50)].map(|time| history.after(time.map(BatchTime))), [4, 2, 4, 5]);
        history.end();
        assert!(matches!(history.news(&mut next), Some(News::End)));
    }

    #[test]
    fn large_batches_are_forgotten_earlier() {
        let mut history = History::new(limits(100, 1, 1000));
        for time in 0..10 {
            history.push(BatchTime(time), Bytes::from(vec![b' '; 250]));
        }
        assert_eq!(history.all().map(|entry| entry.number).collect::<Vec<_>>(), [6, 7, 8, 9]);
        history.push(BatchTime(10), Bytes::from(vec![b' '; 5000]));
        assert_eq!(history.all().count(), 1, "the newest is there whatever it takes");
    }
}
