//! Cassandra: records become rows, each known by its key, in requests of one partition.
//!
//! Constraints, and what follows from them:
//!
//! - *There are no transactions*: what is done twice has to come to the same. A row is known by its key, and is written with
//!   the batch's time: what comes again writes the same cells with the same times, and never over those of a later
//!   batch.
//! - *Of two cells with one time the greater one wins*, not the later one: rows of one key in a batch are merged, or get
//!   times of their own ([`chunk`]).
//! - *A batch that is cut off never looks whole*: nothing is sent before its end has come. Until then it is held, in memory
//!   and then on disk.
//! - *A request is answered as a whole*, and is quick where it is of one partition: rows go by their partition, and one
//!   that is refused is found by halving.
//! - *A server answers in any order*: many requests are under way on one connection, each with a number.
//!
//! | module | what it is |
//! |---|---|
//! | [`frame`] | requests and answers on the wire |
//! | [`message`] | what is in them |
//! | [`types`] | the types of columns |
//! | [`value`] | JSON as a value of a type |
//! | [`answer`] | what a server refuses |
//! | [`connection`] | a server |
//! | [`hosts`] | several |
//! | [`table`] | the table or the statement that rows are for |
//! | [`session`] | a connection on which that is prepared |
//! | [`layout`] | what the values of a row are for |
//! | [`row`] | a record as a row |
//! | [`chunk`] | rows as requests |
//! | [`sender`] | requests until nothing is left to do |
//! | [`sink`] | the sink |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod answer;
pub mod chunk;
pub mod connection;
pub mod frame;
pub mod hosts;
pub mod kind;
pub mod layout;
pub mod message;
pub mod row;
pub mod sender;
pub mod session;
pub mod sink;
pub mod table;
pub mod types;
pub mod value;

pub use kind::SinkArgs;
