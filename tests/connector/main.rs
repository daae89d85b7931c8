//! The connectors of docs/CONNECTORS.md, built as a crate of its own, outside of this
//! workspace, and run as their user would.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use sstream_testkit::shell::{Folder, Ran};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A copy of the crate elsewhere, with the versions that this workspace is built with.
fn copy() -> PathBuf {
    let (from, to) = (root().join("examples/connector"), Path::new(env!("CARGO_TARGET_TMPDIR")).join("connector"));
    let _ = fs::remove_dir_all(to.join("src"));
    fs::create_dir_all(to.join("src")).unwrap();
    let manifest = fs::read_to_string(from.join("Cargo.toml")).unwrap();
    let path = format!("path = \"{}\"", root().display());
    assert!(manifest.contains("path = \"../..\""));
    fs::write(to.join("Cargo.toml"), manifest.replace("path = \"../..\"", &path)).unwrap();
    for file in ["src/source.rs", "src/sink.rs"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
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

/// Where the programs are, built and tested once.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let crate_dir = copy();
    cargo(&["test", "--quiet"], &crate_dir);
    cargo(&["build", "--quiet"], &crate_dir);
    crate_dir.join("target/debug")
});

/// Runs a line with the connectors in PATH, and not beside the tools.
fn run(folder: &Folder, line: &str) -> Ran {
    folder.run(&format!("PATH=$PATH:{}; {line}", BUILT.display()))
}

/// The source until nothing has come for a moment.
const SOURCE: &str = "sstream-source fixed spool 6 --checkpoint ck --batch 100ms --idle-timeout 2s";

#[test]
fn a_source_goes_on_where_it_was() {
    let folder = Folder::new();
    let pipeline = format!("{SOURCE} | sstream-sink files out");
    run(&folder, &format!("printf 'one   two   thr' >spool; {pipeline}")).exits(0);
    run(&folder, "cat out-*").prints("one\ntwo\n");
    // A second run goes on where the first one was, in the middle of a record.
    run(&folder, &format!("printf 'ee four  ' >>spool; {pipeline}")).exits(0);
    run(&folder, "cat out-*").prints("one\ntwo\nthree\nfour\n");
    // Its position reads as it says.
    let shown = run(&folder, "sstream-checkpoint show ck $(ls out-* | tail -1 | tr -dc 0-9)").exits(0);
    assert!(shown.stdout.contains("read again from records 2 to 4"), "{shown}");
    let shown = folder.run("sstream-checkpoint show ck $(ls out-* | tail -1 | tr -dc 0-9)").exits(0);
    assert!(shown.stdout.contains("read again from 0200000000000000"), "{shown}");
    let help = run(&folder, "sstream-source fixed --help").exits(0);
    assert!(help.stdout.contains("--checkpoint") && !help.stdout.contains("--columns"), "{help}");
    run(&folder, "sstream-source fixed spool 6 --columns a").exits(2).says("--columns: this source gives no lines");
}

/// The tools know nothing of these kinds, and take their programs for what they are: no
/// frames are read as lines, and no sink is started once a batch.
#[test]
fn a_connector_that_nobody_knows_is_none_of_lines() {
    let folder = Folder::new();
    run(&folder, &format!("printf 'one   two   ' >spool; {SOURCE} | sstream-sink ledger book")).exits(0);
    let book = folder.read("book");
    let lines: Vec<&str> = book.lines().collect();
    assert!(lines.len() == 3 && lines[..2] == ["\"one\"", "\"two\""] && lines[2].ends_with(".01-ledger"), "{book}");
    // A script that starts one is none, which is told.
    folder
        .run(
            "printf '#!/bin/sh\\nexec sstream-source-fixed \"$@\"\\n' >sstream-source-wrapped; \
        printf '#!/bin/sh\\nexec sstream-sink-ledger \"$@\"\\n' >sstream-sink-wrapped; chmod +x sstream-s*",
        )
        .exits(0);
    for line in ["sstream-source wrapped spool 6", "sstream-source exec -- sstream-source-fixed spool 6"] {
        let ran = run(&folder, &format!("PATH=.:$PATH; {line} | sstream-sink text"));
        ran.exits(2).says("its output is a stream of batches, no lines");
    }
    let ran = run(&folder, &format!("PATH=.:$PATH; {} | sstream-sink wrapped book", SOURCE.replace(" ck ", " other ")));
    let ran = ran.exits(1);
    assert!(ran.stderr.contains("end the pipeline with … | sstream-sink-ledger ARGS"), "{ran}");
}

#[test]
fn explain_asks_connectors_that_nobody_knows() {
    let explain = |line: &str| run(&Folder::new(), &format!("sstream explain '{line}'"));
    for line in [
        "sstream-source fixed spool 6 --checkpoint ck | sstream-sink ledger book",
        "sstream source fixed spool 6 --checkpoint ck | sstream sink ledger book",
        "sstream-source-fixed spool 6 --checkpoint ck | sstream-sink-ledger book",
    ] {
        let told = explain(line).exits(0);
        assert!(told.stdout.contains("are read again from the file, which must stay there"), "{told}");
        assert!(told.stdout.contains("appends each batch to a ledger"), "{told}");
        assert!(told.stdout.contains("exactly once, for whoever reads up to the last mark"), "{told}");
    }
    let told = explain("sstream-source fixed spool | sstream-sink ledger book").exits(2);
    assert!(told.stdout.contains("MISTAKE: SIZE is missing"), "{told}");
}

/// A kind that does not say where it may run on a cluster is of one machine.
#[test]
fn a_cluster_has_it_on_the_driver_if_that_is_said() {
    let line = "--plan 'sstream-source fixed spool 6 | sstream-sink ledger book'";
    run(&Folder::new(), &format!("sstream-submit {line}"))
        .exits(2)
        .says("it does not say whether it may run on several machines: with --on-driver it runs on the driver");
    let plan = run(&Folder::new(), &format!("sstream-submit --on-driver {line} | jq -r '.nodes[] | .kind'")).exits(0);
    plan.prints("receive\ndriver\n");
}

/// What a file has lost that was written anew is told, and what is new in it comes.
#[test]
fn a_file_that_was_written_anew_is_gone() {
    let folder = Folder::new();
    let pipeline = |on_loss: &str| format!("{SOURCE} {on_loss} | sstream-sink files out");
    run(&folder, &format!("printf 'one   two   three ' >spool; {}", pipeline(""))).exits(0);
    run(&folder, &format!("printf 'four  ' >spool; {}", pipeline("")))
        .exits(5)
        .says("it has 1 records, and 3 were read");
    run(&folder, &pipeline("--on-loss skip")).exits(0).says("begun anew");
    run(&folder, "cat out-*").prints("one\ntwo\nthree\nfour\n");
    // The same of batches that are to be sent again.
    run(&folder, "sstream-checkpoint reset ck --yes --to $(($(ls out-* | head -1 | tr -dc 0-9) - 100)); rm out-*")
        .exits(0);
    run(&folder, &pipeline("")).exits(5).says("it has 1 records, and ");
    run(&folder, &format!("printf 'five  ' >>spool; {}", pipeline("--on-loss skip"))).exits(0);
    run(&folder, "cat out-*").prints("four\nfive\n");
}

/// After a reset a sink that keeps account in a system of its own writes again what it had written.
#[test]
fn a_reset_reaches_a_sink_that_keeps_its_own_account() {
    let folder = Folder::new();
    run(&folder, &format!("printf 'one   ' >spool; {SOURCE} | sstream-sink ledger book")).exits(0);
    run(&folder, &format!("printf 'two   ' >>spool; {SOURCE} | sstream-sink ledger book")).exits(0);
    assert_eq!(folder.read("book").lines().filter(|line| !line.starts_with('#')).count(), 2);
    let first = folder.read("book").lines().nth(1).unwrap()[1..].split(' ').next().unwrap().to_owned();
    run(&folder, &format!("sstream-checkpoint reset ck --to {first} --yes")).exits(0);
    run(&folder, &format!("{SOURCE} | sstream-sink ledger book")).exits(0);
    let book = folder.read("book");
    let records: Vec<&str> = book.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(records, ["\"one\"", "\"two\"", "\"two\""], "{book}");
}

#[test]
fn a_program_gives_its_man_page_and_completions() {
    let folder = Folder::new();
    let page = run(&folder, "sstream-source-fixed --generate man").exits(0);
    assert!(page.stdout.starts_with(".TH SSTREAM-SOURCE-FIXED 1"), "{page}");
    assert!(page.stdout.contains("Bytes of a record") && page.stdout.contains("\\-\\-checkpoint"), "{page}");
    for (shell, part) in
        [("bash", "complete -F"), ("zsh", "#compdef sstream-sink-ledger"), ("fish", "complete -c sstream-sink-ledger")]
    {
        let script = run(&folder, &format!("sstream-sink-ledger --generate {shell}")).exits(0);
        assert!(script.stdout.contains(part), "{script}");
    }
    run(&folder, "sstream-sink-ledger --generate html").exits(2).says("One of man, bash, zsh, fish");
}

/// What the page shows is what is built.
#[test]
fn the_page_shows_the_code() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let page = read("docs/CONNECTORS.md");
    let code = format!("{}{}", read("examples/connector/src/source.rs"), read("examples/connector/src/sink.rs"));
    let mut blocks = 0;
    for (language, text) in [("rust", &code), ("toml", &read("examples/connector/Cargo.toml"))] {
        for block in page.split(&format!("```{language}\n")).skip(1) {
            let block = block.split("```").next().unwrap();
            assert!(text.contains(block), "this is not in the example:\n{block}");
            blocks += 1;
        }
    }
    assert!(blocks >= 8, "the page shows little of it");
}
