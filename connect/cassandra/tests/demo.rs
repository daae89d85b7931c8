//! What `make demo CONNECT=cassandra` shows.

use sstream_testkit::shell::shell;

use crate::server::is_possible;

#[test]
fn the_demo_runs() {
    if !is_possible() {
        return;
    }
    let ran = shell(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo")).exits(0);
    assert!(
        ran.stdout.contains("\n3 hello 1970-01-01T00:00:30Z\n") && ran.stdout.contains("rows in hits: 22"),
        "{ran}"
    );
}
