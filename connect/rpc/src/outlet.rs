//! A sink whose batches are calls to a server, or to the next one where that is away.
//!
//! A batch is held until its end has come, and is done with when a server has answered all of its calls. A call that
//! had no answer is made again, perhaps to another server: its records may be there twice.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rustls::ClientConfig;
use sstream::connect::{
    Address, BadRecords, BatchTime, Block, MemoryArgs, OutletError, Sink, SinkParts, Spool, ToolError, describe,
    duration,
};
use sstream_tables::Fault;
use sstream_tables::fault::TableError;
use sstream_tables::patience::Patience;
use sstream_tls::stream::{self, Stream};

/// Options of sinks that call servers.
#[derive(Args, Clone, Debug)]
pub struct OutletArgs {
    /// The server; of several, calls go to one of them, and to the next when that is away or busy
    #[arg(value_name = "HOST:PORT", required = true)]
    pub servers: Vec<Address>,

    /// Speak TLS
    #[arg(long, help_heading = "Calls")]
    pub tls: bool,

    /// Speak TLS, with servers whose certificates these have signed (PEM), and not the system's
    #[arg(long, value_name = "FILE", help_heading = "Calls")]
    pub ca: Option<PathBuf>,

    /// Bytes of a call at most: a call of one larger record has more
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "4MiB", help_heading = "Calls")]
    pub max_call: usize,

    /// The time for a call and its answer
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s", help_heading = "Calls")]
    pub timeout: Duration,

    /// Give up (exit 1) when no server took a call for so long [default: never]
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, help_heading = "Calls")]
    pub retry_for: Option<Duration>,

    /// What is held of a batch whose end has not come.
    #[command(flatten)]
    pub memory: MemoryArgs,
}

impl OutletArgs {
    /// Whether there is to be TLS.
    pub fn is_tls(&self) -> bool {
        self.tls || self.ca.is_some()
    }
}

/// A connection to a server.
pub trait Peer {
    /// Calls the server, and waits for its answer.
    ///
    /// # Errors
    /// What the server says.
    fn call(&mut self, items: u32, call: &[u8]) -> Result<(), Fault>;
}

/// Makes what is in calls.
pub trait Calls {
    /// Who is called.
    type Peer: Peer;

    /// Makes the connection, of one that was just made.
    ///
    /// # Errors
    /// What the server says.
    fn greet(&self, stream: Box<dyn Stream>) -> Result<Self::Peer, Fault>;

    /// Appends what is made of a record; whether something was.
    ///
    /// # Errors
    /// Why the record is a bad one.
    fn push(&mut self, record: &[u8], call: &mut Vec<u8>) -> Result<bool, String>;
}

/// Sends each batch.
pub struct RpcSink<'a, C: Calls> {
    calls: C,
    line: Line<C::Peer>,
    per_call: u32,
    max_call: usize,
    spool: Spool,
    bad_records: &'a BadRecords,
}

impl<'a, C: Calls> RpcSink<'a, C> {
    /// Speaks to nobody yet. A call has `per_call` records at most.
    ///
    /// # Errors
    /// Wrong usage: the file of `--ca` cannot be read, or has no certificate.
    pub fn new(
        protocol: &str,
        args: OutletArgs,
        per_call: u32,
        calls: C,
        parts: SinkParts<'a>,
    ) -> Result<RpcSink<'a, C>, ToolError> {
        let tls = match args.is_tls() {
            true => Some(Arc::new(sstream_tls::client(args.ca.as_deref())?)),
            false => None,
        };
        let SinkParts { console, stop, waited, bad_records } = parts;
        let servers: Vec<String> = args.servers.iter().map(Address::to_string).collect();
        let name = format!("{protocol} {}", servers.join(" "));
        let patience = Patience::new(name, console, stop, waited, args.retry_for);
        let line = Line { servers: args.servers, tls, timeout: args.timeout, at: 0, peer: None, patience };
        let spool = Spool::new(args.memory.memory);
        Ok(RpcSink { calls, line, per_call, max_call: args.max_call, spool, bad_records })
    }
}

impl<C: Calls> Sink for RpcSink<'_, C> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let RpcSink { calls, line, per_call, max_call, spool, bad_records } = self;
        let (mut call, mut items) = (Vec::new(), 0u32);
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                let before = call.len();
                match calls.push(record, &mut call) {
                    Ok(is_there) => items += u32::from(is_there),
                    Err(reason) => {
                        call.truncate(before);
                        bad_records.take(time, record, &reason)?;
                    }
                }
                // The one that is too much for this call is the first of the next one.
                if call.len() > *max_call && items > 1 {
                    line.deliver(calls, items - 1, &call[..before])?;
                    call.drain(..before);
                    items = 1;
                }
                if items >= *per_call {
                    line.deliver(calls, items, &call)?;
                    call.clear();
                    items = 0;
                }
            }
        }
        if items > 0 {
            line.deliver(calls, items, &call)?;
        }
        drop(blocks);
        spool.clear();
        Ok(())
    }
}

/// A connection to one of the servers, as long as it lasts.
struct Line<P> {
    servers: Vec<Address>,
    tls: Option<Arc<ClientConfig>>,
    timeout: Duration,
    /// Which of them is called.
    at: usize,
    peer: Option<P>,
    patience: Patience,
}

impl<P: Peer> Line<P> {
    /// Calls until a server has taken it.
    fn deliver<C: Calls<Peer = P>>(&mut self, calls: &C, items: u32, call: &[u8]) -> Result<(), OutletError> {
        // A server may have ended a connection that was quiet for long.
        let mut may_be_stale = self.peer.is_some();
        let mut tried = 0;
        loop {
            let waited = self.patience.waited();
            let message = match waited.during(|| self.try_once(calls, items, call)) {
                Ok(()) => {
                    self.patience.note_back();
                    return Ok(());
                }
                Err(Fault::Away(_)) if may_be_stale => {
                    may_be_stale = false;
                    self.peer = None;
                    continue;
                }
                Err(Fault::Away(message) | Fault::Again(message)) => message,
                Err(Fault::Refused(message) | Fault::Columns(message) | Fault::Hopeless(message)) => {
                    let name = self.patience.name().to_owned();
                    return Err(TableError::Hopeless { name, message }.into());
                }
            };
            let message = format!("{}: {message}", self.servers[self.at]);
            self.peer = None;
            self.at = (self.at + 1) % self.servers.len();
            tried += 1;
            // All of them are asked before anybody waits.
            if tried % self.servers.len() == 0 {
                self.patience.pause(message)?;
            }
        }
    }

    fn try_once<C: Calls<Peer = P>>(&mut self, calls: &C, items: u32, call: &[u8]) -> Result<(), Fault> {
        let peer = match &mut self.peer {
            Some(peer) => peer,
            none => {
                let Address { host, port } = &self.servers[self.at];
                let limit = self.timeout;
                let stream = stream::open(host, *port, self.tls.as_ref(), limit, limit).map_err(away)?;
                none.insert(calls.greet(stream)?)
            }
        };
        peer.call(items, call)
    }
}

/// A connection that was lost, or not made; or that carries what no attempt will make better: a certificate that is
/// not believed, or bytes that nobody can unpack.
pub fn away(error: io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Fault::Away("no answer in time".to_owned()),
        io::ErrorKind::UnexpectedEof => Fault::Away("it has ended the connection".to_owned()),
        io::ErrorKind::InvalidData => Fault::Hopeless(error.to_string()),
        _ => Fault::Away(describe(&error)),
    }
}
