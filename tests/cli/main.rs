//! The built tools, run as a user runs them: lines of shell in a fresh directory.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::wrong_self_convention)]

mod aggregate;
#[path = "../support/bash.rs"]
mod bash;
mod checkpoint_admin;
<<<<<<< HEAD
mod checkpoint_pipelines;
=======
>>>>>>> 34bed05 (sstream-source dir and tail: files taken once and whole, or followed through rotations, and read again from ranges)
mod checkpoint_sources;
mod checkpoint_stages;
mod every_tool;
mod examples;
mod files;
mod first_minute;
mod forms;
mod join;
mod live;
mod operators;
mod run;
mod signals;
mod sinks;
mod sources;
mod support;
mod transform;
mod usage;
