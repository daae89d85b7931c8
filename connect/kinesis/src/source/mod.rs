//! The Kinesis source: records of shards, and a batch is a set of ranges of sequence numbers, so that it can
//! be read again, the same.
//!
//! Constraints, and what follows from them:
//!
//! - *A batch is the same on every replay.* Each batch's entry in the checkpoint ([`ledger`]) has its ranges
//!   in the order in which they were taken, and a replay (`again`) takes them in that order.
//! - *The records of a key are in one shard, until that is split or merged.* So children are read when their
//!   parents were read to the end ([`shards`]).
//! - *All readers of a shard together may read it five times a second.* So each is read by one thread at a
//!   time, in a pace of its own ([`pool`]), and who is told to wait waits.
//! - *An iterator is good for five minutes*, and a pipeline may stand still for longer: a new one begins at
//!   the record that was read last ([`lane`]), which shows by the way that nothing was lost in between.
//! - *A record may hold many* ([`aggregate`]), and a batch may end within one: so a position is a sequence
//!   number and a place in it.
//! - *Memory is bounded*: what is read and not taken is.

mod again;
pub mod aggregate;
mod chunk;
pub mod kind;
mod lane;
pub mod ledger;
mod pool;
pub mod records;
pub mod shards;
pub mod start;
mod stream;

pub use pool::Reading;
pub use stream::{KinesisSource, Options};
