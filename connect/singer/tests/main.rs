//! The Singer source and sink: taps and targets of the tests' own, and real ones.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod demo;
mod docs;
mod explain;
mod faults;
mod real;
mod sink;
mod source;
mod world;
