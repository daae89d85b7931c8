//! The man page and completions are what the command line gives.

use sstream::connect::docs;
use sstream_feed::FeedArgs;

#[test]
fn man_pages_and_completions_match_the_command_line() {
    let tools = [docs::source::<FeedArgs>()];
    sstream_testkit::docs::check_connector(env!("CARGO_MANIFEST_DIR"), &tools);
    sstream_testkit::promises::check_kind(&tools[0], "feed", "sstream-source-feed http://h/ --events");
}
