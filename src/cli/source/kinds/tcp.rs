//! `tcp`: a server, to which it connects.

use clap::Args;

use super::{BuiltIn, Declaration, Opening};
use crate::cli::ToolError;
use crate::cli::cluster::{Origin, Spread};
use crate::cli::source::SourceTool;
use crate::cli::source::received::SpoolArgs;
use crate::net::address::Address;
use crate::source::engine::batches::Batches;
use crate::source::kinds::tcp;

/// Lines from a TCP server, to which it connects
///
/// Spark's socketTextStream. When the server is not there, or goes, it is
/// tried again after 0.1 s, 0.2 s and so on up to every 10 s, as stderr
/// says. What the server had sent of a line when it ended the connection is a
/// record, and a bad record where the connection was lost. The source does not
/// end by itself: stop it with Ctrl-C, --idle-timeout, --stop-after or
/// --stop-file.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  nc -lk 9999                     # in one terminal: type lines here
  sstream-source tcp localhost:9999 | sstream-flatmap --split ' '
  sstream-source tcp feed:7000 --input json --idle-timeout 1m | sstream-sink print")]
pub struct TcpArgs {
    /// The server, as localhost:9999
    #[arg(value_name = "HOST:PORT")]
    address: Address,

    #[command(flatten)]
    spool: SpoolArgs,
}

pub const KIND: Declaration = Declaration { name: "tcp", ..Declaration::OF_LINES };

impl BuiltIn for TcpArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        self.address.to_string()
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Source(Origin::Received)
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let server = self.address.clone();
        let around = tool.surroundings(opening);
        let source = self.spool.open(&self.named(), &around, move |around| tcp::open(&server, around))?;
        Ok(tool.of_many_lines(source, opening))
    }
}
