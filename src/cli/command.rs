//! Commands as arguments: `-- CMD`, `--sh`, and programs that are kinds.

use std::ffi::OsString;

use clap::Args;

use super::args::MemoryArgs;
use super::connector::known::Role;
use super::nearest::nearest;
use super::{Environment, ToolError};
use crate::command::kept::KeptCommand;
use crate::command::{BatchCommand, CommandError, CommandOptions, Program, Retry, find};
use crate::error::{Exit, Failure as _};
use crate::flow::{LineForm, OutletError};
use crate::spool::DEFAULT_MEMORY;
use crate::stage::StageError;

/// A command that runs once a batch.
#[derive(Args, Clone, Debug)]
pub struct CommandArgs {
    /// A script for /bin/sh -c, in place of CMD; a pipeline fails where its last command does
    #[arg(long, value_name = "SCRIPT", conflicts_with = "command")]
    sh: Option<String>,

    /// Lines are JSON values, one a record; else they are text, and a newline in a string makes two lines
    #[arg(long)]
    pub json: bool,

    /// Exit statuses of the command that are no failure: 0,1 for grep
    #[arg(long, value_name = "STATUS", value_delimiter = ',', default_value = "0")]
    accept: Vec<u8>,

    /// A command that fails is run again on the same batch, so often, after 100 ms, 200 ms and so on up to 10 s
    #[arg(long, value_name = "TIMES", default_value_t = 0)]
    retry: u32,

    #[command(flatten)]
    memory: MemoryArgs,

    /// The command and its arguments
    #[arg(last = true, value_name = "CMD", required_unless_present = "sh")]
    command: Vec<OsString>,
}

impl CommandArgs {
    /// How records are lines.
    pub fn form(&self) -> LineForm {
        if self.json { LineForm::Json } else { LineForm::Text }
    }

    /// The command, after a look whether there is such a program.
    pub fn build(self, environment: &Environment) -> Result<BatchCommand, ToolError> {
        let form = self.form();
        let (program, options) = self.parts(form, environment)?;
        Ok(BatchCommand::new(program, options, environment.stop.clone()))
    }

    /// The same, to be kept for the whole stream: its records are JSON.
    pub fn build_kept(self, environment: &Environment) -> Result<KeptCommand, ToolError> {
        let (program, options) = self.parts(LineForm::Json, environment)?;
        Ok(KeptCommand::new(program, options, environment.stop.clone()))
    }

    fn parts(self, form: LineForm, environment: &Environment) -> Result<(Program, CommandOptions), ToolError> {
        let program = match self.sh {
            Some(script) => Program::shell(&script),
            None => Program::new(self.command),
        };
        program.check().map_err(not_there)?;
        let retry = Retry { times: self.retry, console: environment.console.clone() };
        let memory_limit = self.memory.memory;
        Ok((program, CommandOptions { form, accept: Some(self.accept), memory_limit, retry }))
    }
}

fn not_there(error: CommandError) -> ToolError {
    match error.exit() {
        Exit::Usage => ToolError::Usage(error.to_string()),
        _ => ToolError::Stage(StageError::Outlet(OutletError::from(error))),
    }
}

/// A kind that is not built in: its program in PATH, run once a batch with the arguments that
/// follow.
pub fn of_kind(
    role: Role,
    words: &[OsString],
    built_in: &[String],
    environment: &Environment,
) -> Result<BatchCommand, ToolError> {
    let kind = words.first().map(|word| word.to_string_lossy()).unwrap_or_default();
    let name = OsString::from(role.program(&kind));
    if kind.contains('/') || find(&name).is_none() {
        let near = nearest(&kind, built_in).map_or(":".to_owned(), |near| format!(", did you mean {near}?"));
        return Err(ToolError::Usage(format!(
            "unknown kind '{kind}'{near} Kinds are {}, and programs in PATH that are called {}",
            built_in.join(", "),
            role.program("KIND")
        )));
    }
    let words = std::iter::once(name).chain(words.iter().skip(1).cloned()).collect();
    let program = Program::of_kind(words);
    program.check().map_err(not_there)?;
    let retry = Retry { times: 0, console: environment.console.clone() };
    let options = CommandOptions { form: LineForm::Text, accept: None, memory_limit: DEFAULT_MEMORY, retry };
    Ok(BatchCommand::new(program, options, environment.stop.clone()))
}
