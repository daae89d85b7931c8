//! A run in order.

use std::ops::Range;

use super::{Run, Tail, take_pair};
use crate::store::error::Result;

/// So much is read at once of a run, and of several together.
const READ_BYTES: u64 = if cfg!(test) { 64 } else { 128 << 10 };
const READ_OF_ALL: u64 = 1 << 20;

/// Of many runs at least so much each.
const LEAST_READ: u64 = if cfg!(test) { 64 } else { 8 << 10 };

/// Goes through the keys of a run from some number on.
pub struct Cursor<'r> {
    run: &'r Run,
    /// Before it keys end, if anywhere.
    to: Option<u64>,
    section: usize,
    tail: Tail,
    /// The blocks that were read, from `start` of the section on.
    read: Range<usize>,
    start: u64,
    data: Vec<u8>,
    /// The block that comes next, and what is left of the present one in `data`.
    block: usize,
    left: Range<usize>,
    /// So much is read at once.
    at_once: u64,
    order: u64,
    key: Range<usize>,
    value: Option<Range<usize>>,
}

impl<'r> Cursor<'r> {
    /// Before the first key whose number is at least `from`, of those with a number below `to`; one of so many cursors.
    pub(in crate::store) fn new(run: &'r Run, from: u64, to: Option<u64>, cursors: usize) -> Result<Cursor<'r>> {
        // Keys of this number may be in the section before, where they may be in several.
        let section = run.sections.partition_point(|section| section.first < from).saturating_sub(1);
        let mut cursor = Cursor {
            run,
            to,
            section,
            tail: Tail::default(),
            read: 0..0,
            start: 0,
            data: Vec::new(),
            block: 0,
            left: 0..0,
            at_once: (READ_OF_ALL / cursors.max(1) as u64).clamp(LEAST_READ, READ_BYTES),
            order: 0,
            key: 0..0,
            value: None,
        };
        if section < run.sections.len() {
            cursor.read_tail()?;
            cursor.block = cursor.tail.places.partition_point(|place| place.first < from).saturating_sub(1);
            cursor.read = cursor.block..cursor.block;
        }
        Ok(cursor)
    }

    /// Goes on to the first key whose number is at least `from`; whether there is one.
    pub(in crate::store) fn seek(&mut self, from: u64) -> Result<bool> {
        while self.advance()? {
            if self.order >= from {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Goes on to the next key; whether there is one.
    #[inline]
    pub(in crate::store) fn advance(&mut self) -> Result<bool> {
        if self.left.is_empty() && !self.next_block()? {
            return Ok(false);
        }
        let mut rest = &self.data[self.left.clone()];
        let Some((key, value)) = take_pair(&mut rest) else {
            return Err(self.run.damaged("a pair is cut off"));
        };
        self.order = self.run.order.of(key);
        if self.to.is_some_and(|to| self.order >= to) {
            (self.section, self.left) = (self.run.sections.len(), 0..0);
            return Ok(false);
        }
        let (value_len, end) = (value.map(<[u8]>::len), self.left.end - rest.len());
        let value_start = end - value_len.unwrap_or(0);
        self.key = value_start - key.len()..value_start;
        self.value = value_len.map(|_| value_start..end);
        self.left.start = end;
        Ok(true)
    }

    /// Where the present block is: its run, its section, and which of its blocks it is.
    pub(in crate::store) fn place(&self) -> (u64, usize, usize) {
        (self.run.id, self.section, self.block.saturating_sub(1))
    }

    /// Goes to a block, before its first key.
    pub(in crate::store) fn go_to(&mut self, section: usize, block: usize) -> Result<()> {
        self.section = section;
        if section < self.run.sections.len() {
            self.read_tail()?;
        }
        (self.block, self.read, self.left) = (block, block..block, 0..0);
        Ok(())
    }

    fn read_tail(&mut self) -> Result<()> {
        self.run.read_tail(self.section, &mut self.tail)?;
        // There may be many cursors: what was read is in places now, and filters are not asked.
        self.tail.bytes = Vec::new();
        Ok(())
    }

    #[inline(never)]
    fn next_block(&mut self) -> Result<bool> {
        if self.section >= self.run.sections.len() {
            return Ok(false);
        }
        if self.block >= self.tail.places.len() {
            self.section += 1;
            if self.section >= self.run.sections.len() {
                return Ok(false);
            }
            self.read_tail()?;
            (self.block, self.read) = (0, 0..0);
        }
        if self.block >= self.read.end {
            self.start = self.tail.start(self.block);
            let places = &self.tail.places[self.block..];
            let several = places.partition_point(|place| place.end - self.start <= self.at_once).max(1);
            self.read = self.block..self.block + several;
            self.run.read_blocks(self.section, &self.tail, self.read.clone(), &mut self.data)?;
        }
        self.run.block(&self.tail, self.block, self.start, &self.data)?;
        let start = (self.tail.start(self.block) - self.start) as usize;
        self.left = start..(self.tail.places[self.block].end - self.start) as usize;
        self.block += 1;
        Ok(true)
    }

    /// The number of the present key.
    pub(in crate::store) fn order(&self) -> u64 {
        self.order
    }

    /// The present key.
    pub(in crate::store) fn key(&self) -> &[u8] {
        &self.data[self.key.clone()]
    }

    /// Its value, or none if it is dropped.
    pub(in crate::store) fn value(&self) -> Option<&[u8]> {
        self.value.clone().map(|value| &self.data[value])
    }
}
