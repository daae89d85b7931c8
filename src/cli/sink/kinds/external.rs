//! Kinds that are programs on PATH, as git has them.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::exec::{RUNS_AGAIN, on_driver};
use super::{BuiltIn, Opening};
use crate::checkpoint::name::check_stage;
use crate::cli::ToolError;
use crate::cli::cluster::Target;
use crate::cli::command;
use crate::cli::connector::known::{self, Role};
use crate::cli::guarantee::SinkGuarantee;
use crate::cli::sink::SinkTool;
use crate::sink::Sink;
use crate::sink::kinds::exec::Exec;

/// The kind, and what stands behind it.
impl BuiltIn for Vec<OsString> {
    fn name(&self) -> &str {
        match self.first().and_then(|word| word.to_str()) {
            Some(word) if check_stage(word).is_ok() => word,
            _ => "sink",
        }
    }

    fn does(&self) -> &'static str {
        "hands each batch to a program of that name"
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        Some(RUNS_AGAIN)
    }

    fn target(&self) -> Result<Target, String> {
        Ok(on_driver())
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let command = command::of_kind(Role::Sink, self, &built_in(), opening.environment)?;
        Ok(Box::new(Exec::new(command, opening.output_of_commands())))
    }
}

/// The kinds' names, those of connectors too.
fn built_in() -> Vec<String> {
    let command = SinkTool::command();
    let kinds = command.get_subcommands().map(clap::Command::get_name);
    kinds.chain(known::kinds(Role::Sink).map(|(kind, _)| kind)).map(str::to_owned).collect()
}
