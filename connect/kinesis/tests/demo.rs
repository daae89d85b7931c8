//! What `make demo CONNECT=kinesis` shows.

use sstream_testkit::shell::shell;

use crate::server::is_possible;

#[test]
fn the_demo_runs() {
    if !is_possible() {
        return;
    }
    let ran = shell(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo")).exits(0);
    assert!(ran.stdout.ends_with("boto3 got 72 errors.\n"), "{ran}");
}
