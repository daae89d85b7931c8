//! `sstream-sink elasticsearch` against a real OpenSearch, which curl asks for the truth, and against a stand-in that
//! has bad days on demand.
//!
//! Where there is no Java or no Maven these tests say so and pass, unless ELASTICSEARCH_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod demo;
mod docs;
mod faults;
mod hostile;
mod real;
mod server;
