//! `udp`: datagrams.

use clap::Args;

use super::{Brings, BuiltIn, COUNTS_OF_CONNECTIONS, Declaration, Opening};
use crate::cli::ToolError;
use crate::cli::cluster::{NOBODY_KNOWS_WHERE, Spread};
use crate::cli::source::SourceTool;
use crate::cli::source::received::SpoolArgs;
use crate::cli::source::with::WithField;
use crate::net::address::OwnAddress;
use crate::record::forms::Framing;
use crate::source::engine::batches::Batches;
use crate::source::kinds::udp;

/// Lines from UDP datagrams
///
/// A datagram is one line or several; its end ends a line. Receives on
/// 127.0.0.1 unless a host is given. UDP cannot make a sender wait: what
/// comes while the pipeline is busy and the system's buffer is full is lost,
/// unless --spool lets it wait here.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  sstream-source udp 5140 | sstream-filter -i error
  logger -n 127.0.0.1 -P 5140 -d 'an error'     # in another terminal
  sstream-source udp 5140 --spool 1GiB | sstream-sink files spool/log")]
pub struct UdpArgs {
    /// The port, and the address to receive on
    #[arg(value_name = "[HOST:]PORT")]
    address: OwnAddress,

    #[command(flatten)]
    spool: SpoolArgs,
}

pub const KIND: Declaration =
    Declaration { name: "udp", brings: Brings::Clients, knows: &[WithField::Client], ..Declaration::OF_LINES };

impl BuiltIn for UdpArgs {
    fn declaration(&self) -> &'static Declaration {
        &KIND
    }

    fn words(&self) -> String {
        self.address.0.to_string()
    }

    fn check(&self, tool: &SourceTool) -> Result<(), String> {
        match tool.cut.form.framing {
            Some(Framing::Octets) => Err(COUNTS_OF_CONNECTIONS.to_owned()),
            Some(Framing::Fixed(_)) => Err("--framing: a datagram's end ends a record: leave it out".to_owned()),
            _ => Ok(()),
        }
    }

    fn spread(&self, _: &SourceTool) -> Spread {
        Spread::Refused(NOBODY_KNOWS_WHERE.to_owned())
    }

    fn open<'a>(&self, tool: &SourceTool, opening: &Opening<'a>) -> Result<Box<dyn Batches + 'a>, ToolError> {
        let port = self.address.0.clone();
        let around = tool.surroundings(opening);
        let source = self.spool.open(&self.named(), &around, move |around| udp::open(&port, around))?;
        Ok(tool.of_many_lines(source, opening))
    }
}
