//! `exec`: a program that writes lines.

use std::ffi::OsString;

use clap::Args;

use super::{BuiltIn, Declaration, Opening, joined};
use crate::cli::ToolError;
use crate::cli::cluster::{Origin, Spread};
use crate::cli::source::SourceTool;
use crate::source::engine::batches::Batches;
use crate::source::kinds::exec;

/// Lines that a program writes
///
/// Any program is a receiver: it writes lines to stdout. Exit code 0 ends
/// the stream; when it ends otherwise it is started again, after 0.1 s, 0.2 s
/// and so on up to every 10 s, and what it had written of a line is a bad
/// record. It runs in a process group of its own, which
/// gets SIGTERM at a stop and has 5 s for its last lines; SSTREAM_CHECKPOINT
/// and SSTREAM_BATCH are not in its environment.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  sstream-source exec --batch 5s -- journalctl -f
  sstream-source --input json exec -- curl -sN https://example.org/events
  sstream-source exec -- sh -c 'while sleep 1; do cat /proc/loadavg; done'")]
pub struct ExecArgs {
    /// The program and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

pub const KIND: Declaration = Declaration { name: "exec", ..Declaration::OF_LINES };

impl BuiltIn for ExecArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        joined(&self.command)
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Source(Origin::Received)
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let source = exec::open(&self.command, &tool.surroundings(opening))?;
        Ok(tool.of_many_lines(Box::new(source), opening))
    }
}
