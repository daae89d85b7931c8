//! `listen`: clients that connect to a port.

use clap::Args;

use super::{Brings, BuiltIn, Declaration, Opening};
use crate::cli::ToolError;
use crate::cli::cluster::{NOBODY_KNOWS_WHERE, Spread};
use crate::cli::source::SourceTool;
use crate::cli::source::received::{ClientArgs, SpoolArgs};
use crate::cli::source::with::WithField;
use crate::net::address::OwnAddress;
use crate::source::engine::batches::Batches;
use crate::source::kinds::listen;

/// Lines from clients that connect to a TCP port
///
/// As `nc -lk`, but for many clients at once, whose lines never mix. Listens
/// on 127.0.0.1 unless a host is given: 0.0.0.0:9999 listens to everybody.
/// What a client had sent of a line when it ended the connection is a record,
/// and a bad record where the connection was lost: one that is gone without a
/// word is let go of after some two minutes. Port 0 is any free port, which
/// stderr tells. While the pipeline is busy clients wait.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  sstream-source listen 9999 | sstream-filter ERROR
  echo hello | nc -N localhost 9999     # in another terminal
  sstream-source listen 0.0.0.0:9999 --batch 10s | sstream-sink print")]
pub struct ListenArgs {
    /// The port, and the address to listen on
    #[arg(value_name = "[HOST:]PORT")]
    address: OwnAddress,

    #[command(flatten)]
    clients: ClientArgs,

    #[command(flatten)]
    spool: SpoolArgs,
}

pub const KIND: Declaration =
    Declaration { name: "listen", brings: Brings::Clients, knows: &[WithField::Client], ..Declaration::OF_LINES };

impl BuiltIn for ListenArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        self.address.0.to_string()
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Refused(NOBODY_KNOWS_WHERE.to_owned())
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let (port, limits) = (self.address.0.clone(), self.clients.limits());
        let around = tool.surroundings(opening);
        let source = self.spool.open(&self.named(), &around, move |around| listen::open(&port, limits, around))?;
        Ok(tool.of_many_lines(source, opening))
    }
}
