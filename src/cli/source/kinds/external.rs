//! Kinds that are programs on PATH, as git has them.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::{BuiltIn, Declaration, Opening, joined};
use crate::cli::ToolError;
use crate::cli::cluster::{Origin, Spread};
use crate::cli::connector::known::{self, Role};
use crate::cli::first::SourceIdentity;
use crate::cli::nearest::nearest;
use crate::cli::source::SourceTool;
use crate::command::find;
use crate::source::engine::batches::Batches;
use crate::source::kinds::exec;

/// Such a kind, whose name its words say.
const KIND: Declaration = Declaration::OF_LINES;

/// The kind, and what stands behind it.
impl BuiltIn for Vec<OsString> {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        joined(self.get(1..).unwrap_or_default())
    }

    /// The program must be there.
    fn identity(&self, tool: &SourceTool) -> Result<SourceIdentity, ToolError> {
        command(self)?;
        let kind = self.first().map_or_else(String::new, |word| word.to_string_lossy().into_owned());
        tool.identity_of(&kind, &self.words())
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Source(Origin::Received)
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let source = exec::open(&command(self)?, &tool.surroundings(opening))?;
        Ok(tool.of_many_lines(Box::new(source), opening))
    }
}

/// The command of a kind that is not built in: `sstream-source-KIND ARGS`.
fn command(words: &[OsString]) -> Result<Vec<OsString>, ToolError> {
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
