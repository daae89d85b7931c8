//! A command that runs once for a whole stream and gets batch after batch:
//! `sstream-sink exec --keep -- CMD`.
//!
//! What a batch looks like on its stdin and how it is answered is docs/EXEC.md's, for the
//! command's author. Here is what follows from it:
//!
//! - *A batch that was cut off never looks whole*: it is kept until its end has come, and begins with
//!   how many records it has.
//! - *Neither side waits for the other for ever*: both pipes are non-blocking, and what the command
//!   writes is taken in while it is written to.
//! - *It lives as long as the stream*: at the end its stdin is closed, and how it ends then counts.
//!   It is stopped on every error, which is how it knows that an open transaction is void.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek as _, Write as _};
use std::process::{ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::input::BatchFile;
use super::program::shorten;
use super::running::Running;
use super::{CommandError, CommandOptions, Problem, Program, judge};
use crate::console::Console;
use crate::expr::pipe::{Lines, Ready, set_nonblocking, wait};
use crate::frame::{BatchTime, Block};
use crate::record::{canonicalize, field};
use crate::signal::StopSignal;
use crate::spool::SpoolError;

/// Bytes written at a time.
const WRITE_BYTES: usize = 64 << 10;

/// After so long without an answer a command is suspected to buffer it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long is waited to learn how a command ended that has closed its output.
const TO_END: Duration = Duration::from_secs(1);

/// A command that gets a stream batch by batch.
pub struct KeptCommand {
    program: Program,
    options: CommandOptions,
    stop: StopSignal,
    batch: BatchFile,
    bytes: u64,
    /// From the first batch on.
    conversation: Option<Conversation>,
}

impl KeptCommand {
    /// A command; `stop` ends it together with the process.
    pub fn new(program: Program, options: CommandOptions, stop: StopSignal) -> KeptCommand {
        let batch = BatchFile::new(options.memory_limit);
        KeptCommand { program, options, stop, batch, bytes: 0, conversation: None }
    }

    /// The command is told for whom it works, in its environment.
    pub fn works_for(&mut self, job: &str, stage: &str) {
        self.program.works_for(job, stage);
    }

    /// Takes records of the batch that is delivered next.
    pub fn block(&mut self, block: Block<'_>) -> Result<(), SpoolError> {
        self.bytes += block.bytes.len() as u64;
        self.batch.write(block.bytes)
    }

    /// Delivers the batch, and returns when the command has acknowledged it. One that fails is
    /// started anew, as often as the options say, and gets the batch from its beginning.
    pub fn deliver(&mut self, time: BatchTime, records: u64) -> Result<(), CommandError> {
        let batch = self.batch.take()?;
        let head = format!("{{\"batch\":{time},\"records\":{records},\"bytes\":{}}}\n", self.bytes);
        self.bytes = 0;
        let retry = self.options.retry.clone();
        retry.run(|| {
            let mut conversation = match self.conversation.take() {
                Some(conversation) => conversation,
                None => self.start()?,
            };
            match conversation.deliver(&head, batch.as_ref(), time, &retry.console) {
                Ok(()) => {
                    self.conversation = Some(conversation);
                    Ok(())
                }
                Err(problem) => Err(self.program.failed(problem)),
            }
        })
    }

    fn start(&self) -> Result<Conversation, CommandError> {
        let mut command = self.program.command()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let running = Running::start(&mut command, self.stop.clone());
        running.and_then(Conversation::new).map_err(|error| self.program.failed(Problem::Start(error)))
    }

    /// There are no more batches: the command has to end well, in its own time.
    pub fn close(&mut self) -> Result<(), CommandError> {
        let Some(conversation) = self.conversation.take() else { return Ok(()) };
        let ended = conversation.close().and_then(|status| judge(status, None, self.options.accept.as_deref()));
        ended.map_err(|problem| self.program.failed(problem))
    }
}

/// A running command. Dropped, it is stopped.
struct Conversation {
    running: Running,
    stdin: ChildStdin,
    stdout: ChildStdout,
    lines: Lines,
    answer: Vec<u8>,
}

impl Conversation {
    fn new(mut running: Running) -> io::Result<Conversation> {
        let (Some(stdin), Some(stdout)) = (running.take_stdin(), running.take_stdout()) else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        set_nonblocking(&stdin)?;
        set_nonblocking(&stdout)?;
        crate::os::enlarge_pipe(&stdin);
        Ok(Conversation { running, stdin, stdout, lines: Lines::default(), answer: Vec::new() })
    }

    fn deliver(&mut self, head: &str, batch: Option<&File>, time: BatchTime, console: &Console) -> Result<(), Problem> {
        self.receive()?;
        if let Some(line) = self.lines.next_line() {
            return Err(Problem::Answer { line: shorten(&String::from_utf8_lossy(line)), time: None });
        }
        self.send(head.as_bytes(), time)?;
        if let Some(mut batch) = batch {
            batch.rewind().map_err(Problem::Write)?;
            self.send(batch, time)?;
        }
        self.send(format!("{{\"end\":{time}}}\n").as_bytes(), time)?;
        self.await_answer(time, console)
    }

    /// Writes all of it, taking in meanwhile what the command says.
    fn send(&mut self, mut bytes: impl Read, time: BatchTime) -> Result<(), Problem> {
        let mut chunk = vec![0; WRITE_BYTES];
        loop {
            let count = bytes.read(&mut chunk).map_err(Problem::Write)?;
            if count == 0 {
                return Ok(());
            }
            let mut rest = &chunk[..count];
            while !rest.is_empty() {
                match self.stdin.write(rest) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        let far = Instant::now() + PATIENCE;
                        if let Ready::Some { readable: true, .. } =
                            wait(Some(&self.stdin), self.reading(), far).map_err(Problem::Write)?
                        {
                            self.receive()?;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => return Err(self.ended(time)),
                    Err(error) => return Err(Problem::Write(error)),
                }
            }
        }
    }

    /// Its output, unless that has ended.
    fn reading(&self) -> Option<&ChildStdout> {
        (!self.lines.is_closed()).then_some(&self.stdout)
    }

    /// Reads what is there.
    fn receive(&mut self) -> Result<(), Problem> {
        match self.lines.receive(&mut self.stdout) {
            Ok(false) => Ok(()),
            Ok(true) => Err(Problem::Answer { line: "…, which has no end".to_owned(), time: None }),
            Err(error) => Err(Problem::Read(error)),
        }
    }

    fn await_answer(&mut self, time: BatchTime, console: &Console) -> Result<(), Problem> {
        let mut suspect = Some(Instant::now() + PATIENCE);
        loop {
            if let Some(line) = self.lines.next_line() {
                self.answer.clear();
                let is_json = canonicalize(line, &mut self.answer).is_ok();
                if is_json && field(&self.answer, b"end") == Some(time.to_string().as_bytes()) {
                    return Ok(());
                }
                return Err(Problem::Answer { line: shorten(&String::from_utf8_lossy(line)), time: Some(time) });
            }
            if self.lines.is_at_end() {
                return Err(self.ended(time));
            }
            let deadline = suspect.unwrap_or_else(|| Instant::now() + PATIENCE);
            match wait(None, Some(&self.stdout), deadline).map_err(Problem::Read)? {
                Ready::Some { .. } => self.receive()?,
                Ready::Nothing if suspect.take().is_some() => console.warn(&format!(
                    "the command has not acknowledged batch {time} for {} s: if it is done with it, it has to write \
                     {{\"end\":{time}}} and flush that line (flush=True in Python)",
                    PATIENCE.as_secs()
                )),
                Ready::Nothing => {}
            }
        }
    }

    /// It reads or writes no more.
    fn ended(&mut self, time: BatchTime) -> Problem {
        let since = Instant::now();
        while !self.running.has_ended() && since.elapsed() < TO_END {
            std::thread::sleep(Duration::from_millis(5));
        }
        match self.running.status() {
            Ok(status) => Problem::Ended { status, time },
            Err(error) => Problem::Wait(error),
        }
    }

    /// Closes its stdin and waits for its end.
    fn close(self) -> Result<ExitStatus, Problem> {
        let Conversation { running, stdin, mut stdout, mut lines, .. } = self;
        drop(stdin);
        while !lines.is_closed() {
            wait(None, Some(&stdout), Instant::now() + PATIENCE).map_err(Problem::Read)?;
            lines.receive(&mut stdout).map_err(Problem::Read)?;
            if let Some(line) = lines.next_line() {
                return Err(Problem::Answer { line: shorten(&String::from_utf8_lossy(line)), time: None });
            }
        }
        running.wait().map_err(Problem::Wait)
    }
}
