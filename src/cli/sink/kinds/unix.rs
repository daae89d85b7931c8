//! `unix`: a server at a Unix socket, or a client of one.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::sockets::{ARRIVED, LineArgs, ReaderArgs, dial};
use super::{BuiltIn, Opening};
use crate::cli::ToolError;
use crate::cli::guarantee::SinkGuarantee;
use crate::duration;
use crate::sink::Sink;
use crate::sink::kinds::sockets::{Peer, Place};

/// Lines to clients that connect to a Unix socket
///
/// As listen, at a path; with --connect as tcp, to a server there. A socket that was left there by a process that is
/// gone is replaced; the file is removed at the end.
#[derive(Args, Debug)]
pub struct UnixArgs {
    /// Where the socket is made, or is
    path: PathBuf,

    /// Connect to a server there, as tcp does
    #[arg(long, conflicts_with_all = ["on_slow", "tell_dropped", "max_clients"])]
    connect: bool,

    #[command(flatten)]
    readers: ReaderArgs,

    /// With --connect: give up, exit 1, when the server was away for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, requires = "connect")]
    retry_for: Option<Duration>,

    #[command(flatten)]
    lines: LineArgs,
}

pub const NAME: &str = "unix";

impl BuiltIn for UnixArgs {
    fn name(&self) -> &str {
        NAME
    }

    fn does(&self) -> &'static str {
        match self.connect {
            true => "sends each batch to a server, a line a record",
            false => "gives each batch, a line a record, to all who are connected",
        }
    }

    fn guarantee(&self) -> Option<SinkGuarantee> {
        Some(if self.connect { ARRIVED } else { self.readers.guarantee() })
    }

    fn open<'a>(&self, opening: &Opening<'_>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let UnixArgs { path, readers, retry_for, lines, .. } = self;
        Ok(Box::new(match self.connect {
            true => dial(Peer::Unix(path.clone()), *retry_for, *lines, opening.environment)?,
            false => readers.listen(&Place::Unix(path.clone()), *lines, opening.environment)?,
        }))
    }
}
