//! The man page and the completions are what the command line gives.

use sstream::connect::docs;
use sstream_sql::SqlArgs;

#[test]
fn man_pages_and_completions_match_the_command_line() {
    sstream_testkit::docs::check_connector(env!("CARGO_MANIFEST_DIR"), &[docs::operator::<SqlArgs>()]);
}
