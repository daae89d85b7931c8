//! The Scribe source and sink, with a client and a server by thriftpy2, `peer.py` beside this, raw sockets, and
//! Flume's Scribe source.
//!
//! Where there is no Python that can have thriftpy2 these tests say so and pass, unless
//! SCRIBE_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod demo;
mod docs;
mod explain;
mod faults;
mod flume;
mod hostile;
mod secure;
mod sink;
mod source;
mod support;
