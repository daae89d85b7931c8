//! A conversation in messages of a known length: each is read within a time and a size, asked what it
//! wants, and answered before the next one is read.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use sstream::connect::{Console, OwnAddress, ValueArgs, duration};
use sstream_tls::server::{ServerArgs, TlsAcceptor};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::intake::WaitingArgs;
use crate::queue::{Queue, Records, Share};
use crate::server::{Doors, Reception, Stopping};

/// So much of a connection is read at a time.
const READ: usize = 16 << 10;

/// So much is kept of a message that there is no place for: enough to know how to say so.
const HEAD: usize = 8 << 10;

/// Options of sources whose clients send messages.
#[derive(Args, Clone, Debug)]
pub struct FramedArgs {
    /// The port, and the address to listen on
    #[arg(value_name = "[HOST:]PORT")]
    pub address: OwnAddress,

    /// What a value is in its record.
    #[command(flatten, next_help_heading = "Server")]
    pub value: ValueArgs,

    /// TLS.
    #[command(flatten, next_help_heading = "Server")]
    pub tls: ServerArgs,

    /// Who sends a larger message is cut off
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "16MiB", help_heading = "Server")]
    pub max_message: usize,

    /// How much waits.
    #[command(flatten, next_help_heading = "Server")]
    pub waiting: WaitingArgs,

    /// So many clients at a time; more wait until one has gone
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Server")]
    pub max_clients: u32,

    /// Who takes longer over a message, or to read an answer, is cut off
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "30s", help_heading = "Server")]
    pub message_timeout: Duration,

    /// Who sends nothing for so long is cut off
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "10m", help_heading = "Server")]
    pub client_timeout: Duration,
}

impl FramedArgs {
    /// What does not go together.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        self.value.check()?;
        match self.waiting.max_waiting < self.max_message {
            true => Err("--max-waiting: a message of --max-message would never find a place: let it be no less".into()),
            false => Ok(()),
        }
    }

    /// Where clients come in.
    pub fn doors(&self, protocol: &'static str) -> Doors {
        Doors { protocol, address: self.address.0.clone(), max_clients: self.max_clients as usize }
    }

    /// What a record is made of, as it is asked for: nothing of what is the default.
    pub fn identity(&self) -> String {
        self.value.words().trim_start().to_owned()
    }
}

/// What to say to who begins with this number: nothing, unless that is TLS.
pub fn tls_advice(number: u32) -> Option<&'static str> {
    // A handshake, of any version.
    (number >> 16 == 0x1603).then_some("it speaks TLS, and this server does not: give --tls-cert and --tls-key")
}

/// What a connection is read from.
pub type Input = Box<dyn AsyncRead + Send + Unpin>;

/// What is spoken on one connection.
pub trait Protocol: Send + 'static {
    /// What messages are read from.
    fn input(&mut self, stream: Input) -> Input {
        stream
    }

    /// Reads a message, whole.
    fn read(&mut self, reader: &mut Reader, message: &mut Message) -> impl Future<Output = Result<(), Cut>> + Send;

    /// What it asks for. Of one that there was no place for only its head is there.
    ///
    /// # Errors
    /// Why there is nothing more to be said with this client.
    fn ask(&mut self, message: &Message) -> Result<Ask, Cut>;

    /// An answer, as it is written.
    fn pack(&mut self, answer: Vec<u8>) -> Vec<u8> {
        answer
    }
}

/// What a message asks for.
#[derive(Debug)]
pub enum Ask {
    /// This answer, which is known; none, if it is empty.
    Answer(Vec<u8>),
    /// That records are taken.
    Take {
        /// The records.
        records: Records,
        /// The answer when they are safe.
        taken: Vec<u8>,
        /// The answer when they are not taken, and may be sent again.
        later: Vec<u8>,
    },
    /// That records are taken for which there was no place: this is the answer.
    Busy(Vec<u8>),
}

/// Why a client is cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It has gone, between two messages.
    Gone,
    /// It has gone in the middle of one.
    Broken,
    /// The server ends.
    Stopping,
    /// It sent nothing for so long.
    Quiet(Duration),
    /// A message, or reading an answer, took longer.
    Slow(Duration),
    /// A message is larger than so many bytes.
    TooLarge(usize),
    /// It does not speak the protocol: what is wrong.
    Malformed(String),
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |time: &Duration| duration::show_ms(time.as_millis() as u64);
        match self {
            Cut::Gone => f.write_str("it has gone"),
            Cut::Broken => f.write_str("it broke off in a message, of which nothing is taken"),
            Cut::Stopping => f.write_str("the pipeline stops"),
            Cut::Quiet(time) => write!(f, "it sent nothing for {}", shown(time)),
            Cut::Slow(time) => write!(f, "it took longer than {} over a message", shown(time)),
            Cut::TooLarge(most) => {
                write!(
                    f,
                    "it sends a message of more than {most} bytes, which is --max-message: nothing of it is taken"
                )
            }
            Cut::Malformed(what) => f.write_str(what),
        }
    }
}

/// A message, as it is read.
#[derive(Debug)]
pub struct Message {
    /// Its bytes; the first ones, if it is full.
    pub bytes: Vec<u8>,
    /// Whether there was no place for it.
    pub is_full: bool,
    /// How long it is.
    length: usize,
    share: Share,
}

impl Message {
    /// An empty one, which takes the memory that it needs of what all messages share.
    pub fn new(share: Share) -> Message {
        Message { bytes: Vec::new(), is_full: false, length: 0, share }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        if !self.is_full && self.share.set(self.length).is_err() {
            self.is_full = true;
            self.bytes.truncate(HEAD);
            self.bytes.shrink_to_fit();
            // Less than there is.
            let _ = self.share.set(0);
        }
        let kept = match self.is_full {
            true => bytes.len().min(HEAD.saturating_sub(self.bytes.len())),
            false => bytes.len(),
        };
        self.bytes.extend_from_slice(&bytes[..kept]);
    }
}

/// Reads a client's messages.
pub struct Reader {
    input: BufReader<Input>,
    max_message: usize,
}

impl Reader {
    /// Reads messages of at most so many bytes.
    pub fn new(input: Input, max_message: usize) -> Reader {
        Reader { input: BufReader::with_capacity(READ, input), max_message }
    }

    /// Waits until a message begins.
    async fn begins(&mut self, limit: Duration, stopping: &mut Stopping) -> Result<(), Cut> {
        let filled = tokio::select! {
            biased;
            () = stopping.asked() => return Err(Cut::Stopping),
            filled = timeout(limit, self.input.fill_buf()) => filled,
        };
        match filled {
            Err(_) => Err(Cut::Quiet(limit)),
            Ok(Ok([])) => Err(Cut::Gone),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::InvalidData => Err(Cut::Malformed(error.to_string())),
            Ok(Err(_)) => Err(Cut::Gone),
        }
    }

    /// Reads a number of four bytes, which is no part of the message.
    ///
    /// # Errors
    /// The client has gone.
    pub async fn number(&mut self) -> Result<u32, Cut> {
        self.input.read_u32().await.map_err(of_io)
    }

    /// Appends so many bytes to the message.
    ///
    /// # Errors
    /// It would be too large, or the client has gone.
    pub async fn bytes(&mut self, length: usize, message: &mut Message) -> Result<(), Cut> {
        if length > self.max_message - message.length {
            return Err(Cut::TooLarge(self.max_message));
        }
        let mut left = length;
        while left > 0 {
            let there = self.input.fill_buf().await.map_err(of_io)?;
            if there.is_empty() {
                return Err(Cut::Broken);
            }
            let piece = there.len().min(left);
            message.push(&there[..piece]);
            self.input.consume(piece);
            left -= piece;
        }
        Ok(())
    }
}

fn of_io(error: std::io::Error) -> Cut {
    match error.kind() {
        std::io::ErrorKind::InvalidData => Cut::Malformed(error.to_string()),
        _ => Cut::Broken,
    }
}

/// Talks with every client as its protocol has it.
pub struct Front<P, N> {
    queue: Queue,
    max_message: usize,
    message_timeout: Duration,
    client_timeout: Duration,
    tls: Option<TlsAcceptor>,
    /// What is spoken with a client.
    new: N,
    console: Console,
    /// For messages.
    name: String,
    has_told_busy: AtomicBool,
    has_told_wrong: AtomicBool,
    protocol: std::marker::PhantomData<fn() -> P>,
}

impl<P: Protocol, N: Fn(SocketAddr) -> P + Send + Sync + 'static> Front<P, N> {
    /// `new` makes what is spoken with a client, in TLS if there is `tls`.
    pub fn new(
        args: &FramedArgs,
        tls: Option<TlsAcceptor>,
        queue: Queue,
        console: Console,
        name: String,
        new: N,
    ) -> Front<P, N> {
        Front {
            queue,
            max_message: args.max_message,
            message_timeout: args.message_timeout,
            client_timeout: args.client_timeout,
            tls,
            new,
            console,
            name,
            has_told_busy: AtomicBool::new(false),
            has_told_wrong: AtomicBool::new(false),
            protocol: std::marker::PhantomData,
        }
    }

    /// Says all that there is to be said, in TLS or without.
    async fn talk(&self, stream: TcpStream, client: SocketAddr, stopping: &mut Stopping) -> Result<(), Cut> {
        let Some(tls) = &self.tls else {
            let (input, output) = stream.into_split();
            return self.converse(Box::new(input), output, client, stopping).await;
        };
        let accepted = tokio::select! {
            biased;
            () = stopping.asked() => return Err(Cut::Stopping),
            accepted = timeout(self.message_timeout, tls.accept(stream)) => accepted,
        };
        let stream = accepted.map_err(|_| Cut::Slow(self.message_timeout))?.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Cut::Malformed(format!("no TLS, which this server speaks: {error}")),
            // As who only looks whether somebody listens.
            _ => Cut::Gone,
        })?;
        let (input, output) = tokio::io::split(stream);
        self.converse(Box::new(input), output, client, stopping).await
    }

    async fn converse<W: AsyncWrite + Unpin>(
        &self,
        input: Input,
        mut output: W,
        client: SocketAddr,
        stopping: &mut Stopping,
    ) -> Result<(), Cut> {
        let mut protocol = (self.new)(client);
        let mut reader = Reader::new(protocol.input(input), self.max_message);
        let limit = self.message_timeout;
        loop {
            reader.begins(self.client_timeout, stopping).await?;
            let mut message = Message::new(self.queue.share());
            tokio::select! {
                biased;
                () = stopping.asked() => return Err(Cut::Stopping),
                read = timeout(limit, protocol.read(&mut reader, &mut message)) => read.map_err(|_| Cut::Slow(limit))??,
            }
            let answer = match protocol.ask(&message)? {
                Ask::Answer(answer) => answer,
                Ask::Busy(later) => {
                    self.tell_busy();
                    later
                }
                Ask::Take { records, taken, later } => match self.take(records, message).await {
                    true => taken,
                    false => later,
                },
            };
            if !answer.is_empty() {
                let answer = protocol.pack(answer);
                let write = async {
                    output.write_all(&answer).await?;
                    output.flush().await
                };
                let written = timeout(limit, write).await.map_err(|_| Cut::Slow(limit))?;
                written.map_err(|_| Cut::Gone)?;
            }
        }
    }

    /// Whether the records are safe, which is waited for.
    async fn take(&self, records: Records, message: Message) -> bool {
        if records.count == 0 && records.bad.is_empty() {
            return true;
        }
        let Message { mut share, .. } = message;
        share.settle(records.block.len());
        let Ok(answered) = self.queue.put(records, share) else { return false };
        self.has_told_busy.store(false, Ordering::Relaxed);
        // An error: the stage has ended, and nobody knows whether they are safe.
        answered.await.is_ok()
    }

    /// Back-pressure is said out loud, once in a row.
    fn tell_busy(&self) {
        if !self.has_told_busy.swap(true, Ordering::Relaxed) {
            let name = &self.name;
            self.console.warn(&format!("{name}: the pipeline takes less than comes: clients are told to come again"));
        }
    }

    /// A client that will send the same again is told of, the first time; the rest to those who want to know.
    fn tell(&self, cut: &Cut, client: SocketAddr) {
        let text = format!("{}: client {client}: cut off: {cut}", self.name);
        match cut {
            Cut::Gone | Cut::Stopping => {}
            Cut::TooLarge(_) | Cut::Malformed(_) if !self.has_told_wrong.swap(true, Ordering::Relaxed) => {
                self.console.warn(&text);
            }
            _ => self.console.info(&text),
        }
    }
}

impl<P: Protocol, N: Fn(SocketAddr) -> P + Send + Sync + 'static> Reception for Front<P, N> {
    async fn receive(self: Arc<Self>, stream: TcpStream, client: SocketAddr, mut stopping: Stopping) {
        if let Err(cut) = self.talk(stream, client, &mut stopping).await {
            self.tell(&cut, client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::Wake;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
    }

    /// What there is no place for is read to its end, and not kept.
    #[test]
    fn a_message_that_finds_no_place_is_known_by_its_head() {
        let queue = Queue::new(20_000, None, Wake::new().unwrap().bell());
        let bytes: Vec<u8> = (0..50_000u32).map(|n| n as u8).collect();
        let mut reader = Reader::new(Box::new(std::io::Cursor::new(bytes.clone())), 60_000);
        let mut other = queue.share();
        other.set(10_000).unwrap();
        let (mut small, mut large) = (Message::new(queue.share()), Message::new(queue.share()));
        runtime().block_on(async {
            reader.bytes(9_000, &mut small).await.unwrap();
            reader.bytes(40_000, &mut large).await.unwrap();
            assert_eq!(reader.number().await, Ok(u32::from_be_bytes(bytes[49_000..49_004].try_into().unwrap())));
            assert_eq!(reader.bytes(60_001, &mut Message::new(queue.share())).await, Err(Cut::TooLarge(60_000)));
            assert_eq!(reader.bytes(997, &mut Message::new(queue.share())).await, Err(Cut::Broken));
        });
        assert_eq!((small.is_full, &*small.bytes), (false, &bytes[..9_000]));
        assert_eq!((large.is_full, &*large.bytes), (true, &bytes[9_000..9_000 + HEAD]));
        // It holds nothing.
        assert_eq!(queue.share().set(1_000), Ok(()));
    }
}
