//! `sstream-sink mysql` against a real server, which the client mariadb asks for the truth.
//!
//! Where there is no MariaDB these tests say so and pass, unless MYSQL_TESTS=required.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod docs;
mod faults;
mod proxy;
mod sink;
mod support;

#[test]
fn the_demo_runs() {
    if support::is_possible() {
        let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo");
        let ran = sstream_testkit::shell::shell(demo).exits(0);
        assert!(ran.stdout.contains("hello") && ran.stdout.contains("| word"), "{ran}");
    }
}
