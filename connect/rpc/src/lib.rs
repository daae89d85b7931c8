//! What connectors share whose protocol is calls and answers: HTTP, Flume, Scribe.
//!
//! | module | what it is |
//! |---|---|
//! | [`intake`] | a source of what clients send, who are answered when it is safe |
//! | [`queue`] | what they have sent and is not taken yet, and who waits for an answer |
//! | [`server`] | connections: how many there may be, and how they end |
//! | [`framed`] | a conversation in messages of a known length, of bounded time and size |
//! | [`outlet`] | a sink whose batches are calls to one of several servers, repeated until it is taken |
//!
//! # Answered is safe
//!
//! A client is answered when its records are in the checkpoint's log, synced, or without a checkpoint
//! when their batch has left. So the answer is given by the stage, through the queue, and not where
//! a message is read. A client that had no answer sends again: each record comes at least once.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod framed;
pub mod intake;
pub mod outlet;
pub mod queue;
pub mod server;

pub use framed::{Ask, Cut, FramedArgs, Front, Message, Protocol, Reader, tls_advice};
pub use intake::{Intake, WaitingArgs};
pub use outlet::{Calls, OutletArgs, Peer, RpcSink};
pub use queue::{Queue, Records, Share};
pub use server::{Doors, Reception, Stopping};
