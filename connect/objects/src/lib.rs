//! Stores of objects and HDFS: what `sstream-source dir` and `sstream-sink files` are for local files.
//!
//! Constraints, and what follows from them:
//!
//! - *An object appears whole, and is never changed*: another content under a name is another object, so that name and
//!   ETag tell what was taken.
//! - *Nobody tells when one comes*: a thread lists, page by page, now and then.
//! - *A request may take long*: a thread reads an object ahead, a few pieces at most, and goes on where it was when a
//!   connection is lost.
//! - *There is no rename*: a batch is put under its final name before its commit, on the condition that there is nothing; one
//!   that comes again is found to be there by its digest. HDFS has one, and no condition: there it is renamed.
//! - *What becomes records* is the lean tools' own: patterns, forms, packings and names are those of `sstream`.
//!
//! | module | what it is |
//! |---|---|
//! | [`place`] | URLs |
//! | [`store`] | what a program asks of a store |
//! | [`clouds`], [`hdfs`] | stores |
//! | [`trouble`] | what goes wrong with them |
//! | [`args`] | how they are reached, and who we are |
//! | [`lister`], [`fetch`] | threads that look for objects, and read one |
//! | [`source`], [`again`], [`position`] | the source |
//! | [`content`], [`sink`] | the sink |
//! | [`kind`] | the options of both |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod again;
pub mod args;
pub mod clouds;
pub mod content;
pub mod fetch;
pub mod hdfs;
pub mod kind;
pub mod lister;
pub mod place;
pub mod position;
pub mod sink;
pub mod source;
pub mod store;
pub mod trouble;

pub use kind::sink::SinkArgs;
pub use kind::source::SourceArgs;
