//! What `make demo CONNECT=feed` shows.

use sstream_testkit::shell::shell;

use crate::server::is_possible;

#[test]
fn the_demo_runs() {
    if !is_possible() {
        return;
    }
    let ran = shell(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo")).exits(0);
    assert!(ran.stdout.ends_with("The files have 300 numbers, from 1 to 300, each once.\n"), "{ran}");
}
