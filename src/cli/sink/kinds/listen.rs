//! `listen`: a TCP server.

use clap::Args;

use super::sockets::{LineArgs, ReaderArgs};
use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::guarantee::SinkGuarantee;
use crate::net::address::OwnAddress;
use crate::sink::Sink;
use crate::sink::kinds::sockets::Place;

/// Lines to clients that connect to a TCP port
///
/// As `nc -lk`, for many clients at once: each gets the batches that are complete from then on, whole
/// ones. Listens on 127.0.0.1 unless a host is given: 0.0.0.0:9999 serves everybody. Port 0 is any free
/// port, which stderr tells.
///
/// The pipeline does not wait for clients: what comes while nobody is connected goes nowhere, and one that
/// is too slow misses whole batches, as stderr says; one that has begun a batch and takes none of
/// it while --buffer fills is cut off. With --on-slow block nothing is dropped, and the pipeline
/// waits: for the slowest client, and while nobody is connected, as `nc -l` does; what was under way to a client that
/// went comes again, from the batch's begin, to the next one.
///
/// At the end of the stream the last batches are delivered: a client that takes nothing of them for 5 s is
/// left without the rest.
#[derive(Args, Debug)]
pub struct ListenArgs {
    /// The port, and the address to listen on
    #[arg(value_name = "[HOST:]PORT")]
    address: OwnAddress,

    #[command(flatten)]
    readers: ReaderArgs,

    #[command(flatten)]
    lines: LineArgs,
}

pub const NAME: &str = "listen";

impl BuiltIn for ListenArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        "gives each batch, a line a record, to all who are connected"
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        Some(self.readers.guarantee())
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let place = Place::Tcp(self.address.0.clone());
        Ok(Box::new(self.readers.listen(&place, self.lines, opening.environment)?))
    }
}
