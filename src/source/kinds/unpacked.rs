//! Standard input that may be packed: what its first bytes say it is.
//!
//! What unpacks waits for as many bytes as it needs, while batches are to be cut meanwhile and a stop
//! is to be seen at once. So a thread of its own unpacks into a pipe, which is waited for as standard
//! input is.

use std::fs::File;
use std::io::{self, Cursor, Read, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crate::console::Console;
use crate::flow::Waited;
use crate::signal::{StopSignal, Stopper};
use crate::source::kinds::packing::{Packing, Told, damaged};
use crate::source::kinds::stdin::{Ready, Stdin, wait_readable};
use crate::source::{ByteSource, Got, SourceError};

/// The most that is unpacked at a time, in bytes.
const PIECE: usize = 64 << 10;

/// How often the thread waits anew: it is woken at a stop.
const LONG: Duration = Duration::from_secs(3600);

/// How much later than the end of its input, which it may have caused, a stop may come.
const GRACE: Duration = Duration::from_millis(100);

/// Standard input, unpacked where it is packed.
pub struct UnpackedStdin {
    /// What is read: standard input itself or, where it is packed, what it holds.
    input: Stdin,
    state: State,
    /// It is this or an error.
    wanted: Option<Packing>,
    /// After a stop.
    is_left: bool,
    stop: StopSignal,
    waited: Waited,
    console: Console,
}

enum State {
    /// These bytes do not tell yet what it is.
    Looking(Vec<u8>),
    Plain,
    Packed(Unpacker),
    /// All was given, and this is what is wrong with the rest.
    Over(Option<io::Error>),
}

impl UnpackedStdin {
    /// What `input` holds.
    pub fn new(input: Stdin, stop: StopSignal, waited: Waited, console: Console) -> UnpackedStdin {
        let state = State::Looking(Vec::new());
        UnpackedStdin { input, state, wanted: None, is_left: false, stop, waited, console }
    }

    /// The same where what is not packed so is an error.
    pub fn of(self, wanted: Packing) -> UnpackedStdin {
        UnpackedStdin { wanted: Some(wanted), ..self }
    }

    /// It begins otherwise than what is wanted.
    fn check(&self, told: Told) -> Result<(), SourceError> {
        let is_wanted = match (self.wanted, told) {
            (None, _) | (_, Told::NotYet) => true,
            (Some(wanted), told) => told == Told::Packed(wanted),
        };
        match is_wanted {
            true => Ok(()),
            false => Err(SourceError::Malformed {
                place: self.input.name().to_owned(),
                message: "no container file of Avro, which begins with Obj and a byte of 1".to_owned(),
            }),
        }
    }

    /// Puts the bytes that do not tell yet and those that `read` gives into `buffer`, and sees what they tell.
    fn look(
        &mut self,
        buffer: &mut [u8],
        read: impl FnOnce(&mut Stdin, &mut [u8]) -> Result<Got, SourceError>,
    ) -> Result<Got, SourceError> {
        let State::Looking(first) = &mut self.state else { return read(&mut self.input, buffer) };
        let before = first.len();
        buffer[..before].copy_from_slice(first);
        let count = match read(&mut self.input, &mut buffer[before..])? {
            Got::Bytes(count) => before + count,
            // Too little to be packed.
            Got::End if before > 0 => {
                self.check(Told::Plain)?;
                self.state = State::Plain;
                return Ok(Got::Bytes(before));
            }
            other => return Ok(other),
        };
        let told = Packing::told_by(&buffer[..count]);
        self.check(told)?;
        let State::Looking(first) = &mut self.state else { return Ok(Got::Bytes(count)) };
        match told {
            Told::Plain => {
                self.state = State::Plain;
                return Ok(Got::Bytes(count));
            }
            Told::NotYet => *first = buffer[..count].to_vec(),
            Told::Packed(packing) => {
                let failed = |error| SourceError::read(self.input.name(), error);
                let file = self.input.file().try_clone().map_err(failed)?;
                let (unpacker, output) = Unpacker::start(packing, buffer[..count].to_vec(), file).map_err(failed)?;
                self.input = Stdin::from_file(output, self.input.name(), self.stop.clone(), self.waited.clone());
                self.state = State::Packed(unpacker);
            }
        }
        // What there is to give is still to come.
        Ok(Got::Timeout)
    }

    /// All that was unpacked was read.
    fn end(&mut self) -> Got {
        let unpacker = match std::mem::replace(&mut self.state, State::Over(None)) {
            State::Packed(unpacker) => unpacker,
            over => {
                self.state = over;
                return Got::End;
            }
        };
        let is_all_read = unpacker.is_all_read.clone();
        match unpacker.join() {
            Ok(()) => Got::End,
            Err(_) if is_all_read.load(Ordering::Acquire) && self.is_stopped() => {
                self.console.warn("input: stopped inside packed input: what had come of an unfinished block is left");
                Got::Stop
            }
            // What is left is no last line: the source ends as at a stop.
            Err(error) => {
                self.state = State::Over(Some(error));
                Got::Stop
            }
        }
    }

    /// Whether the input was left, and did not end by itself. Ctrl-C ends who writes it too, and
    /// that may be seen first.
    fn is_stopped(&self) -> bool {
        self.is_left || wait_readable(self.stop.wake(), None, Some(GRACE)).is_ok_and(|ready| ready == Ready::Input)
    }
}

impl ByteSource for UnpackedStdin {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        if let State::Looking(_) = self.state {
            return self.look(buffer, |input, buffer| input.read(buffer, timeout));
        }
        match self.input.read(buffer, timeout)? {
            Got::End => Ok(self.end()),
            other => Ok(other),
        }
    }

    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
        while let State::Looking(_) = self.state {
            match self.look(buffer, Stdin::read_held)? {
                // More bytes may tell, or what unpacks them has begun.
                Got::Timeout => {}
                other => return Ok(other),
            }
        }
        let State::Packed(unpacker) = &self.state else {
            return if let State::Plain = self.state { self.input.read_held(buffer) } else { Ok(Got::End) };
        };
        unpacker.stopper.stop();
        self.is_left = true;
        match self.input.read_blocking(buffer) {
            Ok(0) => {
                self.end();
                Ok(Got::End)
            }
            Ok(count) => Ok(Got::Bytes(count)),
            Err(error) => Err(SourceError::read(self.input.name(), error)),
        }
    }

    fn close(&mut self) -> Result<(), SourceError> {
        match &self.state {
            State::Over(Some(error)) => Err(SourceError::Malformed {
                place: self.input.name().to_owned(),
                message: format!("{error}: what was whole before that is given"),
            }),
            _ => Ok(()),
        }
    }
}

/// The thread that unpacks.
struct Unpacker {
    thread: JoinHandle<io::Result<()>>,
    /// Has it take what the input holds, and end.
    stopper: Arc<Stopper>,
    /// Whether it has come to the input's end, or at a stop to that of what the input held.
    is_all_read: Arc<AtomicBool>,
}

impl Unpacker {
    /// Unpacks `first` and what `file` goes on with; gives what it holds, to be read.
    fn start(packing: Packing, first: Vec<u8>, file: File) -> io::Result<(Unpacker, File)> {
        let (output, input) = crate::os::pipe()?;
        let (stop, stopper) = StopSignal::manual()?;
        let is_all_read = Arc::new(AtomicBool::new(false));
        let all_read = is_all_read.clone();
        let thread = Builder::new().name("unpack".into()).spawn(move || {
            let rest =
                Packed { input: Stdin::from_file(file, "stdin", stop, Waited::default()), is_all_read: all_read };
            unpack(packing, Cursor::new(first).chain(rest), File::from(input))
        })?;
        Ok((Unpacker { thread, stopper, is_all_read }, File::from(output)))
    }

    fn join(self) -> io::Result<()> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("could not be unpacked")))
    }
}

fn unpack(packing: Packing, bytes: impl Read + 'static, mut output: File) -> io::Result<()> {
    let mut content = packing.unpack(bytes);
    let mut piece = vec![0; PIECE];
    loop {
        match content.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(count) => output.write_all(&piece[..count])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(damaged(error)),
        }
    }
}

/// Packed bytes, as they come; after a stop those that the input holds then.
struct Packed {
    input: Stdin,
    is_all_read: Arc<AtomicBool>,
}

impl Read for Packed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = loop {
            match self.input.read_until_stop(buffer, LONG)? {
                Got::Bytes(count) => break count,
                Got::End => break 0,
                Got::Stop => break self.input.read_what_is_held(buffer)?,
                Got::Timeout | Got::Over | Got::Turn => {}
            }
        };
        if count == 0 {
            self.is_all_read.store(true, Ordering::Release);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::Level;
    use crate::source::kinds::packing::testing::packed;

    /// All that comes of bytes which arrive in pieces, and how it ends.
    fn read(bytes: &[u8], piece: usize) -> (String, Result<(), SourceError>) {
        let (output, input) = crate::os::pipe().unwrap();
        let (stop, _stopper) = StopSignal::manual().unwrap();
        let stdin = Stdin::from_file(output.into(), "stdin", stop.clone(), Waited::default());
        let mut source = UnpackedStdin::new(stdin, stop, Waited::default(), Console::new("source", Level::Error));
        let (mut input, mut pieces) = (Some(File::from(input)), bytes.chunks(piece));
        let (mut all, mut buffer) = (Vec::new(), vec![0; 100]);
        loop {
            match (pieces.next(), &mut input) {
                (Some(piece), Some(input)) => input.write_all(piece).unwrap(),
                _ => input = None,
            }
            let timeout = if input.is_some() { Duration::ZERO } else { LONG };
            match source.read(&mut buffer, timeout).unwrap() {
                Got::Bytes(count) => all.extend_from_slice(&buffer[..count]),
                Got::Timeout => {}
                Got::End | Got::Stop | Got::Over | Got::Turn => break,
            }
        }
        (String::from_utf8(all).unwrap(), source.close())
    }

    #[test]
    fn every_packing_is_told_and_unpacked_however_its_bytes_come() {
        for packing in [Packing::Gzip, Packing::Bzip2, Packing::Xz, Packing::Zstd] {
            let bytes = packed(packing);
            for piece in [1, 7, bytes.len()] {
                let (text, end) = read(&bytes, piece);
                assert_eq!(text, "1\n2\n3\n", "{packing:?} by {piece}");
                end.unwrap();
            }
            // Cut off and damaged: what comes before is given.
            let (text, end) = read(&bytes[..bytes.len() - 3], 7);
            assert!(text.starts_with("1\n2\n"), "{packing:?}: {text}");
            let end = end.unwrap_err().to_string();
            assert!(end.starts_with("stdin: packed, and "), "{packing:?}: {end}");
            let (text, end) = read(&[&bytes[..], b"no such thing"].concat(), 7);
            assert_eq!(text, "1\n2\n3\n", "{packing:?}");
            end.unwrap_err();
        }
    }

    #[test]
    fn what_a_stop_cuts_off_is_left_and_no_error() {
        let (output, input) = crate::os::pipe().unwrap();
        let (stop, stopper) = StopSignal::manual().unwrap();
        let stdin = Stdin::from_file(output.into(), "stdin", stop.clone(), Waited::default());
        let mut source = UnpackedStdin::new(stdin, stop, Waited::default(), Console::new("source", Level::Error));
        let bytes = packed(Packing::Gzip);
        let mut buffer = [0; 100];
        // The writer stays: nobody but the stop ends the wait.
        File::from(input.try_clone().unwrap()).write_all(&bytes[..bytes.len() - 3]).unwrap();
        stopper.stop();
        assert_eq!(source.read(&mut buffer, LONG).unwrap(), Got::Stop);
        let mut all = Vec::new();
        while let Got::Bytes(count) = source.read_held(&mut buffer).unwrap() {
            all.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(all, b"1\n2\n3\n");
        source.close().unwrap();
        drop(input);
    }

    #[test]
    fn what_is_not_packed_stays_as_it_is() {
        for text in ["", "a\nb\n", "B", "BZh", "BZh9 is the name\n"] {
            for piece in [1, 100] {
                let (given, end) = read(text.as_bytes(), piece);
                assert_eq!(given, text);
                end.unwrap();
            }
        }
    }
}
