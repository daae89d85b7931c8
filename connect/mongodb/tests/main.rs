//! `sstream-sink mongodb` against FerretDB, which pymongo asks for the truth, and against a stand-in that has bad days
//! on demand.
//!
//! Where there is no Go or no Python these tests say so and pass, unless MONGODB_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod demo;
mod docs;
mod faults;
mod hostile;
mod members;
mod real;
mod server;
