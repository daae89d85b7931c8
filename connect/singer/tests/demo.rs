//! What `make demo CONNECT=singer` shows.

use sstream_testkit::shell::shell;

use crate::world::is_possible;

#[test]
fn the_demo_runs() {
    if !is_possible() {
        return;
    }
    let ran = shell(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo")).exits(0);
    assert!(ran.stdout.ends_with("The target has counts of 12 orders.\n"), "{ran}");
}
