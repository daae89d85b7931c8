//! What a checkpoint keeps of shards, each of which has a part of the state.

use std::io;

use super::{Shard, Shards};
use crate::keyed_state::{KeyedState, PairOut};

impl<S: Shard + KeyedState> Shards<S> {
    /// As [`KeyedState::changes`]: of all shards, and once what each has under `shared`, where all have the same.
    ///
    /// # Errors
    /// As [`KeyedState::changes`].
    pub fn changes(&mut self, shared: &[u8], out: &mut PairOut<'_>) -> io::Result<()> {
        let mut has_shared = false;
        self.try_each(|shard| {
            shard.changes(&mut |key, entry| {
                if key != shared || !std::mem::replace(&mut has_shared, true) {
                    out(key, entry);
                }
            })
        })
    }

    /// As [`KeyedState::slice`]: one shard behind another, each from its start.
    pub fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool {
        if from_start {
            self.slicing = (0, true);
        }
        let (number, is_new) = self.slicing;
        let is_over = self.get(number).is_none_or(|mut shard| shard.slice(is_new, bytes, out));
        self.slicing = if is_over { (number + 1, true) } else { (number, false) };
        self.get(self.slicing.0).is_none()
    }

    /// As [`KeyedState::live_bytes`].
    pub fn live_bytes(&self) -> u64 {
        (0..).map_while(|number| self.get(number)).map(|shard| shard.live_bytes()).sum()
    }
}
