//! The sides of a join or union: each is opened and read by a thread of its own,
//! so that FIFOs may be opened by their writers in any order, and no side keeps
//! another from being read.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::MergeError;
use super::gate::Gate;
use crate::frame::{BatchTime, Close, End, Event, FrameError, FrameReader, Head, MAGIC};

/// A stream to read, not opened yet: opening a FIFO waits for its writer.
pub struct SideInput {
    /// What messages call it.
    pub name: String,
    /// Opens it.
    pub open: Opener,
}

/// Opens a stream, from a thread of its own.
pub type Opener = Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send>;

/// What a side's reader tells.
pub(super) enum Message {
    /// The side has a writer.
    Opened,
    Head(Head),
    Block {
        time: BatchTime,
        records: u64,
        bytes: Vec<u8>,
    },
    End(End),
    Close(Close),
    /// It is no framed stream.
    Refused(MergeError),
    /// It broke off, or is malformed.
    Failed(FrameError),
}

/// A side's name, and how to hold it back.
pub(super) struct Side {
    pub(super) name: String,
    pub(super) gate: Arc<Gate>,
}

impl Drop for Side {
    fn drop(&mut self) {
        self.gate.abandon();
    }
}

/// Messages, each with its side's number.
pub(super) type Messages = Receiver<(usize, Message)>;

/// Begins to read all sides.
pub(super) fn read_all(inputs: Vec<SideInput>) -> Result<(Vec<Side>, Messages), MergeError> {
    // A message a side: what is under way besides is in the pipes.
    let (sender, messages) = sync_channel(inputs.len());
    let mut sides = Vec::new();
    for (index, SideInput { name, open }) in inputs.into_iter().enumerate() {
        let gate = Arc::new(Gate::default());
        let reader = Reader { index, name: name.clone(), gate: gate.clone(), sender: sender.clone() };
        std::thread::Builder::new()
            .name(format!("side {}", index + 1))
            .spawn(move || reader.run(open))
            .map_err(|error| MergeError::Open { side: name.clone(), error })?;
        sides.push(Side { name, gate });
    }
    Ok((sides, messages))
}

struct Reader {
    index: usize,
    name: String,
    gate: Arc<Gate>,
    sender: SyncSender<(usize, Message)>,
}

impl Reader {
    /// Reads to the end; ends early once nobody listens.
    fn run(self, open: Opener) {
        let begun =
            open().map_err(|error| MergeError::Open { side: self.name.clone(), error }).and_then(|mut input| {
                self.tell(Message::Opened);
                let read = self.begin(&mut *input)?;
                Ok((input, read))
            });
        match begun {
            Err(error) => {
                self.tell(Message::Refused(error));
            }
            Ok((input, read)) => self.read(FrameReader::resume(input, read)),
        }
    }

    /// Reads what every framed stream begins with.
    fn begin(&self, input: &mut dyn Read) -> Result<Vec<u8>, MergeError> {
        let side = || self.name.clone();
        let mut read = Vec::new();
        let mut buffer = [0; 64];
        loop {
            let length = read.len().min(MAGIC.len());
            if read[..length] != MAGIC[..length] {
                let line = read.split(|byte| *byte == b'\n').next().unwrap_or_default();
                let text = String::from_utf8_lossy(&line[..line.len().min(40)]);
                let found = text.chars().filter(|c| !c.is_control()).collect();
                return Err(MergeError::Raw { side: side(), found });
            }
            if length == MAGIC.len() {
                return Ok(read);
            }
            match input.read(&mut buffer) {
                Ok(0) => return Err(MergeError::NoHead { side: side() }),
                Ok(count) => read.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(MergeError::Open { side: side(), error }),
            }
        }
    }

    fn read<R: Read>(&self, mut reader: FrameReader<R>) {
        let mut batch_bytes = 0;
        loop {
            let message = match reader.next() {
                Ok(Event::Head(head)) => Message::Head(head),
                Ok(Event::Block(block)) => {
                    batch_bytes += block.bytes.len() as u64;
                    Message::Block { time: block.time, records: block.records, bytes: block.bytes.to_vec() }
                }
                Ok(Event::End(end)) => {
                    self.gate.read(std::mem::take(&mut batch_bytes));
                    Message::End(end)
                }
                Ok(Event::Close(close)) => Message::Close(close),
                Err(error) => Message::Failed(error),
            };
            let is_last = matches!(message, Message::Close(_) | Message::Failed(_));
            let is_end = matches!(message, Message::End(_));
            if !self.tell(message) || is_last || (is_end && !self.gate.pass()) {
                return;
            }
        }
    }

    /// Whether somebody listens.
    fn tell(&self, message: Message) -> bool {
        self.sender.send((self.index, message)).is_ok()
    }
}
