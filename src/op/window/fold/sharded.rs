//! A [`Fold`] on several threads: one for the keys of each.
//!
//! All have the same panes, some of which may be empty. In a checkpoint a pane has the keys that it has of one thread, in
//! their order (of a sum perhaps with another exponent, by the order in which its parts were added), so that another
//! number of threads goes on with it.

use std::collections::VecDeque;
use std::io;

use super::saved::{Chunks, unreadable};
use super::{Failed, Fold, Places};
use crate::agg::AggError;
use crate::agg::saved::{take_byte, take_bytes};
use crate::frame::{BatchTime, Block};
use crate::op::grouping::{Grouping, bad_or_fatal};
use crate::op::groups::Groups;
use crate::op::key_table::KeyHasher;
use crate::op::shards::whole::{Dealt, TakesWhole, Whole};
use crate::op::shards::{Numbered, Shard, Shards};
use crate::op::window::Panes;
use crate::op::{Held, OpError, Out};
use crate::record::normal_key;

/// Keeps partial results of the panes, each thread those of its keys.
pub struct ShardedFold {
    shards: Shards<Fold>,
    /// The chunks of the panes that are being loaded, oldest pane first.
    loading: VecDeque<Vec<Box<[u8]>>>,
}

/// What a fold of some of the keys is asked.
#[derive(Clone, Copy)]
pub enum Ask {
    /// See [`Panes::end_pane`].
    EndPane,
    /// To make the older panes of the newer ones.
    Turn,
    /// See [`Panes::evict`].
    Evict,
    /// See [`Panes::give`].
    Give,
    /// For the entries of a pane, as bytes.
    Save(usize),
}

impl ShardedFold {
    /// By a thread for each of `folds`, which must be the same and have a key.
    pub fn new(grouping: Grouping, folds: Vec<Fold>) -> ShardedFold {
        ShardedFold { shards: Shards::new(folds, grouping).taking_whole(), loading: VecDeque::new() }
    }

    /// The same in pieces of so many bytes.
    #[cfg(test)]
    pub(in crate::op::window) fn in_pieces_of(self, piece_bytes: usize) -> ShardedFold {
        ShardedFold { shards: self.shards.in_pieces_of(piece_bytes), ..self }
    }

    /// The panes become the older ones; an error is told once, as of one thread.
    fn turn(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.ask(&Ask::Turn, out)?;
        let mut first: Option<(usize, u64, Failed)> = None;
        self.shards.each(|fold| {
            let Some(places) = &mut fold.places else { return };
            if let Some(failed) = places.failed.take() {
                // The newest pane is the first to be turned.
                let (pane, place) = (failed.pane, places.panes[failed.pane][failed.entry]);
                if first.as_ref().is_none_or(|(newest, least, _)| (pane, *least) > (*newest, place)) {
                    first = Some((pane, place, failed));
                }
            }
        });
        first.map_or(Ok(()), |(.., failed)| bad_or_fatal(b"null", &failed.error, out))
    }

    /// Gives each fold the entries of its keys of the panes that were loaded; how many entries all have.
    fn deal_loaded(&mut self) -> Result<u64, OpError> {
        let mut number = 0;
        for chunks in std::mem::take(&mut self.loading) {
            for (index, chunk) in chunks.iter().enumerate() {
                self.deal_chunk(index == 0, chunk, &mut number)?;
            }
        }
        Ok(number)
    }

    /// The same of a chunk, the first of its pane or a further one; `number` is that of the next entry.
    fn deal_chunk(&mut self, is_first: bool, chunk: &[u8], number: &mut u64) -> Result<(), OpError> {
        let mut input = chunk;
        let kind = take_byte(&mut input).map_err(unreadable)?;
        let mut dealt: Vec<(Vec<u8>, Vec<u64>)> = Vec::new();
        self.shards.each(|_| dealt.push((vec![kind], Vec::new())));
        while !input.is_empty() {
            let entry = input;
            let key = take_bytes(&mut input).map_err(unreadable)?;
            let shard = self.shards.number_of_key(&normal_key(key));
            if let Some(fold) = self.shards.get(shard) {
                fold.aggregator.load(&mut input).map_err(unreadable)?;
            }
            let (entries, numbers) = &mut dealt[shard];
            entries.extend_from_slice(&entry[..entry.len() - input.len()]);
            numbers.push(*number);
            *number += 1;
        }
        let mut dealt = dealt.into_iter();
        self.shards.try_each(|fold| {
            let Some((entries, mut numbers)) = dealt.next() else { return Ok(()) };
            let Some(places) = &mut fold.places else { return Ok(()) };
            match places.panes.back_mut().filter(|_| !is_first) {
                Some(pane) => pane.append(&mut numbers),
                None => places.panes.push_back(numbers),
            }
            fold.load(is_first, &entries)
        })
    }
}

impl Shard for Fold {
    type Ask = Ask;

    fn hash_by(&mut self, hasher: &KeyHasher) {
        self.open = Groups::hashed_by(hasher.clone(), &self.aggregator);
        self.places = Some(Places::default());
    }

    fn add(&mut self, items: &[Numbered<'_>], _: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(places) = &mut self.places else { return Ok(()) };
        self.open.add_numbered(items, &mut places.open, &mut self.aggregator, out)
    }

    fn take_whole(&mut self, of: &mut Grouping, block: Block<'_>, out: &mut Out<'_>) -> Option<Result<u64, OpError>> {
        self.places.as_mut()?.whole.as_mut()?.take(of, block, &mut self.aggregator, out)
    }

    fn number_whole(&mut self, first: u64) {
        if let Some(whole) = self.whole() {
            whole.number(first);
        }
    }

    fn answer(&mut self, ask: &Ask, out: &mut Out<'_>) -> Result<(), OpError> {
        match *ask {
            Ask::EndPane => self.end_pane(out)?,
            Ask::Evict => self.evict(out)?,
            Ask::Give => self.give(out)?,
            Ask::Turn => {
                let failed = self.turn().err();
                if let Some(places) = &mut self.places {
                    places.failed = failed;
                }
            }
            Ask::Save(pane) => {
                let Some(places) = &self.places else { return Ok(()) };
                for (entry, place) in places.panes[pane].iter().enumerate() {
                    out.set_place(*place);
                    self.save_entry(pane, entry, out.buffer());
                    out.finish_record();
                }
            }
        }
        Ok(())
    }

    fn is_much(&self, ask: &Ask) -> bool {
        match *ask {
            Ask::EndPane => self.open.keys.is_large(),
            Ask::Turn | Ask::Give => self.keys.is_large(),
            Ask::Evict => self.panes.front().is_some_and(|pane| pane.len() >= MUCH),
            Ask::Save(pane) => self.panes[pane].len() >= MUCH,
        }
    }

    fn held(&self) -> Held {
        Panes::held(self)
    }
}

impl TakesWhole for Fold {
    fn whole(&mut self) -> &mut Option<Whole> {
        &mut self.places.get_or_insert_default().whole
    }

    fn new_whole(&self) -> Option<Whole> {
        Whole::new(&self.aggregator)
    }

    fn merge(&mut self, of: &Groups, index: usize, first: u64, _: BatchTime) -> Result<(), AggError> {
        let firsts = &mut self.places.get_or_insert_default().open;
        Dealt { groups: &mut self.open, firsts, aggregator: &mut self.aggregator }.merge(of, index, first)
    }

    fn answered(&self) -> usize {
        self.panes.back().map_or(0, Vec::len)
    }
}

/// So many entries are worth waking a thread.
const MUCH: usize = if cfg!(test) { 2 } else { 4096 };

impl Panes for ShardedFold {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.block(block, out)
    }

    fn end_pane(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.deal_whole(out)?;
        self.shards.ask(&Ask::EndPane, out)?;
        self.shards.choose_whole();
        Ok(())
    }

    fn evict(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.shards.get(0).is_some_and(|fold| fold.is_to_turn()) {
            self.turn(out)?;
        }
        self.shards.ask(&Ask::Evict, out)
    }

    fn held(&self) -> Held {
        self.shards.held_with_whole()
    }

    fn give(&mut self, out: &mut Out<'_>) -> Result<(), OpError> {
        self.shards.ask(&Ask::Give, out)
    }

    fn combined(&self) -> usize {
        self.shards.get(0).map_or(0, |fold| fold.combined())
    }

    fn save(&mut self, pane: usize, chunk: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let Some(kind) = self.shards.get(0).map(|fold| fold.kind_of(pane)) else { return Ok(()) };
        let mut chunks = Chunks::of(kind);
        self.shards.gather(&Ask::Save(pane), |entry| {
            chunks.buffer().extend_from_slice(entry);
            chunks.finish_entry(chunk);
        });
        chunks.finish(chunk);
        Ok(())
    }

    fn load(&mut self, is_first: bool, chunk: &[u8]) -> Result<(), OpError> {
        if is_first {
            self.loading.push_back(Vec::new());
        }
        if let Some(pane) = self.loading.back_mut() {
            pane.push(chunk.into());
        }
        Ok(())
    }

    fn unload(&mut self) {
        self.loading.pop_front();
    }

    fn finish_load(&mut self, combined: usize) -> Result<(), OpError> {
        let entries = self.deal_loaded()?;
        self.shards.count_from(entries);
        self.shards.try_each(|fold| fold.finish_load(combined))
    }

    fn close(&mut self) -> Result<(), OpError> {
        self.shards.try_each(Panes::close)
    }
}
