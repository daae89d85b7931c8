//! The programs of connectors: where they are, how `sstream-source KIND` becomes one of
//! them, and how one is asked what it would do.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::ask::question;
use super::known::{Connector, Role, connector};
use super::mark::{self, DECLARE, SHOW_POSITION};
use crate::checkpoint::offsets::Position;
use crate::cli::ToolError;
use crate::command::find;

/// A connector's program that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is to a pipeline.
    pub role: Role,
    /// The kind; of an operator the tool, without `sstream-`.
    pub kind: String,
    path: PathBuf,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A connector.
    Connector(Found),
    /// A program that reads or writes lines, for all that is known.
    Lines,
    /// Nothing.
    Nothing,
}

/// What a kind stands for that is not built in: a connector of ours, or a program of its
/// name, beside this one or in PATH.
///
/// # Errors
/// Wrong usage: it is one of ours and not installed, and how it is.
pub fn kind(role: Role, kind: &OsStr) -> Result<Named, ToolError> {
    let name = kind.to_string_lossy();
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    match is_plain {
        true => look(role, &name, locate(&role.program(&name))),
        false => Ok(Named::Nothing),
    }
}

/// The same of a program's name or path, as a command line begins with it.
///
/// # Errors
/// As [`kind`].
pub fn program(word: &str) -> Result<Named, ToolError> {
    let name = word.rsplit('/').next().unwrap_or(word);
    let path = if word.contains('/') { find(OsStr::new(word)) } else { locate(name) };
    match Role::of(name) {
        Some((role, kind)) => look(role, kind, path),
        None => Ok(Named::Nothing),
    }
}

fn look(role: Role, kind: &str, path: Option<PathBuf>) -> Result<Named, ToolError> {
    let ours = connector(role, OsStr::new(kind));
    Ok(match (path, ours) {
        (Some(path), ours) if ours.is_some() || mark::is_in(&path) => {
            Named::Connector(Found { role, kind: kind.to_owned(), path })
        }
        (Some(_), _) => Named::Lines,
        (None, Some(connector)) => return Err(not_installed(role, connector)),
        (None, None) => Named::Nothing,
    })
}

fn locate(name: &str) -> Option<PathBuf> {
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join(name)));
    beside.filter(|path| path.is_file()).or_else(|| find(OsStr::new(name)))
}

fn not_installed(role: Role, connector: &Connector) -> ToolError {
    let Connector { kind, connector, .. } = connector;
    let name = role.program(kind);
    ToolError::Usage(format!(
        "{kind}: its program {name} is not installed, beside this one or in PATH: make install CONNECT={connector} brings \
         it"
    ))
}

/// Becomes the connector's program when the command line names a kind of one: `words` are
/// the kind and all behind it. Comes back if it is none, or cannot be run.
///
/// # Errors
/// It is not installed, or cannot be run.
pub fn become_it(role: Role, words: &[OsString]) -> Result<(), ToolError> {
    let Some(name) = words.first() else { return Ok(()) };
    let Named::Connector(found) = kind(role, name)? else { return Ok(()) };
    let all: Vec<OsString> = std::env::args_os().collect();
    let place = all.len().saturating_sub(words.len());
    let before = all.get(1..place).unwrap_or_default();
    let error = Command::new(&found.path).args(before).args(&words[1..]).exec();
    Err(ToolError::Open { what: found.path.display().to_string(), error })
}

impl Found {
    /// What it is called.
    pub fn name(&self) -> String {
        self.role.program(&self.kind)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says that it would do with these arguments; nothing if it does not answer.
    /// `checkpoint` is that of its environment.
    pub fn declared(&self, arguments: &[&str], checkpoint: Option<String>) -> Option<Value> {
        let mut command = Command::new(&self.path);
        if let Some(dir) = checkpoint {
            command.env("SSTREAM_CHECKPOINT", dir);
        }
        let output = command.arg(DECLARE).args(arguments).output();
        output.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok())
    }

    /// How it reads what one of its sources recorded of a batch, behind all that it had
    /// recorded `before`; nothing if it does not say.
    pub fn position(&self, before: &Position, recorded: &[u8]) -> Option<String> {
        let mut command = Command::new(&self.path);
        command.arg(SHOW_POSITION).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        // It reads all before it writes anything, and whoever reads nothing has no answer.
        let asked = child.stdin.take().map(|mut input| write!(input, "{}", question(before, recorded)));
        let output = child.wait_with_output().ok()?;
        let answer: Value = asked.and_then(|_| serde_json::from_slice(&output.stdout).ok())?;
        answer["position"].as_str().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, Failure as _};

    #[test]
    fn what_is_not_installed_says_how() {
        let nowhere = Connector { kind: "nowhere", connector: "far", source: Some("x"), sink: None, operator: None };
        let error = not_installed(Role::Source, &nowhere);
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().contains("make install CONNECT=far"), "{error}");
        assert_eq!(look(Role::Source, "nowhere", None).unwrap(), Named::Nothing);
        assert!(look(Role::Sink, "kafka", None).is_err());
        assert_eq!(look(Role::Sink, "mine", Some("/bin/sh".into())).unwrap(), Named::Lines);
        assert_eq!(kind(Role::Source, OsStr::new("../tcp")).unwrap(), Named::Nothing);
    }
}
