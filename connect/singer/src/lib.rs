//! Singer: records of any tap as a source, any target as a sink.
//!
//! | module | what it is |
//! |---|---|
//! | [`source`] | the source: a tap, whose newest STATE is the position |
//! | [`sink`] | the sink: a target, whose STATE given back is the commit |
//! | [`message`], [`command`], [`error`] | what both share: messages, programs that run, errors |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod command;
pub mod error;
pub mod message;
pub mod sink;
pub mod source;

pub use sink::kind::SinkArgs;
pub use source::kind::SourceArgs;
