//! Runs lines of shell with the built tools, each in a fresh directory or several
//! in one. A failed check shows the line, the status, and all output.

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::rc::Rc;

use tempfile::TempDir;

use crate::bash::{FOR_MINUTES, bash};

/// A fresh directory to run lines in; it is removed with its last clone.
#[derive(Clone)]
pub struct Folder(Rc<TempDir>);

/// A line of shell, to be run.
pub struct Shell {
    line: String,
    stdin: Vec<u8>,
    folder: Folder,
}

/// What came of a line of shell.
pub struct Ran {
    line: String,
    /// The directory that it ran in.
    pub folder: Folder,
    status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

/// `sstream explain` of a pipeline ends so, and says each of the parts.
#[track_caller]
pub fn explains(pipeline: &str, code: i32, parts: &[&str]) {
    let ran = shell(&format!("sstream explain '{pipeline}'")).exits(code);
    for part in parts {
        assert!(ran.stdout.contains(part), "{part} is not in\n{ran}");
    }
}

/// Runs a line with nothing on stdin.
pub fn shell(line: &str) -> Ran {
    Shell::new(line).run()
}

impl Folder {
    /// One that is empty.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Folder {
        Folder(Rc::new(tempfile::tempdir().unwrap()))
    }

    /// Where a file in it is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Puts a file there.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Folder {
        std::fs::write(self.path(name), content).unwrap();
        self
    }

    /// What is in a file; nothing if it is not there.
    pub fn read(&self, name: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.path(name)).unwrap_or_default()).into_owned()
    }

    /// Runs a line there with nothing on stdin.
    pub fn run(&self, line: &str) -> Ran {
        self.shell(line).run()
    }

    /// A line to be run there.
    pub fn shell(&self, line: &str) -> Shell {
        Shell { line: line.to_owned(), stdin: Vec::new(), folder: self.clone() }
    }
}

impl Shell {
    /// A line to be run in a fresh directory.
    pub fn new(line: &str) -> Shell {
        Folder::new().shell(line)
    }

    /// What the line reads from stdin.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Shell {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// Puts a file into the directory.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Shell {
        self.folder.file(name, content);
        self
    }

    /// Runs it, for some minutes at most.
    pub fn run(self) -> Ran {
        let mut child = bash(FOR_MINUTES, &self.line, &self.folder.path(""))
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
            folder: self.folder,
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// The exit code.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The exit code must be this.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.status.code(), Some(code), "{self}");
        self
    }

    /// Stdout must be this, to the byte.
    #[track_caller]
    pub fn prints(self, stdout: &str) -> Ran {
        assert!(self.stdout == stdout, "stdout should be\n{}\n{self}", shorten(stdout));
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
    pub fn says_nothing(self) -> Ran {
        assert!(self.stderr.is_empty(), "stderr should be empty\n{self}");
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ran { line, folder, status, stdout, stderr } = self;
        show(f, line, folder, &status.to_string(), [stdout, stderr])
    }
}

/// All there is to know of a failure.
pub fn show(
    f: &mut fmt::Formatter<'_>,
    line: &str,
    folder: &Folder,
    status: &str,
    [stdout, stderr]: [&str; 2],
) -> fmt::Result {
    let (folder, stdout, stderr) = (folder.path(""), shorten(stdout), shorten(stderr));
    write!(f, "{line}\nin {}: {status}\nstdout:\n{stdout}\nstderr:\n{stderr}", folder.display())
}

/// As much of an output as somebody might read.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(4000) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
