//! What a tool does whose stdin, stdout or stderr was closed when it was started, and
//! that a service's /dev/null is not taken for closed.

use crate::support::shell;

const SAID: &str = "it is closed, or not open for this: Bad file descriptor";

#[test]
fn a_closed_descriptor_that_is_used_is_wrong_usage() {
    for (line, which) in [
        ("sstream-filter . <&-", "stdin"),
        ("sstream-filter . --input json <&- 1<> /dev/null", "stdin"),
        ("seq 3 | sstream-filter . >&-", "stdout"),
        ("seq 3 | sstream-filter none --output text >&-", "stdout"),
        ("seq 3 | sstream-filter . 1< /dev/null", "stdout"),
        ("sstream-filter --help >&-", "stdout"),
        ("sstream-source --version >&-", "stdout"),
        ("sstream --list >&-", "stdout"),
        ("sstream explain 'sstream-filter .' >&-", "stdout"),
        // A stage of a run has what the run has, and is not started again and again.
        ("sstream-run 'sstream-filter . | sstream-sink text' <&-", "stdin"),
        ("seq 3 | sstream-run 'sstream-filter .' >&-", "stdout"),
    ] {
        let ran = shell(line).exits(2);
        assert!(ran.stderr.contains(&format!(": {which}: {SAID}")), "{line}\n{ran}");
    }
    shell("seq 3 | sstream-sink print --pass 2>&- > /dev/null").exits(2);
}

#[test]
fn a_command_finds_closed_what_the_tool_found_closed() {
    let ran = shell("seq 3 | sstream-sink exec -- cat >&-").exits(1);
    assert!(ran.stderr.contains("write error: Bad file descriptor"), "{ran}");
    let line = "seq 3 | sstream-filter bad --input json --on-error /dev/stderr --output text";
    shell(&format!("{line} 2>&-")).exits(1).prints("");
}

#[test]
fn what_is_not_used_may_be_closed() {
    shell("echo '[1]' > in; sstream-source queue in --output text <&- 2>&-").exits(0).prints("1\n");
    shell("seq 2 | sstream-sink files out >&-; cat out-*").exits(0).prints("1\n2\n");
}

/// Daemons are given /dev/null for reading and writing, which is what std opens in the place
/// of what was closed.
#[test]
fn a_null_device_that_was_given_on_purpose_is_open() {
    shell("sstream-filter . <> /dev/null 1<> /dev/null 2<> /dev/null").exits(0);
    shell("seq 2 | sstream-filter . > /dev/null").exits(0).says_nothing();
    shell("sstream-filter . --output text < /dev/null").exits(0).says_nothing();
}
