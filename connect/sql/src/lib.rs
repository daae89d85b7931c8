//! SQL over each batch, by SQLite, which is built in.
//!
//! | module | what it is |
//! |---|---|
//! | [`args`] | the command line |
//! | [`operator`] | collects a batch, runs the query, gives its rows |
//! | [`database`] | the connection: what a query may do, how long, and which columns it asks for |
//! | [`table`] | the virtual table `batch`, over the records' bytes |
//! | [`order`] | a batch in the order of a column |
//! | [`mod@column`] | a record's columns |
//! | [`value`] | values of JSON as SQL has them, and back |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod args;
pub mod column;
pub mod database;
pub mod operator;
pub mod order;
pub mod table;
pub mod value;

pub use args::SqlArgs;
