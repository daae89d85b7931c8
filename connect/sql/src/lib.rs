//! SQL over each batch, by SQLite, which is built in.
//!
//! | module | what it is |
//! |---|---|
//! | [`args`] | the command line |
//! | [`batch`] | what is kept of a batch while it is open |
//! | [`beside`] | static tables, of files |
//! | [`operator`] | collects a batch, runs the query, gives its rows |
//! | [`database`] | the connection: what a query may do, how long, and which columns it asks for |
//! | [`table`] | the virtual table `batch`, over what was kept |
//! | [`order`] | a batch in the order of a column |
//! | [`mod@column`] | a record's columns |
//! | [`value`] | values of JSON as SQL has them, and back |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod args;
pub mod batch;
pub mod beside;
pub mod column;
pub mod database;
pub mod operator;
pub mod order;
pub mod table;
pub mod value;

pub use args::SqlArgs;
