//! What windows of each kind do.

use super::Common;
use crate::event::EventTime;
use crate::keyed_state::PairOut;
use crate::op::grouping::Item;
use crate::op::key_table::KeyHasher;
use crate::op::{Held, OpError, Out};

/// Windows of one kind that are open, with what has come into them.
pub(super) trait Open: Send {
    /// Before the first key: items come with the hashes of their keys, by this.
    fn hash_by(&mut self, hasher: &KeyHasher);

    /// Adds a value to the windows that hold its time.
    fn add(&mut self, item: &Item<'_>, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError>;

    /// Gives the windows that the batch changed, in order of time.
    fn give_changed(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError>;

    /// Gives every window there is, in order of time.
    fn give_all(&mut self, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError>;

    /// The watermark has come to `time`: what it closes is given, if that is wanted, and let go.
    fn close_until(&mut self, time: EventTime, common: &mut Common, out: &mut Out<'_>) -> Result<(), OpError>;

    /// All that closes at `time` has: what would be in it is late from now on.
    fn pass(&mut self, time: EventTime);

    /// How much is kept.
    fn held(&self) -> Held;

    /// As [`Durable::track`](crate::op::durable::Durable::track).
    fn track(&mut self);

    /// As [`KeyedState::changes`](crate::keyed_state::KeyedState::changes).
    fn changes(&mut self, common: &Common, out: &mut PairOut<'_>);

    /// As [`KeyedState::slice`](crate::keyed_state::KeyedState::slice).
    fn slice(&mut self, from_start: bool, bytes: usize, common: &Common, out: &mut PairOut<'_>) -> bool;

    /// As [`KeyedState::live_bytes`](crate::keyed_state::KeyedState::live_bytes).
    fn live_bytes(&self) -> u64;

    /// As [`Durable::load`](crate::op::durable::Durable::load); none if it is no such entry.
    fn load(&mut self, key: &[u8], entry: Option<&[u8]>, common: &Common) -> Option<()>;

    /// As [`Durable::finish_load`](crate::op::durable::Durable::finish_load).
    fn finish_load(&mut self, common: &Common) -> Result<(), OpError>;

    /// When something comes out of what an entry says, of which `prefix` stands before the key; or before that.
    fn end_of(&self, prefix: &[u8], value: &[u8], common: &Common) -> Option<EventTime>;

    /// All that is open of a key, in normal form, was loaded while others are open, and windows that end before `end` have
    /// come out; none if it is not there.
    fn loaded(&mut self, key: &[u8], end: EventTime, common: &Common) -> Option<()>;

    /// Lets go of all: it is elsewhere, and a checkpoint has seen it.
    fn forget(&mut self);
}
