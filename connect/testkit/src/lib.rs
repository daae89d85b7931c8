//! What the tests of sstream and of its connectors share.
//!
//! | module | what it is |
//! |---|---|
//! | [`bash`], [`shell`] | lines of shell with the built tools, in a fresh directory |
//! | [`pipeline`], [`random`] | pipelines that are killed at random, and that end with their test |
//! | [`keeper`] | a pipeline that is started again however often it ends |
//! | [`needs`] | what a test needs beside the tools: commands, ports |
//! | [`flume`] | Apache Flume, as two connectors have it for a peer |
//! | [`hdfs`] | HDFS, as the connector of objects has it for a peer, and a line on a Spark cluster |
//! | [`docs`] | man pages and completions, made of command line definitions and compared |
//! | [`proxy`] | a connection that is cut at the worst moment |
//! | [`promises`] | the manual's tables of kinds, compared with what they declare |

// What fails here fails the test.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

pub mod bash;
mod certificates;
pub mod docs;
pub mod flume;
pub mod hdfs;
pub mod keeper;
pub mod needs;
pub mod pipeline;
pub mod promises;
pub mod proxy;
pub mod random;
pub mod shell;
mod wait;

pub use certificates::certificates;
pub use sstream::connect::docs::man;
pub use wait::wait_until;
