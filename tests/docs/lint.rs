//! The generated files, read by the programs that they are for. Where one of
//! these is not installed its check is left out, but not in CI.

use super::bash::{FOR_MINUTES, bash};
use super::root;

#[test]
fn mandoc_reads_the_man_pages() {
    // Generated pages have no date; what they are made from has.
    check("mandoc -T lint -W warning man/*.[1-8] connect/*/man/*.1 | grep -v 'missing date' || true", "mandoc");
}

#[test]
fn shells_read_the_completions() {
    check("for f in completions/bash/* connect/*/completions/bash/*; do bash -n $f || exit 1; done", "bash");
    check("for f in completions/zsh/* connect/*/completions/zsh/*; do zsh -n $f || exit 1; done", "zsh");
    check("for f in completions/fish/* connect/*/completions/fish/*; do fish --no-execute $f || exit 1; done", "fish");
}

#[test]
fn scripts_parse() {
    check(
        "for f in $(find examples connect/*/examples -maxdepth 1 -type f -perm -u+x) scripts/* benches/bench benches/peers benches/made.sh benches/make-log benches/others/venv benches/others/python benches/suites/* .ci/run; do bash -n $f || exit 1; done",
        "bash",
    );
}

/// Runs a shell line in the repository; it must succeed and say nothing.
fn check(line: &str, program: &str) {
    let run = |line: &str| bash(FOR_MINUTES, line, root()).output().unwrap();
    if !run(&format!("command -v {program}")).status.success() && std::env::var_os("CI").is_none() {
        return;
    }
    let output = run(line);
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{line}\n{}", String::from_utf8_lossy(&said));
}
