//! The built tools, run as a user runs them: lines of shell in a fresh directory.

// What a test cannot go on without may panic.
#![allow(clippy::unwrap_used)]

mod sinks;
#[allow(dead_code)] // each part of the tests has its needs
mod support;
mod transform;
