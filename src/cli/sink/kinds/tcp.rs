//! `tcp`: a client of a TCP server.

use std::time::Duration;

use clap::Args;

use super::sockets::{ARRIVED, LineArgs, dial};
use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::guarantee::SinkGuarantee;
use crate::duration;
use crate::net::address::Address;
use crate::sink::Sink;
use crate::sink::kinds::sockets::Peer;

/// Lines to a TCP server, to which it connects
///
/// When the server is not there, or goes, it is tried again after 0.1 s, 0.2 s and so on up to every 10 s,
/// as stderr says, and the pipeline waits. What is not known to be at the server's system
/// by then is sent again, from the begin of its batch. TCP does not tell whether a program has read it: what
/// a server had not read when it died is lost.
///
/// Asked to stop, a server that is away is waited for 10 s; then the tool ends with exit 1, and under a
/// checkpoint the batches come again.
#[derive(Args, Debug)]
pub struct TcpArgs {
    /// The server, as localhost:9999
    #[arg(value_name = "HOST:PORT")]
    address: Address,

    /// Give up, exit 1, when the server was away for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    retry_for: Option<Duration>,

    #[command(flatten)]
    lines: LineArgs,
}

pub const NAME: &str = "tcp";

impl BuiltIn for TcpArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        "sends each batch to a server, a line a record"
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        Some(ARRIVED)
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        Ok(Box::new(dial(Peer::Tcp(self.address.clone()), self.retry_for, self.lines, opening.environment)?))
    }
}
