//! What the kinds have in common that send lines over sockets.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::cli::guarantee::SinkGuarantee;
use crate::cli::{Environment, ToolError};
use crate::duration;
use crate::flow::LineForm;
use crate::sink::kinds::sockets::{Around, OnSlow, Peer, Place, Readers, Sockets};

/// What is sent, and how much of it is held.
#[derive(Args, Clone, Copy, Debug)]
pub struct LineArgs {
    /// Every record as JSON, one a line, strings too
    #[arg(long)]
    json: bool,

    /// Batches held in memory for who is slow; a batch larger than a quarter of it lies in a file in $TMPDIR
    #[arg(long, value_name = "SIZE", value_parser = parse_buffer, default_value = "32MiB", help_heading = "Memory")]
    buffer: usize,
}

/// What becomes of batches that a client is too slow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnSlowArg {
    /// It misses them, whole ones, as stderr says; what comes while nobody is connected goes nowhere
    Drop,
    /// The pipeline waits for the slowest, and while nobody is connected
    Block,
}

/// What clients may do.
#[derive(Args, Clone, Copy, Debug)]
pub struct ReaderArgs {
    /// What becomes of batches that a client is too slow for [default: drop]
    #[arg(long, value_enum, value_name = "WHAT")]
    on_slow: Option<OnSlowArg>,

    /// A client that was too slow gets a line, '# dropped 3 batches, 17 records', where they are missing
    #[arg(long)]
    tell_dropped: bool,

    /// So many clients at a time; more wait until one has gone [default: 100]
    #[arg(long, value_name = "N", value_parser = parse_clients)]
    max_clients: Option<usize>,
}

fn parse_clients(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|clients| *clients > 0).ok_or_else(|| "a whole number from 1 on".to_owned())
}

fn parse_buffer(text: &str) -> Result<usize, String> {
    match duration::parse_size(text)? {
        bytes if bytes >= 64 << 10 => Ok(bytes),
        _ => Err("at least 64KiB".to_owned()),
    }
}

impl LineArgs {
    fn form(self) -> LineForm {
        if self.json { LineForm::Json } else { LineForm::Text }
    }
}

impl ReaderArgs {
    fn on_slow(self) -> OnSlow {
        match self.on_slow {
            Some(OnSlowArg::Block) => OnSlow::Block,
            Some(OnSlowArg::Drop) | None => OnSlow::Drop,
        }
    }

    /// What holds for the records of a server.
    pub fn guarantee(self) -> SinkGuarantee {
        match self.on_slow() {
            OnSlow::Block => ARRIVED,
            OnSlow::Drop => SinkGuarantee::BestEffort(
                "a batch that a client is too slow for, or that comes while nobody is connected, does not come again",
            ),
        }
    }

    /// The sink of a server, which listens at once.
    ///
    /// # Errors
    /// The place cannot be had.
    pub fn listen(self, place: &Place, lines: LineArgs, environment: &Environment) -> Result<Sockets, ToolError> {
        let readers = Readers { clients: self.max_clients.unwrap_or(100), tells_dropped: self.tell_dropped };
        Sockets::listen(place, readers, self.on_slow(), lines.form(), lines.buffer, around(environment))
            .map_err(|error| ToolError::Open { what: place.name(), error })
    }
}

/// What holds where nothing is dropped.
pub const ARRIVED: SinkGuarantee = SinkGuarantee::AtLeastOnce(
    "a batch that is not known to be at the other side's system comes again, from its begin; what was there and had not \
     been read when the other side died is lost",
);

fn around(environment: &Environment) -> Around {
    Around { console: environment.console.clone(), stop: environment.stop.clone(), waited: environment.waited.clone() }
}

/// The sink of a client.
///
/// # Errors
/// It cannot be made.
pub fn dial(
    peer: Peer,
    retry_for: Option<Duration>,
    lines: LineArgs,
    environment: &Environment,
) -> Result<Sockets, ToolError> {
    let what = peer.to_string();
    Sockets::dial(peer, retry_for, lines.form(), lines.buffer, around(environment))
        .map_err(|error| ToolError::Open { what, error })
}
