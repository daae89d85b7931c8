//! MongoDB: records become documents, in commands that write many of them.
//!
//! Constraints, and what follows from them:
//!
//! - *There are no transactions* on a server that stands alone, and they are dear elsewhere: what is done twice has to come
//!   to the same. A document's id is made of the checkpoint's id, the sink's place in it, the batch's time and the
//!   record's place in the batch, and is inserted: that it is there already is as good as done. By a record's own
//!   id or key the whole document is written once more.
//! - *A batch that is cut off never looks whole*: nothing is sent before its end has come. Until then it is held, in memory
//!   and then on disk.
//! - *A command is answered document by document*: one waits, another is a bad record, a third is done.
//! - *The server that takes writes is another one after an election*: whoever is lost is looked for among all.
//!
//! | module | what it is |
//! |---|---|
//! | [`address`] | connection strings |
//! | [`document`] | a record as an operation on a document |
//! | [`bson`] | JSON and BSON, straight |
//! | [`bulk`] | the operations of a command |
//! | [`message`] | commands and answers on the wire |
//! | [`scram`] | the login |
//! | [`connection`] | a server |
//! | [`members`] | several, one of which takes writes |
//! | [`answer`] | what the server says of each document, and of all |
//! | [`sender`] | a command until nothing of it is left to do |
//! | [`sink`] | the sink |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod address;
pub mod answer;
pub mod bson;
pub mod bulk;
pub mod connection;
pub mod document;
pub mod kind;
pub mod members;
pub mod message;
pub mod scram;
pub mod sender;
pub mod sink;

pub use kind::SinkArgs;
