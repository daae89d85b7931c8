//! Runs bash pipelines with the built tools, each in a fresh directory.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A fresh directory to run scripts in.
pub struct Folder(tempfile::TempDir);

/// What became of a script.
pub struct Ran {
    script: String,
    output: Output,
}

impl Folder {
    pub fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Puts a file there.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Folder {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    /// Runs a bash script; one that hangs is ended after a minute.
    pub fn bash(&self, script: &str) -> Ran {
        let tools = Path::new(env!("CARGO_BIN_EXE_sstream-join")).parent().unwrap();
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let output = Command::new("timeout")
            .args(["--kill-after=5", "60", "bash", "-o", "pipefail", "-c", script])
            .current_dir(self.0.path())
            .env("PATH", path)
            .env_remove("SSTREAM_BATCH")
            .env_remove("SSTREAM_CHECKPOINT")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran { script: script.to_owned(), output }
    }
}

impl Ran {
    /// The exit code must be this.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.output.status.code(), Some(code), "{self}");
        self
    }

    /// stderr must have this in it.
    #[track_caller]
    pub fn says(self, text: &str) -> Ran {
        assert!(self.stderr().contains(text), "expected '{text}' on stderr\n{self}");
        self
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

/// All there is to know of a failure.
impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |text: String| match text.char_indices().nth(4000) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text,
        };
        let (stdout, stderr) = (short(self.stdout()), short(self.stderr()));
        write!(f, "{}\n{}\nstdout:\n{stdout}\nstderr:\n{stderr}", self.script, self.output.status)
    }
}
