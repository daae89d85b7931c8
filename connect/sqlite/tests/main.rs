//! `sstream-sink sqlite` as a program, and its file as `sqlite3` sees it.
//!
//! Where there is no sqlite3 these tests say so and pass, unless SQLITE_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod docs;
mod faults;
mod promise;
mod sink;

/// Whether there is what these tests need.
fn is_possible() -> bool {
    sstream_testkit::needs::has_all("SQLITE_TESTS", &["sqlite3"])
}

#[test]
fn the_demo_runs() {
    if is_possible() {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo");
        let ran = sstream_testkit::shell::shell(demo).exits(0);
        assert!(ran.stderr.is_empty() && ran.stdout.contains("hello|"), "{ran}");
    }
}
