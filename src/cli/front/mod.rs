//! `sstream`: one command in front of the tools.

mod explain;
mod running;
pub(in crate::cli) mod shell;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::args::{Common, Messages};
use super::config::show;
use super::described::{Described, describe};
use super::tools;
use super::{Environment, Tool, ToolError};
use crate::error::Exit;
use crate::os;
use crate::record::visible;

/// Run a tool, list and stop pipelines, explain one
///
/// `sstream filter ERROR` runs sstream-filter: the one beside this command, or
/// the one in PATH.
#[derive(Parser, Debug)]
#[command(arg_required_else_help = true)]
pub struct FrontTool {
    #[command(subcommand)]
    action: Option<Action>,

    /// List all tools
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    messages: Messages,
}

/// What the command does itself; anything else is a tool.
#[derive(Subcommand, Debug)]
enum Action {
    /// List the pipelines that run: id, name, age, batch, lag, state
    Ps,
    /// Ask pipelines to stop: SIGTERM to their first stages; the others drain
    Stop {
        /// Pipelines by --name, id or process, as sstream ps lists them
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Say what a pipeline would do, what holds after a crash, and what is wrong; runs nothing
    Explain {
        /// The pipeline, quoted as one word: 'nc -lk 9999 | sstream-filter ERROR'
        pipeline: String,

        /// Say of each stage what a start under DIR would go on with, what would be new, and what be refused: then the exit
        /// code is 5; nothing is changed
        #[arg(long, value_name = "DIR")]
        checkpoint: Option<PathBuf>,
    },
    /// Say what holds of a tool's options, and where it is from: default, file and line, environment, command line
    Config {
        /// The tool, its kind and its options: source tail --batch 5s
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "TOOL")]
        words: Vec<OsString>,
    },
    #[command(external_subcommand)]
    Run(Vec<OsString>),
}

impl Tool for FrontTool {
    const NAME: &'static str = "sstream";
    const EXAMPLES: &'static str = "  \
  nc -lk 9999 | sstream filter ERROR | sstream window 30s 10s count
  sstream ps
  sstream stop 3f9c2a7b
  sstream config source tail --config app.toml
  sstream explain 'sstream-source tail app.log --checkpoint ck | sstream-filter ERROR | sstream-sink files out/errors'
";

    const SUBCOMMAND: &'static str = "COMMAND";
    const IS_STAGE: bool = false;

    fn common(&self) -> &Common {
        &Common::NONE
    }

    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn run(self, environment: &Environment) -> Result<(), ToolError> {
        match self.action {
            _ if self.list => print(&list()),
            Some(Action::Ps) => print(&running::list(environment)?),
            Some(Action::Stop { names }) => running::stop(&names, environment),
            Some(Action::Explain { pipeline, checkpoint }) => {
                let explained = explain::explain(&pipeline, checkpoint)?;
                print(&explained.text)?;
                match explained.mistakes {
                    0 if explained.refusals > 0 => Err(ToolError::Command {
                        message: "explain: this pipeline would not go on under the checkpoint, see above".to_owned(),
                        exit: Exit::Checkpoint,
                    }),
                    0 => Ok(()),
                    1 => Err(ToolError::Usage("explain: there is a mistake in this pipeline, see above".to_owned())),
                    n => Err(ToolError::Usage(format!("explain: there are {n} mistakes in this pipeline, see above"))),
                }
            }
            Some(Action::Config { words }) => print(&show::show(&words, &family()).map_err(ToolError::Usage)?),
            Some(Action::Run(words)) => Err(run(&words)),
            None => print(&list()),
        }
    }
}

/// Puts a tool in the place of this process; comes back only if that fails.
fn run(words: &[OsString]) -> ToolError {
    let Some((name, arguments)) = words.split_first() else {
        return ToolError::Usage("which tool? sstream --list lists them".to_owned());
    };
    let tool = format!("sstream-{}", name.to_string_lossy());
    let path = beside(&tool).unwrap_or_else(|| tool.clone().into());
    let error = std::process::Command::new(path).args(arguments).exec();
    match error.kind() {
        io::ErrorKind::NotFound => ToolError::Usage(format!(
            "{}: no such command, and no {tool} beside sstream or in PATH: sstream --list lists what there is",
            name.to_string_lossy()
        )),
        _ => ToolError::Open { what: tool, error },
    }
}

/// The tool in this command's own directory, so that a build that is not
/// installed runs its own tools.
fn beside(tool: &str) -> Option<PathBuf> {
    let path = std::env::current_exe().ok()?.parent()?.join(tool);
    path.is_file().then_some(path)
}

/// Every tool, by name.
pub fn family() -> Vec<Described> {
    let mut all = vec![describe::<FrontTool>()];
    all.extend(tools::all());
    all
}

/// All tools with what they do, and kinds that others have put into PATH.
fn list() -> String {
    let mut text = String::new();
    let all = family();
    let width = all.iter().map(|tool| tool.command.get_name().len()).max().unwrap_or(0);
    let mut known = Vec::new();
    for tool in &all {
        let name = tool.command.get_name();
        let about = tool.command.get_about().map(ToString::to_string).unwrap_or_default();
        text.push_str(&format!("{name:width$}  {about}\n"));
        known.push(name);
    }
    let directories = std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let mut others: Vec<String> = directories
        .into_iter()
        .flatten()
        .filter_map(|directory| std::fs::read_dir(directory).ok())
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("sstream-") && !name.ends_with(".d") && !known.contains(&name.as_str()))
        .collect();
    others.sort();
    others.dedup();
    for name in others {
        text.push_str(&format!("{name:width$}  (in PATH)\n"));
    }
    text
}

fn print(text: &str) -> Result<(), ToolError> {
    let text = visible(text);
    match os::stdout().and_then(|mut stdout| stdout.write_all(text.as_bytes())) {
        Ok(()) => Ok(()),
        // `sstream ps | head -1`
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(ToolError::Open { what: "stdout".to_owned(), error }),
    }
}
