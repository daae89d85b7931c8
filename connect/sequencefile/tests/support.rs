//! A folder of SequenceFiles, and who reads it.

use sstream_testkit::needs::has_all;
use sstream_testkit::shell::{Folder, Ran};

/// The reader in Python.
pub const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");

/// Whether there is what these tests need.
pub fn is_possible() -> bool {
    has_all("SEQUENCEFILE_TESTS", &["python3"])
}

/// Writes batches, a line of JSON each, as `out/b-1000` and so on.
pub fn write(folder: &Folder, batches: &str, options: &str) -> Ran {
    folder.file("batches", batches);
    folder.run(&format!(
        "mkdir -p out; sstream-source queue batches --batch 1s | sstream-sink sequencefile out/b {options}"
    ))
}

/// What the reader in Python prints of files.
#[track_caller]
pub fn peer(folder: &Folder, command: &str) -> String {
    folder.run(&format!("python3 {PEER} {command}")).exits(0).stdout
}
