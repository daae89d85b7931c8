//! What shows what goes on in a pipeline: in a browser, on a terminal, as
//! metrics; over pipelines that run.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::wrong_self_convention)]

#[path = "../support/bash.rs"]
mod bash;
mod browser;
#[path = "../cli/live.rs"]
#[allow(dead_code)] // what only other tests use
mod live;
mod metrics;
mod page;
mod page_json;
mod progress;
mod screen;
mod stage;
#[path = "../cli/support.rs"]
mod support;
mod top;
