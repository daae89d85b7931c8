//! Spark Streaming's discretized streams as small Unix tools.
//!
//! Every tool of the `sstream-*` family is a few lines around this library:
//! [`cli`] parses the command line, [`stage`] runs the one loop that reads
//! frames, feeds an [`op::Operator`] and writes frames. What passes between two
//! tools is a stream of batches in the format that [`frame`] defines.
//!
//! [`connect`] is the public surface, for kinds of sources and sinks in crates of their
//! own. Everything else is the tools' and may change in any version; who works on it reads
//! `cargo doc --document-private-items`:
//!
//! | module | what it is |
//! |---|---|
//! | [`frame`] | the stream format: the only place that knows the wire |
//! | [`record`] | JSON values as bytes: escape, compare, keys, exact numbers |
//! | [`expr`] | jq programs, with a fast path for plain field access |
//! | [`clock`], [`window`] | batch clock and window arithmetic, pure |
//! | [`event`] | event time: times of records, the watermark |
//! | [`op`], [`agg`] | the operators and aggregations: no I/O, no clock |
//! | [`source`], [`sink`] | where records come from and go to, one file a kind |
//! | [`connect`] | the public surface for connectors: kinds that are programs of their own |
//! | [`net`] | addresses and sockets, for both |
//! | [`command`] | commands that run once a batch |
//! | [`spool`] | records held in memory up to a limit, then on disk |
//! | [`store`] | keys and values on disk, beyond what memory is to hold |
//! | [`keyed_state`] | a state as an operator has it and a checkpoint keeps it |
//! | [`varint`] | numbers as they stand in what is kept |
//! | [`checkpoint`] | logs, state, locks, and the resume point as a pure function |
//! | [`stage`] | the loop that ties these together |
//! | [`monitor`] | seeing what goes on: published traces, delays, metrics |
//! | [`run`] | a pipeline under supervision: restarts, a graceful stop, systemd |
//! | [`cli`] | options, help, man pages, completions, exit codes |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

// Hidden is what the tools, and this repository's tests and benchmarks, need.
#[doc(hidden)]
pub mod agg;
#[doc(hidden)]
pub mod checkpoint;
#[doc(hidden)]
pub mod cli;
mod clock;
mod command;
pub mod connect;
mod console;
mod duration;
#[doc(hidden)]
pub mod error;
mod event;
mod expr;
mod flow;
#[doc(hidden)]
pub mod frame;
#[doc(hidden)]
pub mod interval;
#[doc(hidden)]
pub mod keyed_state;
mod memory;
mod monitor;
mod net;
#[doc(hidden)]
pub mod op;
mod os;
#[doc(hidden)]
pub mod own_math;
mod progress;
mod record;
mod run;
mod signal;
mod sink;
mod source;
mod spool;
mod stage;
mod store;
mod varint;
mod window;
