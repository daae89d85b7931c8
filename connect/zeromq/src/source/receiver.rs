//! The connections, on a thread of their own: each subscribes and receives.

use std::convert::Infallible;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sstream::connect::Console;
use sstream::connect::record::Canonicalizer;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::queue::Queue;
use super::records::{Message, Records};
use crate::wire::command::SocketKind;
use crate::wire::link::{Came, Link};
use crate::wire::peers::{Doors, Settings, asked};
use crate::wire::{Broken, ZeromqError};

/// Records leave a connection when so many bytes of them are together, or nothing more is at hand.
const TOGETHER: usize = 256 << 10;

/// A peer hears from us so often at least, while nothing comes.
const PING_EVERY: Duration = Duration::from_secs(10);

/// The thread. Dropped, it ends.
pub struct Receiver {
    stopping: watch::Sender<bool>,
    ending: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Begins to connect and to listen.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        doors: Doors,
        settings: Settings,
        topics: Vec<String>,
        records: Records,
        queue: Queue,
        console: Console,
    ) -> Result<Receiver, ZeromqError> {
        let failed = |error: std::io::Error| ZeromqError::system(&error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (stopping, is_stopping) = watch::channel(false);
        let (ending, mut is_ending) = watch::channel(false);
        let task = Arc::new(Task {
            topics: if settings.kind == SocketKind::Sub { topics } else { Vec::new() },
            records,
            queue: queue.clone(),
            longest: settings.longest,
            timeout: settings.timeout,
            stopping: is_stopping.clone(),
        });
        let converse = move |link: Link, name: String| {
            let task = task.clone();
            async move { task.receive(link, &name).await }
        };
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    ended = doors.keep(settings, console, is_stopping, converse) => queue.end(ended),
                    _ = is_ending.changed() => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("zeromq".into()).spawn(run).map_err(failed)?;
        Ok(Receiver { stopping, ending, thread: Some(thread) })
    }

    /// Lets no peer in any more, and hangs up: what they had sent by then still comes, and then the queue
    /// ends.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop();
        self.ending.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

/// What all connections do.
struct Task {
    topics: Vec<String>,
    records: Records,
    queue: Queue,
    longest: usize,
    timeout: Duration,
    stopping: watch::Receiver<bool>,
}

impl Task {
    async fn receive(&self, mut link: Link, name: &str) -> Broken {
        self.topics.iter().for_each(|prefix| link.push_subscription(prefix.as_bytes()));
        let mut lines = Vec::new();
        let broken = match self.receive_all(&mut link, &mut lines).await {
            Ok(never) => match never {},
            Err(broken) => broken,
        };
        self.leave(&mut lines).await;
        if let Broken::TooLong(bytes) = broken {
            let most = self.longest;
            let reason = format!(
                "{name}: a message of {bytes} bytes or more: --max-message is {most}; as ZeroMQ has it, the connection is \
                 begun anew behind it"
            );
            self.queue.put_bad(Vec::new(), reason).await;
        }
        broken
    }

    /// Receives until the connection is lost; what has come by then is in `lines`, or with the stage.
    async fn receive_all(&self, link: &mut Link, lines: &mut Vec<u8>) -> Result<Infallible, Broken> {
        let (mut message, mut json) = (Message::default(), Canonicalizer::default());
        let mut has_hung_up = false;
        // A ping goes to who was silent alone: one that a peer has not read when it ends would have its system
        // throw away what it had sent last.
        let mut ticks = interval(PING_EVERY.min(self.timeout));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        let mut was_silent = false;
        // When a ping went since which nothing has come.
        let mut pinged: Option<Instant> = None;
        loop {
            while let Some(came) = link.at_hand()? {
                let Came::Part { at, more } = came else { continue };
                message.push(link.part(at));
                if message.size() > self.longest {
                    return Err(Broken::TooLong(message.size() as u64));
                }
                if more {
                    continue;
                }
                let begin = lines.len();
                if let Err(reason) = self.records.push(&message, &mut json, lines) {
                    lines.truncate(begin);
                    self.leave(lines).await;
                    self.queue.put_bad(message.bytes.clone(), reason).await;
                }
                message.clear();
                if lines.len() >= TOGETHER {
                    self.leave(lines).await;
                }
            }
            self.leave(lines).await;
            tokio::select! {
                biased;
                moved = link.exchange(true) => {
                    if moved?.has_read {
                        (was_silent, pinged) = (false, None);
                    }
                }
                () = asked(self.stopping.clone()), if !has_hung_up => {
                    has_hung_up = true;
                    link.hang_up().await;
                }
                _ = ticks.tick(), if link.answers_pings && !has_hung_up => {
                    if pinged.is_some_and(|since| since.elapsed() >= self.timeout) {
                        return Err(Broken::passing("no answer"));
                    }
                    if std::mem::replace(&mut was_silent, true) {
                        link.push_ping(0);
                        pinged = pinged.or(Some(Instant::now()));
                    }
                }
            }
        }
    }

    /// What has come is for the stage now; as long as there is no room for it nothing more is read.
    async fn leave(&self, lines: &mut Vec<u8>) {
        if !lines.is_empty() {
            let next = Vec::with_capacity(lines.len().min(TOGETHER));
            self.queue.put(std::mem::replace(lines, next)).await;
        }
    }
}
