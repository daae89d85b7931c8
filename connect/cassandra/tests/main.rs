//! `sstream-sink cassandra` against a real Cassandra, which its Python driver asks for the truth, and against a stand-in that has
//! bad days on demand.
//!
//! Where there is no Java, Maven or Python these tests say so and pass, unless CASSANDRA_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod demo;
mod docs;
mod faults;
mod hostile;
mod real;
mod server;
