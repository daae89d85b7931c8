//! Programs, with their arguments, and where they are found.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{CommandError, ONCE_A_BATCH, Problem};

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    words: Vec<OsString>,
    shown: String,
    is_kind: bool,
    /// What more it finds in its environment.
    environment: Vec<(&'static str, String)>,
}

impl Program {
    /// A program, found in PATH unless its name has a `/`, and its arguments.
    pub fn new(words: Vec<OsString>) -> Program {
        let shown: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        let shown = shorten(&shown.join(" "));
        Program { words, shown, is_kind: false, environment: Vec::new() }
    }

    /// The same, of the name of a kind.
    pub fn of_kind(words: Vec<OsString>) -> Program {
        Program { is_kind: true, ..Program::new(words) }
    }

    /// A script for `/bin/sh -c`.
    pub fn shell(script: &str) -> Program {
        let words = vec!["/bin/sh".into(), "-c".into(), script.into()];
        Program { shown: shorten(script), ..Program::new(words) }
    }

    /// Looks whether there is such a program, so that a misspelt one is told
    /// before a batch is waited for.
    pub fn check(&self) -> Result<(), CommandError> {
        match self.words.first().and_then(|name| find(name)) {
            Some(_) => Ok(()),
            None => Err(self.failed(Problem::NotFound)),
        }
    }

    /// Whose batches it gets: together these tell one writer from any other, whatever is
    /// started again.
    pub(super) fn works_for(&mut self, job: &str, stage: &str) {
        self.environment = vec![("SSTREAM_JOB", job.to_owned()), ("SSTREAM_STAGE", stage.to_owned())];
    }

    /// To be started, in a process group of its own.
    pub(super) fn command(&self) -> Result<Command, CommandError> {
        let Some((name, arguments)) = self.words.split_first() else { return Err(self.failed(Problem::NotFound)) };
        let mut command = Command::new(name);
        command
            .args(arguments)
            // A pipeline that the command may run is none of our checkpoint's,
            // and has an interval of its own.
            .env_remove("SSTREAM_CHECKPOINT")
            .env_remove("SSTREAM_BATCH")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .process_group(0);
        if self.is_kind {
            command.env(ONCE_A_BATCH, std::process::id().to_string());
        }
        Ok(command)
    }

    pub(super) fn failed(&self, problem: Problem) -> CommandError {
        CommandError::Failed { command: self.shown.clone(), problem }
    }
}

/// A command for a message, on one line of some length.
pub(super) fn shorten(command: &str) -> String {
    let line = command.replace('\n', " ");
    match line.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// The file that a program's name stands for, as a shell would find it.
pub fn find(name: &OsStr) -> Option<PathBuf> {
    let is_program = |path: &Path| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if name.is_empty() || name.as_encoded_bytes().contains(&b'/') {
        return Some(PathBuf::from(name)).filter(|path| is_program(path));
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|path| is_program(path))
}
