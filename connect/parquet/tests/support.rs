//! A folder of Parquet, and who reads it.

use std::process::Command;
use std::sync::OnceLock;

use sstream_testkit::needs::{has_all, lacks};
use sstream_testkit::shell::{Folder, Ran};

/// The readers in Python.
pub const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer");

/// Whether there is what these tests need.
pub fn is_possible() -> bool {
    static HAS_PEER: OnceLock<bool> = OnceLock::new();
    has_all("PARQUET_TESTS", &["python3", "flock"])
        && (*HAS_PEER.get_or_init(|| Command::new(PEER).arg("available").status().unwrap().success())
            || lacks("PARQUET_TESTS", "pyarrow, nor can it be fetched"))
}

/// Writes batches, a line of JSON each, into the folder `out`.
pub fn write(folder: &Folder, batches: &str, options: &str) -> Ran {
    folder.file("batches", batches);
    folder.run(&format!("mkdir -p out; sstream-source queue batches --batch 1s | sstream-sink parquet out {options}"))
}

/// What pyarrow reads in `out`.
#[track_caller]
pub fn has(folder: &Folder, rows: &[&str]) {
    let ran = folder.run(&format!("{PEER} rows out")).exits(0);
    assert_eq!(ran.stdout.lines().collect::<Vec<_>>(), rows, "{ran}");
}

/// What a command of the peer prints.
#[track_caller]
pub fn peer(folder: &Folder, command: &str) -> String {
    folder.run(&format!("{PEER} {command}")).exits(0).stdout
}

/// The files of `out`, but for what is under way.
pub fn files(folder: &Folder) -> Vec<String> {
    let found = folder.run("cd out; find . -name '*.parquet' | sort").exits(0).stdout;
    found.lines().map(|line| line.trim_start_matches("./").to_owned()).collect()
}

/// Whether nothing is under way, and nothing was left.
pub fn is_tidy(folder: &Folder) -> bool {
    folder.run("ls -A out | grep '^\\.' || true").exits(0).stdout.is_empty()
}
