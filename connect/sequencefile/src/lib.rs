//! `sstream-sink sequencefile`: batches as SequenceFiles of Hadoop, as Spark's `saveAsHadoopFiles` and
//! `saveAsObjectFiles` make them.
//!
//! | module | what it is |
//! |---|---|
//! | [`kind`] | the options, and what the sink says of itself |
//! | [`pairs`] | records into keys and values, and so into a file |
//! | [`objects`] | records into Java's objects, ten a value, and so into a file |
//! | [`writable`] | values as Hadoop's Writables have them |
//! | [`file`](mod@file) | the SequenceFile itself |
//! | [`compress`] | Hadoop's codecs |
//! | [`java`] | Java's serialisation |
//!
//! All of it makes bytes of records and knows no file: `sstream::connect::Files` writes those, and has the promises.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod compress;
pub mod file;
pub mod java;
pub mod kind;
pub mod objects;
pub mod pairs;
pub mod writable;

pub use kind::SinkArgs;
