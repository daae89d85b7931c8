//! `--spool`: what comes while the pipeline is held up is taken all the same, and waits, in memory and
//! beyond that in a temporary file, as what Spark's receivers store by `MEMORY_AND_DISK`.
//!
//! A thread of its own reads the source, and the cutter takes what waits, in order. When as much waits as
//! is allowed the thread reads no more: then senders wait, and datagrams are lost, as they are without it.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use super::receive::Surroundings;
use super::stdin::Ready;
use super::wake::{Bell, Wake};
use crate::console::Console;
use crate::flow::Waited;
use crate::frame::{BatchTime, Block};
use crate::record::forms::Coding;
use crate::signal::StopSignal;
use crate::source::{ByteSource, Client, Got, SourceError, Torn};
use crate::spool::{News, Spool, SpoolError};

/// So much of what waits is in memory, in bytes.
const MEMORY: usize = 8 << 20;

/// So much is read at a time.
const PIECE: usize = 64 << 10;

/// The thread looks this often whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// What stands between bytes, or behind them.
#[derive(Debug)]
enum Mark {
    /// What follows is another client's.
    Turn(Option<Client>),
    /// A connection is over, and what it left undone.
    Over(Option<Torn>),
    /// Nothing follows, or why not.
    End(Result<(), SourceError>),
}

/// What waits. Bytes have numbers in place of batch times, which rise with each mark.
#[derive(Debug)]
struct Waiting {
    limit: u64,
    bytes: Spool,
    number: u64,
    /// Each stands before the bytes of its number.
    marks: VecDeque<(u64, Mark)>,
}

/// The oldest of what waits.
enum Next {
    Bytes,
    Mark(Mark),
    Nothing,
}

impl Waiting {
    fn new(limit: u64) -> Waiting {
        let memory = usize::try_from(limit).unwrap_or(usize::MAX).clamp(PIECE * 4, MEMORY);
        Waiting { limit, bytes: Spool::new(memory), number: 0, marks: VecDeque::new() }
    }

    /// Whether more may wait: at least something may.
    fn has_room(&self) -> bool {
        self.bytes.is_empty() || self.bytes.bytes() < self.limit
    }

    fn mark(&mut self, mark: Mark) {
        self.number += 1;
        self.marks.push_back((self.number, mark));
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        self.bytes.append(Block { time: BatchTime(self.number), records: 0, bytes })
    }

    /// Takes the oldest; bytes come into `chunk`.
    fn next(&mut self, chunk: &mut Vec<u8>) -> Result<Next, SpoolError> {
        let mark = self.marks.front().map(|(number, _)| *number);
        match (mark, self.bytes.oldest()) {
            (Some(number), oldest) if oldest.is_none_or(|oldest| oldest.0 >= number) => {
                Ok(self.marks.pop_front().map_or(Next::Nothing, |(_, mark)| Next::Mark(mark)))
            }
            (_, Some(_)) => {
                self.bytes.take_oldest(chunk)?;
                Ok(Next::Bytes)
            }
            (_, None) => Ok(Next::Nothing),
        }
    }
}

/// What the thread and the stage share.
#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    /// For the thread: there is room, or it is asked for something else.
    changed: Condvar,
    bell: Bell,
}

#[derive(Debug)]
struct Inner {
    waiting: Waiting,
    asked: Asked,
}

/// What the thread is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// What comes.
    ToRead,
    /// What the source holds, and no more.
    ForTheRest,
    /// Nothing any more.
    ToEnd,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'i>(&self, inner: MutexGuard<'i, Inner>) -> MutexGuard<'i, Inner> {
        self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, what: Asked) {
        self.lock().asked = what;
        self.changed.notify_all();
    }
}

/// A source that is read whether the pipeline takes what comes or not.
pub struct Spooled {
    name: String,
    shared: Arc<Shared>,
    wake: Wake,
    stop: StopSignal,
    waited: Waited,
    /// What is being given, and how much of it was.
    chunk: Vec<u8>,
    given: usize,
    client: Option<Client>,
    torn: Option<Torn>,
    is_over: bool,
    thread: Option<JoinHandle<()>>,
}

impl Spooled {
    /// Opens a source in a thread of its own, of which at most about `limit` bytes wait. Messages call it `name`.
    ///
    /// # Errors
    /// It cannot be opened, or there is no thread.
    pub fn open<S: ByteSource>(
        name: &str,
        limit: u64,
        around: &Surroundings,
        open: impl FnOnce(&Surroundings) -> Result<S, SourceError> + Send + 'static,
    ) -> Result<Spooled, SourceError> {
        let failed = |error| SourceError::read(name, error);
        let wake = Wake::new().map_err(failed)?;
        let inner = Mutex::new(Inner { waiting: Waiting::new(limit), asked: Asked::ToRead });
        let shared = Arc::new(Shared { inner, changed: Condvar::new(), bell: wake.bell() });
        let (opened, is_open) = mpsc::channel();
        let begin = Begin {
            stop: around.stop.clone(),
            console: around.console.clone(),
            max_line: around.max_line,
            coding: around.coding,
            tells_clients: around.tells_clients,
        };
        let its_share = shared.clone();
        let news = News::new(name, limit, begin.console.clone());
        let work = move || match open(&begin.surroundings()) {
            Ok(source) => {
                let _ = opened.send(Ok(()));
                Reader { source, shared: its_share, news }.run();
            }
            Err(error) => drop(opened.send(Err(error))),
        };
        let thread = std::thread::Builder::new().name("spool".into()).spawn(work).map_err(failed)?;
        // It always says one of both.
        is_open.recv().unwrap_or(Ok(()))?;
        Ok(Spooled {
            name: name.to_owned(),
            shared,
            wake,
            stop: around.stop.clone(),
            waited: around.waited.clone(),
            chunk: Vec::new(),
            given: 0,
            client: None,
            torn: None,
            is_over: false,
            thread: Some(thread),
        })
    }

    /// What is here, if anything.
    fn take(&mut self, buffer: &mut [u8]) -> Result<Option<Got>, SourceError> {
        if self.given == self.chunk.len() {
            let mut inner = self.shared.lock();
            let next = inner.waiting.next(&mut self.chunk);
            drop(inner);
            self.shared.changed.notify_all();
            match next.map_err(SourceError::kind)? {
                Next::Bytes => self.given = 0,
                Next::Mark(Mark::Turn(client)) => {
                    self.client = client;
                    return Ok(Some(Got::Turn));
                }
                Next::Mark(Mark::Over(torn)) => {
                    self.torn = torn;
                    return Ok(Some(Got::Over));
                }
                Next::Mark(Mark::End(how)) => {
                    self.is_over = true;
                    return how.map(|()| Some(Got::End));
                }
                Next::Nothing => return Ok(self.is_over.then_some(Got::End)),
            }
        }
        let count = buffer.len().min(self.chunk.len() - self.given);
        buffer[..count].copy_from_slice(&self.chunk[self.given..self.given + count]);
        self.given += count;
        Ok(Some(Got::Bytes(count)))
    }

    fn wait(&self, stop: Option<&StopSignal>, timeout: Duration) -> Result<Ready, SourceError> {
        let ready = self.waited.during(|| self.wake.wait(stop, timeout));
        ready.map_err(|error| SourceError::read(&self.name, error))
    }
}

impl ByteSource for Spooled {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        if let Some(got) = self.take(buffer)? {
            return Ok(got);
        }
        match self.wait(Some(&self.stop), timeout)? {
            Ready::Wake => Ok(Got::Stop),
            Ready::Input | Ready::Timeout => Ok(self.take(buffer)?.unwrap_or(Got::Timeout)),
        }
    }

    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
        if !self.is_over {
            self.shared.ask(Asked::ForTheRest);
        }
        loop {
            if let Some(got) = self.take(buffer)? {
                return Ok(got);
            }
            self.wait(None, LOOK)?;
        }
    }

    fn torn(&mut self) -> Option<Torn> {
        self.torn.take()
    }

    fn client(&self) -> Option<Client> {
        self.client.clone()
    }

    fn waiting(&self) -> Option<u64> {
        Some(self.shared.lock().waiting.bytes.bytes() + (self.chunk.len() - self.given) as u64)
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        self.shared.ask(Asked::ToEnd);
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

/// What may go to another thread of what is around a source.
struct Begin {
    stop: StopSignal,
    console: Console,
    max_line: usize,
    coding: Coding,
    tells_clients: bool,
}

impl Begin {
    /// Its waiting is none of the stage.
    fn surroundings(self) -> Surroundings {
        let Begin { stop, console, max_line, coding, tells_clients } = self;
        Surroundings { stop, waited: Waited::default(), console, max_line, coding, tells_clients }
    }
}

/// The thread's side.
struct Reader<S> {
    source: S,
    shared: Arc<Shared>,
    news: News,
}

impl<S: ByteSource> Reader<S> {
    fn run(mut self) {
        let mut buffer = vec![0; PIECE];
        loop {
            let asked = self.shared.lock().asked;
            let got = match asked {
                Asked::ToRead => self.source.read(&mut buffer, LOOK),
                Asked::ForTheRest => self.source.read_held(&mut buffer),
                Asked::ToEnd => return,
            };
            match got {
                Ok(Got::Bytes(count)) => self.keep(&buffer[..count]),
                Ok(Got::Timeout) => {}
                Ok(Got::Turn) => self.mark(Mark::Turn(self.source.client())),
                Ok(Got::Over) => {
                    let torn = self.source.torn();
                    self.mark(Mark::Over(torn));
                }
                // The stage hears of it too, and asks for the rest then.
                Ok(Got::Stop) => {
                    let mut inner = self.shared.lock();
                    while inner.asked == Asked::ToRead {
                        inner = self.shared.wait(inner);
                    }
                }
                Ok(Got::End) => return self.mark(Mark::End(Ok(()))),
                Err(error) => return self.mark(Mark::End(Err(error))),
            }
        }
    }

    fn mark(&self, mark: Mark) {
        self.shared.lock().waiting.mark(mark);
        self.shared.bell.ring();
    }

    /// Lets bytes wait, as soon as there is room for them.
    fn keep(&mut self, bytes: &[u8]) {
        let shared = self.shared.clone();
        let mut inner = shared.lock();
        if inner.waiting.bytes.is_empty() {
            self.news.goes_on();
        }
        while inner.asked != Asked::ToEnd {
            if !inner.waiting.has_room() {
                self.news.tell_full();
            } else if let Err(error) = inner.waiting.push(bytes) {
                // What is in memory goes without a disk.
                self.news.fails(&error);
            } else {
                if inner.waiting.bytes.bytes() > MEMORY as u64 {
                    self.news.waits();
                }
                return shared.bell.ring();
            }
            inner = shared.wait(inner);
        }
    }
}

#[cfg(test)]
mod tests;
