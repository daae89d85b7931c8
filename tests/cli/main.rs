//! The built tools, run as a user runs them: lines of shell in a fresh directory.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod live;
mod signals;
mod sources;
mod support;
