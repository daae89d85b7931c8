//! SQL over each batch, by SQLite, which is built in.
//!
//! | module | what it is |
//! |---|---|
//! | [`args`] | the command line |
//! | [`operator`] | collects a batch, runs the SQL, gives rows |
//! | [`batch`] | what is kept of a batch while it is open |
//! | [`beside`] | static tables, of files |
//! | [`living`] | tables that live on, as a checkpoint keeps them |
//! | [`pages`] | what commits change in a file of SQLite |
//! | [`scratch`] | where that file is while a stage runs |
//! | [`running`] | `--query`: asks a stage that runs |
//! | [`database`] | the connection |
//! | [`ask`] | what the user's SQL asks for |
//! | [`guard`] | what it may do, and how long |
//! | [`functions`] | what there is beside SQLite's functions |
//! | [`rows`] | the rows of a query, as records |
//! | [`table`] | the virtual table `batch`, over what was kept |
//! | [`order`] | a batch in the order of a column |
//! | [`column`](mod@column) | a record's columns |
//! | [`value`] | values of JSON as SQL has them, and back |

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr))]

pub mod args;
pub mod ask;
pub mod batch;
pub mod beside;
pub mod column;
pub mod database;
pub mod functions;
pub mod guard;
pub mod living;
pub mod operator;
pub mod order;
pub mod pages;
pub mod rows;
pub mod running;
pub mod scratch;
pub mod table;
pub mod value;

pub use args::SqlArgs;
