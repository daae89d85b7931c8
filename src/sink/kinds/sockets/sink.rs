//! The stage's side of it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::batch::Open;
use super::dial::{Client, Peer};
use super::queue::{Missed, OnSlow, Queue};
use super::server::{Place, Readers, Server};
use super::shared::Shared;
use crate::console::Console;
use crate::duration;
use crate::error::{Exit, Failure};
use crate::flow::{LineForm, OutletError, Waited};
use crate::frame::{BatchTime, Block};
use crate::net::unix::SocketFile;
use crate::signal::StopSignal;
use crate::sink::Sink;

/// While it waits the stage looks this often whether it still should.
const LOOK: Duration = Duration::from_millis(200);

/// Asked to stop, those who take nothing are waited for so long.
const AT_A_STOP: Duration = Duration::from_secs(10);

/// At the end, readers that take nothing of what they could have are waited for so long.
const AT_THE_END: Duration = Duration::from_secs(5);

/// What is around the sink.
#[derive(Clone, Debug)]
pub struct Around {
    /// For what a careful person wants to know.
    pub console: Console,
    /// A stop ends the wait for who is away.
    pub stop: StopSignal,
    /// Counts waiting.
    pub waited: Waited,
}

/// Lines to sockets.
pub struct Sockets {
    name: String,
    on_slow: OnSlow,
    /// Give up when the server was away for so long; never, if it is none.
    retry_for: Option<Duration>,
    open: Open,
    shared: Arc<Shared>,
    around: Around,
    /// What came while nobody was connected.
    unread: Missed,
    has_told_waiting: bool,
    /// Removed at the end.
    _file: Option<SocketFile>,
    /// Ends the thread of the sockets.
    _thread: oneshot::Sender<()>,
}

/// What was not delivered.
#[derive(Debug)]
struct Undelivered {
    name: String,
    batches: u64,
    why: String,
    tried: Duration,
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Undelivered { name, batches, why, tried } = self;
        let tried = duration::show_ms(tried.as_millis() as u64);
        write!(f, "{name}: {batches} batches were not delivered: {why}: given up after {tried}")
    }
}

impl std::error::Error for Undelivered {}

impl Failure for Undelivered {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

impl Sockets {
    /// To whoever connects. At most about `buffer` bytes are held in memory.
    ///
    /// # Errors
    /// The system refuses to listen there.
    pub fn listen(
        place: &Place,
        readers: Readers,
        on_slow: OnSlow,
        form: LineForm,
        buffer: usize,
        around: Around,
    ) -> io::Result<Sockets> {
        let (listener, file) = place.listen(&around.console)?;
        let shared = Arc::new(Shared::new(on_slow, buffer));
        let server = Server { name: place.name(), readers, shared: shared.clone(), console: around.console.clone() };
        let thread = run(async move || {
            // Only a listener that is none ends it, and that was one.
            let _ = server.run(listener).await;
        })?;
        Ok(Sockets { _file: file, on_slow, ..Sockets::of(place.name(), form, buffer, thread, shared, around) })
    }

    /// To a server, which is waited for.
    ///
    /// # Errors
    /// There are no more threads or descriptors.
    pub fn dial(
        peer: Peer,
        retry_for: Option<Duration>,
        form: LineForm,
        buffer: usize,
        around: Around,
    ) -> io::Result<Sockets> {
        let name = peer.to_string();
        let shared = Arc::new(Shared::new(OnSlow::Block, buffer));
        let client = Client { peer, shared: shared.clone(), console: around.console.clone() };
        let thread = run(|| client.run())?;
        Ok(Sockets { retry_for, ..Sockets::of(name, form, buffer, thread, shared, around) })
    }

    fn of(
        name: String,
        form: LineForm,
        buffer: usize,
        thread: oneshot::Sender<()>,
        shared: Arc<Shared>,
        around: Around,
    ) -> Sockets {
        Sockets {
            name,
            on_slow: OnSlow::Block,
            retry_for: None,
            open: Open::new(form, buffer / 4),
            shared,
            around,
            unread: Missed::default(),
            has_told_waiting: false,
            _file: None,
            _thread: thread,
        }
    }

    /// Waits until `is_so`; who takes nothing is given up after a stop, and who is away for too
    /// long.
    fn until(&mut self, mut is_so: impl FnMut(&mut Queue) -> bool) -> Result<(), OutletError> {
        if self.shared.change(&mut is_so) {
            return Ok(());
        }
        let waited = self.around.waited.clone();
        waited.during(|| {
            let (mut written, mut since) = (self.shared.written(), Instant::now());
            while !self.shared.wait(LOOK, &mut is_so) {
                if self.shared.written() != written {
                    (written, since) = (self.shared.written(), Instant::now());
                }
                self.check(since)?;
            }
            Ok(())
        })
    }

    /// Whether there is still hope, where nothing has moved since then.
    fn check(&mut self, since: Instant) -> Result<(), OutletError> {
        let (readers, batches) = self.shared.change(|queue| (queue.readers(), queue.waiting()));
        let away = self.shared.away();
        if readers == 0 && away.is_none() && !std::mem::replace(&mut self.has_told_waiting, true) {
            self.around.console.warn(&format!("{}: waiting, since nobody is connected", self.name));
        }
        let stopped = self.around.stop.is_asked().then_some((since, AT_A_STOP));
        let tried = away.as_ref().map(|(since, _)| *since).zip(self.retry_for);
        let over = [stopped, tried].into_iter().flatten().find(|(since, limit)| since.elapsed() >= *limit);
        let Some((since, _)) = over else { return Ok(()) };
        let why = match (away, readers) {
            (Some((_, why)), _) => why,
            (None, 0) => "nobody is connected".to_owned(),
            (None, _) => "nobody reads them".to_owned(),
        };
        let name = self.name.clone();
        Err(OutletError::kind(Undelivered { name, batches, why, tried: since.elapsed() }))
    }

    /// Waits until all that is complete has arrived.
    fn until_arrived(&mut self) -> Result<(), OutletError> {
        self.until(|queue| queue.waiting() == 0)
    }

    /// Lets the readers take the rest, as long as they take something.
    fn finish(&mut self) {
        self.shared.change(Queue::end);
        let (mut written, mut since) = (self.shared.written(), Instant::now());
        while !self.shared.wait(LOOK, |queue| queue.readers() == 0) {
            if self.shared.written() != written {
                (written, since) = (self.shared.written(), Instant::now());
            }
            if since.elapsed() >= AT_THE_END {
                let readers = self.shared.change(|queue| queue.readers());
                let limit = duration::show_ms(AT_THE_END.as_millis() as u64);
                self.around.console.warn(&format!(
                    "{}: {readers} clients took nothing of the last batches for {limit}: left without the rest",
                    self.name
                ));
                return;
            }
        }
    }

    /// Says what has come to nobody: the first time, and all of it at the end.
    fn tell_unread(&mut self, is_end: bool) {
        let is_first = self.unread.batches == 0;
        let Missed { batches, records } = self.shared.change(Queue::unread);
        self.unread.batches += batches;
        self.unread.records += records;
        let Missed { batches, records } = self.unread;
        let message = match (is_end, batches) {
            (_, 0) => return,
            (true, _) => format!("{batches} batches, {records} records came while nobody was connected"),
            (false, _) if is_first => {
                "nobody is connected: batches are dropped until somebody is (--on-slow block waits)".to_owned()
            }
            (false, _) => return,
        };
        self.around.console.warn(&format!("{}: {message}", self.name));
    }
}

/// Runs something in a thread of its own, until what is given back is dropped.
fn run<W: Future<Output = ()>>(work: impl FnOnce() -> W + Send + 'static) -> io::Result<oneshot::Sender<()>> {
    let runtime: Runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (thread, end) = oneshot::channel();
    std::thread::Builder::new().name("sockets".into()).spawn(move || {
        runtime.block_on(async move {
            tokio::select! {
                () = work() => {}
                _ = end => {}
            }
        });
    })?;
    Ok(thread)
}

impl Sink for Sockets {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        self.open.push(block).map_err(|error| temporary(&self.name, error))
    }

    fn end(&mut self, _: BatchTime, records: u64) -> Result<(), OutletError> {
        let batch = self.open.end(records).map_err(|error| temporary(&self.name, error))?;
        if self.on_slow == OnSlow::Block {
            self.until(|queue| queue.has_room(&batch))?;
        }
        self.shared.change(|queue| queue.push(batch));
        self.tell_unread(false);
        Ok(())
    }

    /// Where nothing is dropped, what is committed has arrived.
    fn persist(&mut self) -> Result<(), OutletError> {
        match self.on_slow {
            OnSlow::Block => self.until_arrived(),
            OnSlow::Drop => Ok(()),
        }
    }

    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        if self.on_slow == OnSlow::Block && complete {
            self.until_arrived()?;
        }
        let waited = self.around.waited.clone();
        waited.during(|| self.finish());
        self.tell_unread(true);
        Ok(())
    }
}

/// A batch that is too large for memory cannot be written to disk.
fn temporary(name: &str, error: io::Error) -> OutletError {
    let what = format!("{name}: a large batch, in {}", std::env::temp_dir().display());
    OutletError::Write { what, error }
}
