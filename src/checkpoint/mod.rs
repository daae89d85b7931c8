//! Checkpoints: what makes a restart give the output that an undisturbed run
//! would have given. `docs/CHECKPOINTS.md` walks the protocol through a crash
//! at every step; the modules here are its parts.
//!
//! Constraints that the formats rest on:
//!
//! - files only grow, or are replaced whole; what is rewritten in place is
//!   only the content of lock files, which means nothing after a reboot;
//! - a checkpoint costs what changed, and many entries share one sync;
//! - everything on disk is checksummed; a torn tail is told from damage.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`], [`participant`] | what the stage loop, sources and sinks call |
//! | [`offsets`], [`wal`], [`state`], [`commits`] | the four logs |
//! | [`log`] | the log they are made of: segments, entries, torn tails, purge |
//! | [`resume`] | where to resume, a pure function; [`survey`] reads what it needs |
//! | [`job`], [`sealed`] | the JSON files |
//! | [`place`] | which folder a stage goes on with when others came or went in front of it |
//! | [`forget`], [`reset`] | letting a stage go; letting all begin again at an older time |
//! | [`rehearsal`] | a start that changes nothing, for `sstream explain --checkpoint` |
//! | [`inspect`], [`verify`] | looking into a checkpoint, also while its pipeline runs |
//! | [`lock`], [`name`] | who runs, and what things are called; `lineup` knows who was in a run |
//! | [`storage`] | the file system behind a trait |

pub mod commits;
pub mod error;
pub mod forget;
pub mod inspect;
pub mod job;
mod lineup;
pub mod lock;
pub mod log;
pub mod name;
pub mod offsets;
pub mod participant;
pub mod place;
pub mod rehearsal;
pub mod reset;
pub mod resume;
pub mod sealed;
pub mod source;
pub mod state;
pub mod storage;
pub mod survey;
pub mod times;
pub mod verify;
pub mod wal;

#[cfg(test)]
pub mod memory;
#[cfg(test)]
mod tests;

pub use error::{Error, Result};
pub use times::Times;
