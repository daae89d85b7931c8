//! The built tools, run as a user runs them: lines of shell in a fresh directory.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod aggregate;
mod first_minute;
mod forms;
mod join;
mod live;
mod operators;
mod scripts;
mod signals;
mod sinks;
mod sources;
#[allow(dead_code)] // each part of the tests has its needs
mod support;
mod transform;
mod usage;
