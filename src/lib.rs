//! Spark Streaming's discretized streams as small Unix tools.
//!
//! Every tool of the `sstream-*` family is a few lines around this library:
//! [`cli`] parses the command line, [`stage`] runs the one loop that reads
//! frames, feeds an [`op::Operator`] and writes frames. What passes between two
//! tools is a stream of batches in the format that [`frame`] defines.
//!
//! Where to find what:
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
//! | [`command`] | commands that run once a batch |
//! | [`spool`] | records held in memory up to a limit, then on disk |
//! | [`keyed_state`] | a state as an operator has it and a checkpoint keeps it |
//! | [`varint`] | numbers as they stand in what is kept |
//! | [`checkpoint`] | logs, state, locks, and the resume point as a pure function |
//! | [`stage`] | the loop that ties these together |
//! | [`monitor`] | seeing what goes on: published traces, delays, metrics |
//! | [`run`] | a pipeline under supervision: restarts, a graceful stop, systemd |
//! | [`cli`] | options, help, man pages, completions, exit codes |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod agg;
pub mod checkpoint;
pub mod cli;
pub mod clock;
pub mod command;
pub mod connect;
pub mod console;
pub mod duration;
pub mod error;
pub mod event;
pub mod expr;
pub mod flow;
pub mod frame;
pub mod keyed_state;
pub mod monitor;
pub mod op;
pub mod os;
pub mod progress;
pub mod record;
pub mod run;
pub mod signal;
pub mod sink;
pub mod source;
pub mod spool;
pub mod stage;
pub mod varint;
pub mod window;
