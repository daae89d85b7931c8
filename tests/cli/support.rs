//! Runs a line of shell with the built tools in a fresh directory. A failed
//! check shows the line, the status, and all output.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use tempfile::TempDir;

/// A line of shell, to be run.
pub struct Shell {
    line: String,
    stdin: Vec<u8>,
    directory: TempDir,
}

/// What came of a line of shell.
pub struct Ran {
    line: String,
    /// The directory that it ran in.
    pub directory: TempDir,
    status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// Runs a line with nothing on stdin.
pub fn shell(line: &str) -> Ran {
    Shell::new(line).run()
}

/// Bash with pipefail and the built tools in PATH, in `directory`.
pub fn bash(line: &str, directory: &Path) -> Command {
    let tools = Path::new(env!("CARGO_BIN_EXE_sstream-filter")).parent().unwrap();
    let mut command = Command::new("bash");
    command
        .args(["-o", "pipefail", "-c", line])
        .env("PATH", format!("{}:{}", tools.display(), std::env::var("PATH").unwrap()))
        .env_remove("SSTREAM_BATCH")
        .env_remove("SSTREAM_CHECKPOINT")
        .env_remove("SSTREAM_LOG")
        .current_dir(directory);
    command
}

impl Shell {
    pub fn new(line: &str) -> Shell {
        Shell { line: line.to_owned(), stdin: Vec::new(), directory: tempfile::tempdir().unwrap() }
    }

    /// What the line reads from stdin.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Shell {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// Puts a file into the directory.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Shell {
        std::fs::write(self.directory.path().join(name), content).unwrap();
        self
    }

    pub fn run(self) -> Ran {
        let mut child = bash(&self.line, self.directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let bytes = self.stdin;
        // A thread, since a line may write before it has read all; and one that
        // does not read to the end closes the pipe.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran {
            line: self.line,
            directory: self.directory,
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// The exit code must be this.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.status.code(), Some(code), "{self}");
        self
    }

    /// Stdout must be this, to the byte.
    #[track_caller]
    pub fn prints(self, stdout: &str) -> Ran {
        assert_eq!(self.stdout, stdout, "{self}");
        self
    }

    /// Stderr must be one line, and hold this.
    #[track_caller]
    pub fn says(self, part: &str) -> Ran {
        assert!(self.stderr.contains(part), "stderr should hold {part:?}\n{self}");
        assert_eq!(self.stderr.lines().count(), 1, "stderr should be one line\n{self}");
        self
    }

    /// Nothing on stderr.
    #[track_caller]
    pub fn is_quiet(self) -> Ran {
        assert!(self.stderr.is_empty(), "{self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Ran { line, directory, status, stdout, stderr } = self;
        write!(f, "{line}\nin {}: {status}\nstdout:\n{stdout}\nstderr:\n{stderr}", directory.path().display())
    }
}
