//! `sstream-sql` as a program.
// What fails here fails the test; checks are chained.
#![allow(clippy::unwrap_used)]

mod docs;
mod explain;
mod functions;
mod living;
mod query;
mod tables;

#[test]
fn the_demo_shows_sql() {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo");
    let ran = sstream_testkit::shell::shell(demo).exits(0).says_nothing();
    assert!(ran.stdout.contains("{\"country\":\"DE\",\"spent\":19,\"orders\":2}\n"), "{ran}");
}

#[test]
fn the_bank_knows_its_totals_at_any_moment() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/bank-totals");
    let ran = sstream_testkit::shell::shell(example).exits(0).says_nothing();
    let expected = format!("{example}.out");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&expected, &ran.stdout).unwrap();
    }
    let expected = std::fs::read_to_string(&expected).unwrap();
    ran.prints(&expected);
}
