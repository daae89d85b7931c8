//! What shows what goes on in a pipeline: in a browser, on a terminal, as
//! metrics; over pipelines that run.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::wrong_self_convention)]

mod browser;
#[allow(dead_code)]
#[path = "../cli/live.rs"]
mod live;
mod metrics;
mod page;
mod page_json;
mod progress;
mod screen;
mod serve;
mod stage;
mod top;

use sstream_testkit::{bash, shell as support};
