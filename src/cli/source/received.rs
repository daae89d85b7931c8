//! What sources on sockets have in common, as options.

use clap::Args;

use crate::duration;
use crate::source::kinds::receive::Surroundings;
use crate::source::kinds::receive::allowance::ClientLimits;
use crate::source::kinds::spooled::Spooled;
use crate::source::{ByteSource, SourceError};

/// How much the clients of a source may take.
#[derive(Args, Clone, Copy, Debug)]
pub struct ClientArgs {
    /// So many clients at a time; more wait until one has gone
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = parse_clients, help_heading = "Raw input")]
    max_clients: usize,

    /// When clients hold more than this of unfinished lines together, those that hold much of
    /// it are cut off, each with a bad record
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "64MiB", help_heading = "Raw input")]
    max_unfinished: usize,
}

impl ClientArgs {
    /// What the source keeps to.
    pub fn limits(&self) -> ClientLimits {
        ClientLimits { clients: self.max_clients, unfinished: self.max_unfinished }
    }
}

/// What becomes of what comes while the pipeline is held up.
#[derive(Args, Clone, Copy, Debug)]
pub struct SpoolArgs {
    /// While the pipeline is held up take what comes all the same, and let so much of it wait, beyond 8 MiB on
    /// disk; without this senders wait, and datagrams are lost
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, help_heading = "Raw input")]
    spool: Option<usize>,
}

impl SpoolArgs {
    /// Opens the source that messages call `name`.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open<S: ByteSource + 'static>(
        self,
        name: &str,
        around: &Surroundings,
        open: impl FnOnce(&Surroundings) -> Result<S, SourceError> + Send + 'static,
    ) -> Result<Box<dyn ByteSource>, SourceError> {
        Ok(match self.spool {
            Some(limit) => Box::new(Spooled::open(name, limit as u64, around, open)?),
            None => Box::new(open(around)?),
        })
    }
}

fn parse_clients(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|clients| *clients > 0).ok_or_else(|| "a whole number from 1 on".to_owned())
}
