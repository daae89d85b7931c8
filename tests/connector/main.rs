//! The connector of docs/CONNECTORS.md, built as a crate of its own, outside of this
//! workspace, and run as its user would.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sstream_testkit::bash;

const NAME: &str = "sstream-source-fixed";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A copy of the crate elsewhere, with the versions that this workspace is built with.
fn copy() -> PathBuf {
    let (from, to) = (root().join("examples/connector"), Path::new(env!("CARGO_TARGET_TMPDIR")).join("connector"));
    fs::create_dir_all(to.join("src")).unwrap();
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let path = format!("path = \"{}\"", root().display());
    assert!(manifest.contains("path = \"../..\""));
    fs::write(to.join("Cargo.toml"), manifest.replace("path = \"../..\"", &path)).unwrap();
    fs::copy(from.join("src/main.rs"), to.join("src/main.rs")).unwrap();
    fs::copy(root().join("Cargo.lock"), to.join("Cargo.lock")).unwrap();
    to
}

/// Runs cargo there; what it has built is kept for the next run of the test.
fn cargo(arguments: &[&str], crate_dir: &Path) {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--target-dir"])
        .arg(crate_dir.join("target"))
        .current_dir(crate_dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_connector_of_the_manual_is_built_and_runs() {
    let crate_dir = copy();
    cargo(&["test", "--quiet"], &crate_dir);
    cargo(&["build", "--quiet"], &crate_dir);
    let tool = crate_dir.join("target/debug").join(NAME);
    let folder = sstream_testkit::shell::Folder::new();
    let run = |line: &str| {
        let line = format!("PATH={}:$PATH; {line}", tool.parent().unwrap().display());
        let output = bash::bash(bash::FOR_A_MINUTE, &line, &folder.path("")).output().unwrap();
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let pipeline =
        "sstream-source-fixed spool 6 --checkpoint ck --batch 100ms --idle-timeout 1s | sstream-sink files out";
    run(&format!("printf 'one   two   thr' >spool; {pipeline}"));
    assert_eq!(run("cat out-*"), "one\ntwo\n");
    // A second run goes on where the first one was, in the middle of a record.
    run(&format!("printf 'ee four  ' >>spool; {pipeline}"));
    assert_eq!(run("cat out-*"), "one\ntwo\nthree\nfour\n");
    assert!(run("sstream-source-fixed --help").contains("--checkpoint"));
}

/// What the page shows is what is built.
#[test]
fn the_page_shows_the_code() {
    let page = fs::read_to_string(root().join("docs/CONNECTORS.md")).unwrap();
    let code = fs::read_to_string(root().join("examples/connector/src/main.rs")).unwrap();
    let manifest = fs::read_to_string(root().join("examples/connector/Cargo.toml")).unwrap();
    let mut blocks = 0;
    for (language, text) in [("rust", &code), ("toml", &manifest)] {
        for block in page.split(&format!("```{language}\n")).skip(1) {
            let block = block.split("```").next().unwrap();
            assert!(text.contains(block), "this is not in the example:\n{block}");
            blocks += 1;
        }
    }
    assert!(blocks >= 4, "the page shows little of it");
}
