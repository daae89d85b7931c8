//! What `make demo CONNECT=objects` shows.

use sstream_testkit::shell::shell;

use crate::server::has_s3;

#[test]
fn the_demo_runs() {
    if !has_s3() {
        return;
    }
    let ran = shell(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/demo")).exits(0);
    assert!(ran.stdout.ends_with("boto3 got 72 errors.\n"), "{ran}");
}
