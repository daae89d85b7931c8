//! The HTTP intake: records that clients POST.
//!
//! Constraints, and what follows from them:
//!
//! - *200 means safe.* A request is answered when its records are in the checkpoint's log, synced,
//!   or without a checkpoint when their batch has left. So the answer is given by
//!   the queue, which the stage takes from, and not where the body is read ([`sstream_rpc`]).
//! - *A body counts whole or not at all.* It is read and made into records before
//!   anything of it is handed on, and a body with an error in it is refused, by line.
//! - *Strangers cost a bounded amount of memory.* Connections have a number, heads and bodies a
//!   time, and all bodies together a size, beyond which the answer is 429.
//!
//! [`server`] has connections, [`answer`] decides on a request by its head, [`body`] reads it,
//! [`content`] makes records of it.

mod answer;
mod auth;
mod body;
mod content;
mod fields;
pub mod kind;
mod server;
