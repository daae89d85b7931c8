//! The man pages and completions are what the command lines give.

use sstream::connect::docs;
use sstream_objects::{SinkArgs, SourceArgs};

#[test]
fn man_pages_and_completions_match_the_command_line() {
    let tools = [docs::sink::<SinkArgs>(), docs::source::<SourceArgs>()];
    sstream_testkit::docs::check_connector(env!("CARGO_MANIFEST_DIR"), &tools);
    for tool in &tools {
        let command = format!("{} s3://bucket/name", tool.command.get_name());
        sstream_testkit::promises::check_kind(tool, "objects", &command);
    }
}
