//! `sstream-sink sequencefile` as a program, and its files as a reader in Python and Spark see them.
//!
//! Where there is no Python, or no pyspark, these tests say so and pass, unless `SEQUENCEFILE_TESTS=required`.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod docs;
mod faults;
mod files;
mod promise;
mod spark;
mod support;

#[test]
fn the_demo_runs() {
    if support::is_possible() {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo");
        let ran = sstream_testkit::shell::shell(demo).exits(0);
        assert!(ran.stderr.is_empty() && ran.stdout.contains("hello"), "{ran}");
    }
}
