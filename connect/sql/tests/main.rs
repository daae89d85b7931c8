//! `sstream-sql` as a program.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod docs;
mod explain;
mod query;
