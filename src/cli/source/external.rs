//! Kinds that are programs on PATH, as git has them.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::SourceTool;
use crate::cli::ToolError;
use crate::cli::connector::known::{self, Role};
use crate::cli::nearest::nearest;
use crate::command::find;

/// The command of a kind that is not built in: `sstream-source-KIND ARGS`.
pub fn command(words: &[OsString]) -> Result<Vec<OsString>, ToolError> {
    let (kind, arguments) = words.split_first().ok_or_else(|| unknown(""))?;
    let name = kind.to_string_lossy();
    let program = OsString::from(Role::Source.program(&name));
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !is_plain || find(&program).is_none() {
        return Err(unknown(&name));
    }
    Ok(std::iter::once(program).chain(arguments.iter().cloned()).collect())
}

fn unknown(kind: &str) -> ToolError {
    let command = SourceTool::command();
    let mut built_in: Vec<String> = command.get_subcommands().map(|kind| kind.get_name().to_owned()).collect();
    built_in.extend(known::kinds(Role::Source).map(|(kind, _)| kind.to_owned()));
    let advice = match nearest(kind, &built_in) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("the kinds are {}", built_in.join(", ")),
    };
    ToolError::Usage(format!("{kind}: there is no such kind of source, and no sstream-source-{kind} on PATH: {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested() {
        for (kind, says) in [
            ("tpc", "did you mean tcp?"),
            ("lisen", "did you mean listen?"),
            ("quue", "did you mean queue?"),
            ("carrier-pigeon", "the kinds are stdin, tcp"),
            ("../tcp", "the kinds are"),
        ] {
            let message = command(&[kind.into(), "x".into()]).unwrap_err().to_string();
            assert!(message.contains(says), "{message}");
        }
    }
}
