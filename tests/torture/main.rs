//! Real pipelines that are killed, stopped, and robbed of their disk: nothing is lost, and
//! nothing comes twice. `make test` runs a bounded form; `make torture` sets
//! SSTREAM_TORTURE, for which ROUNDS (300) and SEED count.
// What fails here fails the test.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod check;
mod faults;
mod input;
mod kills;

use sstream_testkit::{pipeline, random};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Whether everything is to be tried, and for long.
fn is_full() -> bool {
    std::env::var_os("SSTREAM_TORTURE").is_some()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

#[test]
fn the_output_is_what_it_would_have_been() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let rounds = number("ROUNDS").unwrap_or(if is_full() { 300 } else { 12 });
    // A bounded run is the same each time, as far as the system lets it.
    let seed = number("SEED").unwrap_or(if is_full() { now.as_secs() } else { 1 });
    let log = std::env::var("TORTURE_LOG")
        .unwrap_or_else(|_| concat!(env!("CARGO_TARGET_TMPDIR"), "/torture.log").to_owned());
    kills::torture(rounds, seed, Path::new(&log));
}
