//! Real pipelines that are killed, stopped, and robbed of their disk: nothing is lost, and
//! nothing comes twice. `make test` runs a bounded form; `make torture` sets
//! SSTREAM_TORTURE, for which ROUNDS (300) and SEED count.
// What fails here fails the test.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod check;
mod events;
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

/// How many rounds, and the seed.
fn rounds_and_seed() -> (u64, u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let rounds = number("ROUNDS").unwrap_or(if is_full() { 300 } else { 12 });
    // A bounded run is the same each time, as far as the system lets it.
    (rounds, number("SEED").unwrap_or(if is_full() { now.as_secs() } else { 1 }))
}

#[test]
fn the_output_is_what_it_would_have_been() {
    let (rounds, seed) = rounds_and_seed();
    let log = std::env::var("TORTURE_LOG")
        .unwrap_or_else(|_| concat!(env!("CARGO_TARGET_TMPDIR"), "/torture.log").to_owned());
    kills::torture(rounds, seed, Path::new(&log));
}

#[test]
fn by_event_time_it_is_what_the_finished_log_gives() {
    let (rounds, seed) = rounds_and_seed();
    events::torture(rounds, seed);
}
