//! The connectors that there are, and how `sstream-source KIND` becomes one of them.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::cli::ToolError;
use crate::command::find;

/// A kind, or a tool, that is a program of its own, in `connect/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connector {
    /// The kind; of an operator its tool, without `sstream-`.
    pub kind: &'static str,
    /// The connector that brings it, as `make install CONNECT=…` knows it.
    pub connector: &'static str,
    /// What it is as a source; nothing if it is none.
    pub source: Option<&'static str>,
    /// What it is as a sink; nothing if it is none.
    pub sink: Option<&'static str>,
    /// What it is as a tool between two pipes; nothing if it is none.
    pub operator: Option<&'static str>,
}

/// Every kind that a connector of ours brings.
pub const KNOWN: &[Connector] = &[
    Connector {
        kind: "http",
        connector: "http",
        source: Some("Records that others POST"),
        sink: Some("Requests to an HTTP server"),
        operator: None,
    },
    Connector {
        kind: "kafka",
        connector: "kafka",
        source: Some("Messages of Kafka"),
        sink: Some("A topic of Kafka"),
        operator: None,
    },
    Connector { kind: "sql", connector: "sql", source: None, sink: None, operator: Some("SQL over each batch") },
];

/// What a connector's program is to a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `sstream-source-KIND`.
    Source,
    /// `sstream-sink-KIND`.
    Sink,
    /// `sstream-NAME`, between two pipes.
    Operator,
}

impl Role {
    /// The program of a kind in this role.
    pub fn program(self, kind: &str) -> String {
        format!("{}{kind}", self.prefix())
    }

    /// How the names of its programs begin.
    pub fn prefix(self) -> &'static str {
        match self {
            Role::Source => "sstream-source-",
            Role::Sink => "sstream-sink-",
            Role::Operator => "sstream-",
        }
    }

    fn about(self, connector: &Connector) -> Option<&'static str> {
        match self {
            Role::Source => connector.source,
            Role::Sink => connector.sink,
            Role::Operator => connector.operator,
        }
    }
}

/// The kinds of connectors in this role, and what each is.
pub fn kinds(role: Role) -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().filter_map(move |connector| Some((connector.kind, role.about(connector)?)))
}

/// The connector of a kind, if it is one of ours.
pub fn connector(role: Role, kind: &OsStr) -> Option<&'static Connector> {
    KNOWN.iter().find(|connector| connector.kind == kind && role.about(connector).is_some())
}

/// Where its program is: beside this one, or in PATH.
///
/// # Errors
/// Wrong usage: it is not installed, and how it is.
pub fn program(role: Role, connector: &Connector) -> Result<PathBuf, ToolError> {
    let Connector { kind, connector, .. } = connector;
    let name = role.program(kind);
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join(&name)));
    let beside = beside.filter(|path| path.is_file());
    beside.or_else(|| find(OsStr::new(&name))).ok_or_else(|| {
        ToolError::Usage(format!(
            "{kind}: its program {name} is not installed, beside this one or in PATH: make install CONNECT={connector} \
             brings it"
        ))
    })
}

/// Becomes the connector's program when the command line names a kind of one: `words` are
/// the kind and all behind it. Comes back if it is no kind of ours, or cannot be run.
///
/// # Errors
/// It is not installed, or cannot be run.
pub fn become_it(role: Role, words: &[OsString]) -> Result<(), ToolError> {
    let Some(found) = words.first().and_then(|kind| connector(role, kind)) else { return Ok(()) };
    let program = program(role, found)?;
    let all: Vec<OsString> = std::env::args_os().collect();
    let kind = all.len().saturating_sub(words.len());
    let before = all.get(1..kind).unwrap_or_default();
    let error = Command::new(&program).args(before).args(&words[1..]).exec();
    Err(ToolError::Open { what: program.display().to_string(), error })
}

/// What the connector's program says that it would do with these arguments; nothing if it
/// does not answer. `checkpoint` is that of its environment.
///
/// # Errors
/// It is not installed.
pub fn declared(
    role: Role,
    connector: &Connector,
    arguments: &[&str],
    checkpoint: Option<String>,
) -> Result<Option<Value>, ToolError> {
    let mut command = Command::new(program(role, connector)?);
    if let Some(dir) = checkpoint {
        command.env("SSTREAM_CHECKPOINT", dir);
    }
    let output = command.arg("--declare").args(arguments).output();
    Ok(output.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, Failure as _};

    #[test]
    fn what_is_not_installed_says_how() {
        let nowhere = Connector { kind: "nowhere", connector: "far", source: Some("x"), sink: None, operator: None };
        let error = program(Role::Source, &nowhere).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().contains("make install CONNECT=far"), "{error}");
        assert_eq!(connector(Role::Source, OsStr::new("tcp")), None);
        assert!(connector(Role::Sink, OsStr::new("kafka")).is_some());
        assert!(connector(Role::Operator, OsStr::new("sql")).is_some());
    }
}
