//! The connection, on a thread of its own: asks, reads, comes back.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use rustls::ClientConfig;
use sstream::connect::{Console, ValueForm, describe, duration};
use tokio::sync::{Semaphore, oneshot};

use crate::dial::Broken;
use crate::error::FeedError;
use crate::pace::{Pace, Trouble};
use crate::position::{Made, Mark, Place};
use crate::queue::{Item, Queue};
use crate::records::{Field, Records};
use crate::target::Target;

mod http;
mod poll;
mod stream;
mod websocket;

/// Records that wait for the pipeline hold at most so many bytes, and then no more is read.
const MEMORY: usize = 16 << 20;

/// What a feed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A stream of lines.
    Lines,
    /// A stream of server-sent events.
    Events,
    /// A WebSocket.
    WebSocket,
    /// Something that is asked for this often.
    Poll(Duration),
}

/// What is asked for, and how.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where.
    pub target: Target,
    /// What it is.
    pub mode: Mode,
    /// Headers of every request.
    pub headers: HeaderMap,
    /// How TLS is spoken, where it is.
    pub tls: Option<Arc<ClientConfig>>,
    /// The jq program of an answer's records.
    pub each: Option<String>,
    /// The jq program of an answer's cursor.
    pub cursor: Option<String>,
    /// What a query calls it.
    pub cursor_name: String,
    /// What a WebSocket is sent first.
    pub send: Option<String>,
    /// What a value is.
    pub value: ValueForm,
    /// What is beside it.
    pub with: Vec<Field>,
    /// The longest silence.
    pub stall: Duration,
    /// A longer line, event or message is a bad record, in bytes.
    pub longest: usize,
}

/// The thread. Dropped, it ends.
pub struct Reader {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Begins to ask for what is behind the mark.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(settings: Settings, mark: Mark, queue: Queue, console: Console) -> Result<Reader, FeedError> {
        let failed = |error: std::io::Error| FeedError::System { message: describe(&error) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (stop, is_stopped) = oneshot::channel();
        let run = move || {
            let records = Records::new(settings.value.clone(), settings.with.clone());
            let memory = Arc::new(Semaphore::new(MEMORY));
            let mut task = Task {
                place: mark.place.clone(),
                skip: mark.taken,
                settings,
                records,
                queue,
                console,
                memory,
                pace: Pace::default(),
                away: None,
                retry: None,
            };
            runtime.block_on(async {
                tokio::select! {
                    () = task.run() => {}
                    _ = is_stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("feed".into()).spawn(run).map_err(failed)?;
        Ok(Reader { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

struct Task {
    settings: Settings,
    records: Records,
    queue: Queue,
    console: Console,
    memory: Arc<Semaphore>,
    /// Where the feed goes on.
    place: Arc<Place>,
    /// So many records of the next answer were taken already.
    skip: u64,
    pace: Pace,
    /// Since when nothing comes.
    away: Option<Instant>,
    /// The shortest wait, as the server wishes it.
    retry: Option<Duration>,
}

impl Task {
    async fn run(&mut self) {
        loop {
            let broken = match self.settings.mode {
                Mode::Lines | Mode::Events => self.stream().await,
                Mode::WebSocket => self.websocket().await,
                Mode::Poll(every) => self.poll(every).await,
            };
            let (trouble, message, wish) = match broken {
                Broken::Passing(trouble, message, wish) => (trouble, message, wish),
                Broken::Final(error) => return self.queue.end(Err(error)),
                Broken::Over => return self.queue.end(Ok(())),
            };
            let own = self.retry.filter(|_| trouble == Trouble::Network);
            let delay = self.pace.next(trouble, wish.max(own));
            let since = *self.away.get_or_insert_with(Instant::now);
            if since.elapsed() < Duration::from_millis(1) {
                let (url, again) = (&self.settings.target, duration::show_ms(delay.as_millis() as u64));
                self.console.warn(&format!("{url}: {message}: trying again, in {again}"));
            }
            tokio::time::sleep(delay).await;
        }
    }

    /// Something came.
    fn note_back(&mut self) {
        self.pace.reset();
        if let Some(since) = self.away.take() {
            let (url, away) = (&self.settings.target, duration::show_ms(since.elapsed().as_millis() as u64));
            self.console.warn(&format!("{url}: goes on, after {away}"));
        }
    }

    /// Hands records on, when there is memory for them; with each the feed is taken as far as its mark.
    async fn put(&mut self, items: &mut Vec<Item>) {
        if items.is_empty() {
            return;
        }
        let cost: usize = items.iter().map(Item::cost).sum();
        // More than there is, they take all.
        let memory = self.memory.clone().acquire_many_owned(cost.min(MEMORY) as u32).await.ok();
        if let Some(last) = items.last_mut() {
            last.memory = memory;
        }
        self.queue.put(items.drain(..));
    }

    /// What was made of a feed that goes on behind nothing but its last ID.
    fn behind(&self, made: Made) -> Item {
        Item::new(made, Mark { place: self.place.clone(), taken: 0 })
    }
}
