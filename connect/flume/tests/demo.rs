//! What `make demo CONNECT=flume` shows.

use sstream_testkit::shell::shell;

use crate::support::is_possible;

#[test]
fn the_demo_runs() {
    if !is_possible() {
        return;
    }
    let ran = shell(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo")).exits(0);
    assert!(ran.stdout.ends_with("The second agent has 72 errors, of 72 in the log.\n"), "{ran}");
}
