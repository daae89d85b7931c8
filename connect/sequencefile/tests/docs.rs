//! The man page and completions are what the command line gives, and `explain` tells the rest.

use sstream::connect::docs;
use sstream_sequencefile::SinkArgs;
use sstream_testkit::shell::explains;

#[test]
fn man_pages_and_completions_match_the_command_line() {
    let tools = [docs::sink::<SinkArgs>()];
    sstream_testkit::docs::check_connector(env!("CARGO_MANIFEST_DIR"), &tools);
    sstream_testkit::promises::check_kind(&tools[0], "sequencefile", "sstream-sink-sequencefile out");
}

#[test]
fn what_holds_after_a_crash_is_told() {
    explains(
        "sstream-source tail log --checkpoint ck | sstream-sink sequencefile out/hits --layout spark",
        0,
        &["SequenceFiles of Hadoop", "exactly once", "directories that are renamed"],
    );
}
