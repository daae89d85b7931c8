//! Several runs as one.

use std::cmp::Ordering;

use super::error::Result;
use super::run::Cursor;

/// Goes through the keys of several runs in order; of a key that is in several, the newest run's word counts.
pub struct Merge<'r> {
    /// From the oldest run to the newest.
    cursors: Vec<Cursor<'r>>,
    /// Those that have a key, the last one's comes next.
    queue: Vec<usize>,
    current: Option<usize>,
}

impl<'r> Merge<'r> {
    /// Of `cursors`, oldest first, each before its first key; keys with a number below `from` are left out.
    pub(super) fn new(cursors: Vec<Cursor<'r>>, from: u64) -> Result<Merge<'r>> {
        Merge::resumed(cursors, from, &[])
    }

    /// As [`Merge::new`]; of the runs with these [places](Merge::places) what is before them is left out.
    pub(super) fn resumed(
        mut cursors: Vec<Cursor<'r>>,
        from: u64,
        places: &[(u64, usize, usize)],
    ) -> Result<Merge<'r>> {
        for cursor in &mut cursors {
            let run = cursor.place().0;
            if let Some(&(_, section, block)) = places.iter().find(|place| place.0 == run) {
                cursor.go_to(section, block)?;
            }
        }
        let mut queue = Vec::with_capacity(cursors.len());
        for (index, cursor) in cursors.iter_mut().enumerate() {
            if cursor.seek(from)? {
                queue.push(index);
            }
        }
        queue.sort_unstable_by(|&a, &b| compare(&cursors, b, a));
        Ok(Merge { cursors, queue, current: None })
    }

    /// Where each run is gone through.
    pub(super) fn places(&self) -> Vec<(u64, usize, usize)> {
        self.cursors.iter().map(Cursor::place).collect()
    }

    /// Goes on to the next key; whether there is one.
    pub fn advance(&mut self) -> Result<bool> {
        if let Some(current) = self.current.take() {
            self.put_on(current)?;
        }
        let Some(next) = self.queue.pop() else { return Ok(false) };
        while let Some(&older) = self.queue.last().filter(|&&older| self.is_same(next, older)) {
            self.queue.pop();
            self.put_on(older)?;
        }
        self.current = Some(next);
        Ok(true)
    }

    fn put_on(&mut self, index: usize) -> Result<()> {
        if self.cursors[index].advance()? {
            let Merge { cursors, queue, .. } = self;
            let is_next = queue.last().is_none_or(|&last| compare(cursors, index, last).is_lt());
            let place = match is_next {
                true => queue.len(),
                false => queue.partition_point(|&other| compare(cursors, index, other).is_lt()),
            };
            queue.insert(place, index);
        }
        Ok(())
    }

    fn is_same(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.cursors[one], &self.cursors[other]);
        one.order() == other.order() && one.key() == other.key()
    }

    /// The number of the present key.
    pub fn order(&self) -> u64 {
        self.current.map_or(0, |current| self.cursors[current].order())
    }

    /// The present key.
    pub fn key(&self) -> &[u8] {
        self.current.map_or(&[], |current| self.cursors[current].key())
    }

    /// Its value, or none if it is dropped.
    pub fn value(&self) -> Option<&[u8]> {
        self.cursors[self.current?].value()
    }
}

/// The order in which cursors are at their keys; of one key the newest comes first.
fn compare(cursors: &[Cursor<'_>], a: usize, b: usize) -> Ordering {
    let (one, other) = (&cursors[a], &cursors[b]);
    one.order().cmp(&other.order()).then_with(|| one.key().cmp(other.key())).then_with(|| b.cmp(&a))
}
