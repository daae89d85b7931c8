//! What `make demo CONNECT=mqtt` shows.

use sstream_testkit::shell::shell;

use crate::broker::is_possible;

#[test]
fn the_demo_runs() {
    if !is_possible() {
        return;
    }
    let ran = shell(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo")).exits(0);
    assert!(ran.stdout.ends_with("mosquitto_sub got 72 errors.\n"), "{ran}");
}
