//! Where a test runs.

use std::time::Duration;

use sstream_testkit::needs::has_all;
use sstream_testkit::pipeline::Pipeline;
use sstream_testkit::shell::{Folder, Ran};

/// Whether there is what all these tests need.
pub fn is_possible() -> bool {
    has_all("SINGER_TESTS", &["python3"])
}

/// An empty folder.
pub struct World {
    /// It.
    pub folder: Folder,
}

impl World {
    /// One.
    pub fn new() -> World {
        let folder = Folder::new();
        folder.run("mkdir out").exits(0);
        World { folder }
    }

    /// What a line sees: `$tap` and `$target`, ours.
    pub fn variables(&self) -> String {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
        format!("tap='python3 {tests}/tap.py'; target='python3 {tests}/target.py'; ")
    }

    /// Runs a line.
    pub fn run(&self, line: &str) -> Ran {
        self.folder.run(&format!("{}{line}", self.variables()))
    }

    /// Runs a line beside the test; what it says goes to the file `err`.
    pub fn begin(&self, line: &str) -> Pipeline {
        Pipeline::start(&self.folder.path(""), &format!("{}{line}", self.variables()), &self.folder.path("err"))
    }
}

/// Ends a pipeline with a stop.
pub fn stop(mut pipeline: Pipeline) {
    pipeline.signal_sources(rustix::process::Signal::TERM);
    assert!(pipeline.wait(Duration::from_secs(30)).is_some(), "it does not end");
}

/// Records of the tap, a line each.
pub fn records(range: std::ops::RangeInclusive<u64>) -> String {
    range.map(|number| format!("{{\"n\":{number}}}\n")).collect()
}
