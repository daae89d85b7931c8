//! Elasticsearch and OpenSearch: records become documents, in requests of `_bulk`.
//!
//! Constraints, and what follows from them:
//!
//! - *The server has no transactions*: what is done twice has to come to the same. A document's id is made of the
//!   checkpoint's id, the sink's place in it, the batch's time and the record's place in the batch, and is
//!   created: that it is there already (409) is as good as done. By a record's own key (`--id`) the whole
//!   document is written once more.
//! - *A batch that is cut off never looks whole*: nothing is sent before its end has come. Until then it is held, in memory
//!   and then on disk.
//! - *A request is answered document by document*: one waits, another is a bad record, a third is done.
//!
//! | module | what it is |
//! |---|---|
//! | [`document`] | a record as an operation on a document |
//! | [`bulk`] | the operations of a request |
//! | [`answer`] | what the server says of each, and of all |
//! | [`client`] | requests, to several nodes in turn |
//! | [`sender`] | a request until nothing of it is left to do |
//! | [`sink`] | the sink |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod answer;
pub mod bulk;
pub mod client;
pub mod document;
pub mod kind;
pub mod sender;
pub mod sink;

pub use kind::SinkArgs;
