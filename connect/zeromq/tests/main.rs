//! The ZeroMQ source and sink against libzmq, by pyzmq.
//!
//! Where there is no pyzmq these tests say so and pass, unless ZEROMQ_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod demo;
mod docs;
mod explain;
mod faults;
mod hostile;
mod secure;
mod sink;
mod source;
mod world;
