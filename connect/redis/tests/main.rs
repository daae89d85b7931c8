//! `sstream-sink redis` against a real server, which redis-cli asks for the truth.
//!
//! Where there is no Redis these tests say so and pass, unless REDIS_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod docs;
mod faults;
mod sink;
mod support;

#[test]
fn the_demo_runs() {
    if support::is_possible() {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo");
        let ran = sstream_testkit::shell::shell(demo).exits(0);
        assert!(ran.stdout.contains("streams") && ran.stdout.contains("changes:"), "{ran}");
    }
}
