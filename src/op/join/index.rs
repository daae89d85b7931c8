//! The records of both sides by key.

use super::NO_PAIR;
use crate::op::key_table::KeyTable;
use crate::op::sides::{Place, Whole};
use crate::op::{OpError, Out};
use crate::record;

pub(super) const LEFT: usize = 0;
pub(super) const RIGHT: usize = 1;

/// The records of both sides by key, keys in order of first appearance.
#[derive(Default)]
pub(super) struct Index {
    pub(super) keys: KeyTable,
    /// Of each key, a chain of links a side.
    pub(super) groups: Vec<Group>,
    pub(super) links: Vec<Link>,
}

pub(super) type Group = [Chain; 2];

/// First and last link, [`NONE`] if there is none.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    pub(super) first: u32,
    pub(super) last: u32,
}

/// Where a record stands, and the link of the next one of its key. As small as
/// it can be: there is one a record.
pub(super) struct Link {
    pub(super) block: u32,
    pub(super) start: u32,
    pub(super) length: u32,
    pub(super) next: u32,
}

/// The number of no link.
pub(super) const NONE: u32 = u32::MAX;

impl Index {
    /// Takes a side's records; those of unseen keys only if `new_keys`.
    pub(super) fn add(
        &mut self,
        side: usize,
        batch: &dyn Whole,
        new_keys: bool,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let mut fetched = Vec::new();
        for block in 0..batch.blocks() {
            let mut start = 0;
            for record in batch.block(block, &mut fetched)? {
                let place = Place { block, start, length: record.len() };
                start += record.len() + 1;
                let Some((key, _)) = record::pair(record) else {
                    out.bad_record(record, NO_PAIR)?;
                    continue;
                };
                let group = if new_keys { Some(self.group(key)) } else { self.keys.find(key) };
                if let Some(group) = group {
                    self.link(group, side, place)?;
                }
            }
        }
        Ok(())
    }

    /// Gives the records of a batch whose keys are here or, without `present`, are not.
    pub(super) fn select(&mut self, batch: &dyn Whole, present: bool, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut fetched = Vec::new();
        for block in 0..batch.blocks() {
            for record in batch.block(block, &mut fetched)? {
                match record::pair(record) {
                    _ if out.is_closed() => return Ok(()),
                    Some((key, _)) if self.keys.find(key).is_some() == present => out.record(record),
                    Some(_) => {}
                    None => out.bad_record(record, NO_PAIR)?,
                }
            }
        }
        Ok(())
    }

    /// The group of a key, which is a new one if need be.
    fn group(&mut self, key: &[u8]) -> usize {
        let (index, is_new) = self.keys.insert(key);
        if is_new {
            self.groups.push([Chain { first: NONE, last: NONE }; 2]);
        }
        index
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.groups.clear();
        self.links.clear();
    }

    fn link(&mut self, group: usize, side: usize, record: Place) -> Result<(), OpError> {
        let new = small(self.links.len())?;
        let Place { block, start, length } = record;
        self.links.push(Link { block: small(block)?, start: small(start)?, length: small(length)?, next: NONE });
        let chain = &mut self.groups[group][side];
        if chain.first == NONE {
            chain.first = new;
        } else {
            self.links[chain.last as usize].next = new;
        }
        chain.last = new;
        Ok(())
    }

    /// Where the records of a group stand, in order.
    pub(super) fn places(&self, group: &Group, side: usize) -> impl Iterator<Item = Place> {
        let link = |number: u32| self.links.get(number as usize);
        std::iter::successors(link(group[side].first), move |here| link(here.next)).map(|link| Place {
            block: link.block as usize,
            start: link.start as usize,
            length: link.length as usize,
        })
    }
}

/// A number of the index.
fn small(number: usize) -> Result<u32, OpError> {
    let small = u32::try_from(number).ok().filter(|number| *number != NONE);
    small.ok_or_else(|| {
        OpError::Usage("a join takes 4294967294 records a batch, of less than 4 GiB: cut shorter batches".to_owned())
    })
}
