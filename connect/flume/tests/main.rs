//! The Flume source and sink against real agents of Apache Flume, its own client, and raw sockets.
//!
//! Where there is no Java or no Maven these tests say so and pass, unless FLUME_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod demo;
mod docs;
mod explain;
mod faults;
mod hostile;
mod raw;
mod secure;
mod sink;
mod source;
mod support;
