//! The HTTP intake and the HTTP sink, with foreign clients and servers: curl, raw sockets, and a
//! server in Python, `server.py` beside this, that keeps what it gets by Idempotency-Key.
//!
//! Where there is no curl or no Python these tests say so and pass, unless
//! HTTP_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod demo;
mod docs;
mod explain;
mod faults;
mod hostile;
mod intake;
mod sink;
mod support;
