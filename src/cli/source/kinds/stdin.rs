//! `stdin`: what another program writes.

use clap::Args;

use super::{Brings, BuiltIn, Declaration, Opening};
use crate::cli::args::InputForm;
use crate::cli::cluster::Spread;
use crate::cli::source::SourceTool;
use crate::cli::{ToolError, input};
use crate::source::ByteSource;
use crate::source::engine::batches::Batches;
use crate::source::kinds::packing::Packing;

/// Lines of standard input
///
/// Batches begin at once, also while nothing has come yet. Stops at the
/// input's end. Packed input that is cut off or damaged is an error, exit
/// code 3, behind all that was whole.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  tail -F app.log | sstream-source stdin --batch 10s | sstream-reduce count
  sstream-source stdin --input json < events.jsonl | sstream-sink print
  sstream-source stdin --unpack < events.jsonl.zst | sstream-reduce count")]
pub struct StdinArgs {
    /// Unpack what gzip, bzip2, xz or zstd have packed, as its first bytes say; other input is left as it is
    #[arg(long, help_heading = "Raw input")]
    unpack: bool,
}

pub const KIND: Declaration = Declaration { name: "stdin", brings: Brings::OneInput, ..Declaration::OF_LINES };

impl BuiltIn for StdinArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        String::new()
    }

    fn reads_stdin(&self) -> bool {
        true
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Refused("standard input is that of one machine".to_owned())
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let environment = opening.environment;
        let stdin = input::stdin_with_progress(environment)?;
        let source: Box<dyn ByteSource> = match (tool.input, self.unpack) {
            (Some(InputForm::Avro), _) => Box::new(input::unpacked(stdin, environment).of(Packing::Avro)),
            (_, true) => Box::new(input::unpacked(stdin, environment)),
            (_, false) => Box::new(stdin),
        };
        Ok(tool.of_lines(source, tool.recipe(), opening))
    }
}
