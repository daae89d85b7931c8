//! `sstream-sql` as a program.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod docs;
mod explain;
mod query;
mod tables;

#[test]
fn the_demo_shows_sql() {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo");
    let ran = sstream_testkit::shell::shell(demo).exits(0).is_quiet();
    assert!(ran.stdout.contains("{\"country\":\"DE\",\"spent\":19,\"orders\":2}\n"), "{ran}");
}
