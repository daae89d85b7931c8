//! The shell that runs a pipeline, and how it tells what each stage ended with.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, IsTerminal as _, PipeReader, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use tempfile::NamedTempFile;

use super::cause::Stage;
use super::notify;
use crate::console;
use crate::error::describe;
use crate::record;

/// What the shell does beside the pipeline. A file takes each stage's exit code
/// when the shell ends; a SIGTERM ends it behind the pipeline that runs, so that
/// a script does not go on to its next command.
const TRAPS: &str = concat!(
    r#"trap '__sstream_code=$? __sstream_codes="${PIPESTATUS[*]}"; exit $__sstream_code' TERM; "#,
    r#"trap 'printf %s "${__sstream_codes-${PIPESTATUS[*]}}" >| "$__sstream_file"' EXIT; "#,
);

/// A pipeline to be run.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// A line of shell, or the name of a file of it.
    pub text: OsString,
    /// Whether it is a file's name.
    pub is_file: bool,
    /// Its `$1`, `$2` and so on.
    pub arguments: Vec<OsString>,
    /// Variables to set.
    pub variables: Vec<(&'static str, OsString)>,
    /// Its stages, as far as the text tells.
    pub stages: Vec<Stage>,
    /// What its user calls it.
    pub name: Option<String>,
}

/// Why a pipeline cannot be started.
#[derive(Debug)]
pub enum StartError {
    /// The shell does not understand it.
    Syntax(String),
    /// There is no such file, or it cannot be read.
    File {
        /// Its name.
        name: OsString,
        /// What the system said.
        error: io::Error,
    },
    /// There is no bash.
    NoShell,
    /// A pipe, a file or a process cannot be made.
    System {
        /// Which.
        what: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Syntax(message) => f.write_str(message),
            StartError::File { name, error } => write!(f, "{}: {}", name.display(), describe(error)),
            StartError::NoShell => f.write_str("bash: not found in PATH: pipelines are run by bash, with pipefail"),
            StartError::System { what, error } => write!(f, "{what}: {}", describe(error)),
        }
    }
}

impl std::error::Error for StartError {}

impl StartError {
    /// Whether the same would happen again.
    pub fn is_usage(&self) -> bool {
        !matches!(self, StartError::System { .. })
    }
}

fn system(what: &'static str) -> impl Fn(io::Error) -> StartError {
    move |error| StartError::System { what, error }
}

/// A shell that runs.
#[derive(Debug)]
pub struct Shell {
    /// The process, leader of a process group.
    pub child: Child,
    /// What comes from the stderr of all stages.
    pub stderr: PipeReader,
    codes: NamedTempFile,
}

impl Pipeline {
    /// The text that the shell runs. A file is read anew at each start: what was
    /// mended counts.
    pub fn script(&self) -> Result<OsString, StartError> {
        if !self.is_file {
            return Ok(self.text.clone());
        }
        let read = std::fs::read(&self.text);
        let without_mark = |script: Vec<u8>| OsString::from_vec(record::without_mark(&script).to_vec());
        read.map(without_mark).map_err(|error| StartError::File { name: self.text.clone(), error })
    }

    /// `$0`, which is in the shell's messages too.
    fn name(&self) -> &OsStr {
        if self.is_file { &self.text } else { OsStr::new("sstream-run") }
    }

    /// Lets the shell look at the text without running it.
    pub fn check(&self) -> Result<(), StartError> {
        let mut bash = Command::new("bash");
        bash.args(["-n", "-c"]).arg(self.script()?).arg(self.name());
        let output = bash.stdin(Stdio::null()).output().map_err(no_shell)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let line = said.lines().next().unwrap_or("syntax error");
        Err(StartError::Syntax(line.trim_start_matches("sstream-run: ").replacen("-c: ", "", 1)))
    }

    /// Starts the shell in a process group of its own.
    pub fn start(&self) -> Result<Shell, StartError> {
        let codes = tempfile::Builder::new().prefix("sstream-run.").tempfile();
        let codes = codes.map_err(system("a temporary file for exit codes"))?;
        let (stderr, writer) = io::pipe().map_err(system("a pipe for stderr"))?;
        rustix::io::ioctl_fionbio(&stderr, true).map_err(|error| system("a pipe for stderr")(error.into()))?;
        let mut script = OsString::from("__sstream_file=");
        script.push(quote(codes.path().as_os_str()));
        script.push("; ");
        script.push(TRAPS);
        // On the same line, so that the shell's messages have the right number.
        script.push(self.script()?);
        let mut bash = Command::new("bash");
        bash.args(["-o", "pipefail", "-c"])
            .arg(script)
            .arg(self.name())
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .process_group(0);
        for name in notify::VARIABLES {
            bash.env_remove(name);
        }
        // Stages compare this with their stderr to know whether the journal reads
        // it, and say their messages' priorities then. It does, through us.
        bash.env_remove("JOURNAL_STREAM");
        if console::is_journal()
            && let Ok(stat) = rustix::fs::fstat(&writer)
        {
            bash.env("JOURNAL_STREAM", format!("{}:{}", stat.st_dev, stat.st_ino));
        }
        // A process group in the background would be stopped where it reads from
        // the terminal.
        if io::stdin().is_terminal() {
            bash.stdin(Stdio::null());
        }
        let child = bash.stderr(writer).spawn().map_err(no_shell)?;
        Ok(Shell { child, stderr, codes })
    }
}

fn no_shell(error: io::Error) -> StartError {
    match error.kind() {
        io::ErrorKind::NotFound => StartError::NoShell,
        _ => StartError::System { what: "bash", error },
    }
}

/// The text as one word of the shell.
fn quote(text: &OsStr) -> OsString {
    let mut word = b"'".to_vec();
    for byte in text.as_bytes() {
        match byte {
            b'\'' => word.extend(b"'\\''"),
            byte => word.push(*byte),
        }
    }
    word.push(b'\'');
    OsString::from_vec(word)
}

impl Shell {
    /// What the stages ended with, after the shell has ended with `code`.
    pub fn codes(&mut self, code: u8) -> Vec<u8> {
        let mut text = String::new();
        // Opened anew by its name it would be another file, if a stage has
        // removed it.
        let read = self.codes.as_file_mut().read_to_string(&mut text);
        let codes: Option<Vec<u8>> = text.split_whitespace().map(|code| code.parse().ok()).collect();
        match codes {
            Some(codes) if read.is_ok() && !codes.is_empty() && pipefail(&codes) == code => codes,
            // The shell was killed, or a script ended with a code of its own.
            _ => vec![code],
        }
    }
}

/// What the shell makes of its last pipeline's codes.
fn pipefail(codes: &[u8]) -> u8 {
    codes.iter().rev().find(|code| **code != 0).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each stage of a line or script ends with, and what the line writes to
    /// stderr.
    fn run(pipeline: &Pipeline) -> (Vec<u8>, String) {
        let mut shell = pipeline.start().unwrap();
        rustix::io::ioctl_fionbio(&shell.stderr, false).unwrap();
        let mut said = String::new();
        shell.stderr.read_to_string(&mut said).unwrap();
        let code = shell.child.wait().unwrap().code().unwrap();
        (shell.codes(code.try_into().unwrap()), said)
    }

    fn line(text: &str) -> Pipeline {
        Pipeline { text: text.into(), ..Pipeline::default() }
    }

    #[test]
    fn codes_of_stages() {
        for (text, codes) in [
            ("true", &[0][..]),
            ("(exit 3) | (exit 4) | true", &[3, 4, 0]),
            ("true | true\ntrue | (exit 5)", &[0, 5]),
            ("set -eu; (exit 3) | true; true", &[3, 0]),
            ("(exit 3) | true; exit 0", &[0]),
            ("true | true; exit 7", &[7]),
            ("(exit 3) | true; exit 7", &[7]),
            ("true | bash -c 'kill -KILL $$'", &[0, 137]),
            ("trap : EXIT; (exit 3) | true", &[3]),
            ("exec true", &[0]),
            ("# nothing", &[0]),
        ] {
            assert_eq!(run(&line(text)).0, codes, "{text}");
        }
        let (codes, said) = run(&line("nosuchcommand | cat"));
        assert_eq!((codes, said.as_str()), (vec![127, 0], "sstream-run: line 1: nosuchcommand: command not found\n"));
    }

    #[test]
    fn a_script_has_arguments_and_knows_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's");
        std::fs::write(&path, "\u{feff}#!/bin/bash\necho $0 $1 $# $LINENO >&2; false | true\n").unwrap();
        let arguments = vec!["a b".into(), "c".into()];
        let script = Pipeline { text: path.clone().into(), is_file: true, arguments, ..Pipeline::default() };
        script.check().unwrap();
        assert_eq!(run(&script), (vec![1, 0], format!("{} a b 2 2\n", path.display())));
    }

    #[test]
    fn what_bash_does_not_understand() {
        let message = line("cat | | cat").check().unwrap_err();
        assert!(message.is_usage());
        assert_eq!(message.to_string(), "line 1: syntax error near unexpected token `|'");
        let none = Pipeline { text: "nosuchfile".into(), is_file: true, ..Pipeline::default() };
        assert!(none.check().unwrap_err().to_string().starts_with("nosuchfile: No such file"));
    }

    #[test]
    fn words_are_quoted() {
        assert_eq!(quote(OsStr::new("it's")), "'it'\\''s'");
    }
}
