//! Feeds: what servers on the web give to whoever asks, as a source.
//!
//! | module | what it is |
//! |---|---|
//! | [`kind`] | options, and what the kind says of itself |
//! | [`source`] | the source: what has come, and positions |
//! | [`reader`] | the connection, on a thread of its own |
//! | [`lines`], [`events`] | bytes become lines, and lines server-sent events |
//! | [`pace`] | how long to wait before trying again |
//! | [`target`], [`dial`] | addresses and connections |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod dial;
pub mod error;
pub mod events;
pub mod kind;
pub mod lines;
pub mod pace;
pub mod position;
pub mod queue;
pub mod reader;
pub mod records;
pub mod source;
pub mod target;

pub use kind::FeedArgs;
