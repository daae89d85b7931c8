//! `unix`: clients that connect to a path.

use std::path::PathBuf;

use clap::Args;

use super::{Brings, BuiltIn, Declaration, Opening};
use crate::cli::ToolError;
use crate::cli::cluster::{NOBODY_KNOWS_WHERE, Spread};
use crate::cli::source::SourceTool;
use crate::cli::source::received::{ClientArgs, SpoolArgs};
use crate::cli::source::with::WithField;
use crate::source::engine::batches::Batches;
use crate::source::kinds::unix;

/// Lines from clients that connect to a unix socket
///
/// As listen, at a path. A socket that was left there by a process that is
/// gone is replaced; the file is removed at the end.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  sstream-source unix /run/app.sock | sstream-filter ERROR
  echo hello | nc -NU /run/app.sock     # in another terminal")]
pub struct UnixArgs {
    /// Where the socket is made
    path: PathBuf,

    #[command(flatten)]
    clients: ClientArgs,

    #[command(flatten)]
    spool: SpoolArgs,
}

pub const KIND: Declaration =
    Declaration { name: "unix", brings: Brings::Clients, knows: &[WithField::Client], ..Declaration::OF_LINES };

impl BuiltIn for UnixArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        self.path.display().to_string()
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Refused(NOBODY_KNOWS_WHERE.to_owned())
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let (socket, limits) = (self.path.clone(), self.clients.limits());
        let around = tool.surroundings(opening);
        let source = self.spool.open(&self.named(), &around, move |around| unix::open(&socket, limits, around))?;
        Ok(tool.of_many_lines(source, opening))
    }
}
