//! The connection, on a thread of its own: subscribes, receives, acknowledges, comes back.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sstream::connect::{Backoff, Console, duration};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::queue::{Due, Item, Queue};
use super::records::Records;
use super::session::{Incoming, Session};
use crate::client::MqttError;
use crate::client::args::Settings;
use crate::client::error::words;
use crate::client::link::{Broken, Link};
use crate::client::packet::{Ack, Connect, Packet, Publish, Version, push_ack, push_disconnect, push_ping};

/// Messages that wait for the pipeline hold at most so many bytes, and then no more is read.
const MEMORY: usize = 16 << 20;

/// The longest silence that is agreed with the broker, in s.
const KEEP_ALIVE_S: u16 = 60;

/// How often it hears from us, at least.
const PING_EVERY: Duration = Duration::from_secs(20);

/// A connection that lasts so long is a good one.
const STEADY: Duration = Duration::from_secs(10);

/// So long the last acknowledgements may take.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What is subscribed to, and as whom.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Topic filters.
    pub filters: Vec<String>,
    /// The QoS that is asked for.
    pub qos: u8,
    /// Whose session it is.
    pub client_id: String,
    /// Whether the broker keeps the session while we are away, and for how long, in s.
    pub session_expiry_s: Option<u32>,
    /// So many messages unacknowledged.
    pub receive_maximum: u16,
}

/// The thread. Dropped, it acknowledges what it was told, and ends.
pub struct Receiver {
    dues: Option<mpsc::UnboundedSender<Vec<Due>>>,
    reading: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Begins to connect.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        settings: Settings,
        subscription: Subscription,
        records: Records,
        queue: Queue,
        console: Console,
    ) -> Result<Receiver, MqttError> {
        let failed = |error: std::io::Error| MqttError::System { message: sstream::connect::describe(&error) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (dues, due) = mpsc::unbounded_channel();
        let (reading, is_reading) = watch::channel(true);
        let name = settings.broker.to_string();
        let memory = Arc::new(Semaphore::new(MEMORY));
        let task = Task {
            settings,
            subscription,
            records,
            queue,
            console,
            name,
            memory,
            due,
            is_reading,
            session: Session::default(),
            has_subscribed: false,
        };
        let run = move || runtime.block_on(task.run());
        let thread = std::thread::Builder::new().name("mqtt".into()).spawn(run).map_err(failed)?;
        Ok(Receiver { dues: Some(dues), reading, thread: Some(thread) })
    }

    /// Reads no more.
    pub fn stop_reading(&self) {
        self.reading.send_replace(false);
    }

    /// These messages are safe.
    pub fn acknowledge(&self, safe: Vec<Due>) {
        if let Some(dues) = &self.dues {
            // The thread has failed, and told so: who waits for these gets them again.
            let _ = dues.send(safe);
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop_reading();
        self.dues = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

struct Task {
    settings: Settings,
    subscription: Subscription,
    records: Records,
    queue: Queue,
    console: Console,
    name: String,
    memory: Arc<Semaphore>,
    due: mpsc::UnboundedReceiver<Vec<Due>>,
    is_reading: watch::Receiver<bool>,
    session: Session,
    has_subscribed: bool,
}

impl Task {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut away: Option<Instant> = None;
        loop {
            let Some(opened) = self.connect().await else { return };
            let mut is_short = false;
            let broken = match opened {
                Ok(mut link) => {
                    if let Some(since) = away.take() {
                        let since = duration::show_ms(since.elapsed().as_millis() as u64);
                        self.console.warn(&format!("{}: goes on, after {since}", self.name));
                    }
                    let began = Instant::now();
                    let conversed = self.converse(&mut link).await;
                    is_short = began.elapsed() < STEADY;
                    if !is_short {
                        backoff.reset();
                    }
                    match conversed {
                        Ok(()) => {
                            push_disconnect(link.out());
                            let _ = tokio::time::timeout(LAST_WORDS, link.flush()).await;
                            return;
                        }
                        Err(broken) => broken,
                    }
                }
                Err(broken) => broken,
            };
            let message = match broken {
                Broken::Final(error) => return self.queue.fail(error),
                Broken::Passing(message) => message,
            };
            if away.is_none() {
                away = Some(Instant::now());
                // Not every broker says so to a client that it ends for another one.
                let is_suspect = is_short && self.subscription.session_expiry_s.is_some();
                let guess = if is_suspect { " (does another client have this --client-id?)" } else { "" };
                self.console.warn(&format!("{}: {message}{guess}: trying again", self.name));
            }
            if !self.pause(backoff.next()).await {
                return;
            }
        }
    }

    /// Waits; false when the stage has ended.
    async fn pause(&mut self, delay: Duration) -> bool {
        let wait = tokio::time::sleep(delay);
        beside(wait, &mut self.due, &mut self.session).await.is_some()
    }

    /// Connects and subscribes; nothing when the stage has ended meanwhile.
    async fn connect(&mut self) -> Option<Result<Link, Broken>> {
        let opening = open(&self.settings, &self.subscription);
        let opened = beside(opening, &mut self.due, &mut self.session).await?;
        let mut link = match opened {
            Ok(link) => link,
            Err(broken) => return Some(Err(broken)),
        };
        self.session.connected(link.session);
        // The topics may be others than those of a session of a run before.
        if !link.session || !self.has_subscribed {
            let Subscription { filters, qos, .. } = &self.subscription;
            let version = self.settings.version;
            // What the broker has kept it sends to new subscriptions alone (version 5).
            let options = if version == Version::V5 { qos | 0x10 } else { *qos };
            version.push_subscribe(filters, options, link.out());
        }
        let before = if link.session { ", in the session of before" } else { "" };
        self.console.info(&format!("{}: connected{before}", self.name));
        Some(Ok(link))
    }

    /// Receives and acknowledges, until the stage ends; an error if the connection is lost before.
    async fn converse(&mut self, link: &mut Link) -> Result<(), Broken> {
        let mut pings = interval(PING_EVERY.min(self.settings.timeout));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.tick().await;
        // When a ping went that has no answer yet.
        let mut pinged: Option<Instant> = None;
        // A message that there is no memory for.
        let mut held: Option<(Publish, Option<Due>)> = None;
        loop {
            while held.is_none()
                && let Some(packet) = self.next_at_hand(link)?
            {
                self.packet(packet, link, &mut held, &mut pinged)?;
            }
            link.flush().await?;
            let needs = held.as_ref().map(|(message, _)| cost(message));
            let may_read = held.is_none() && *self.is_reading.borrow();
            tokio::select! {
                biased;
                safe = self.due.recv() => {
                    let Some(safe) = safe else { return Ok(()) };
                    for due in safe {
                        if let Some(ack) = self.session.safe(due) {
                            push_ack(ack, due.id, link.out());
                        }
                    }
                }
                _ = ping(&mut pings) => {
                    // Who does not read cannot hear the answer.
                    let is_late = pinged.is_some_and(|since| since.elapsed() >= self.settings.timeout);
                    if is_late && may_read {
                        return Err(Broken::Passing("no answer".to_owned()));
                    }
                    push_ping(link.out());
                    pinged = pinged.or(Some(Instant::now())).filter(|_| may_read);
                }
                memory = reserve(&self.memory, needs), if needs.is_some() => {
                    if let (Some((message, due)), Some(memory)) = (held.take(), memory) {
                        self.put(&message, due, memory);
                    }
                }
                more = link.read_more(), if may_read => more?,
                _ = self.is_reading.changed(), if may_read => {}
            }
        }
    }

    fn next_at_hand(&self, link: &mut Link) -> Result<Option<Packet>, Broken> {
        match *self.is_reading.borrow() {
            true => link.at_hand(),
            false => Ok(None),
        }
    }

    fn packet(
        &mut self,
        packet: Packet,
        link: &mut Link,
        held: &mut Option<(Publish, Option<Due>)>,
        pinged: &mut Option<Instant>,
    ) -> Result<(), Broken> {
        match packet {
            Packet::Publish(message) => match self.session.message(message.id, message.qos, message.dup) {
                Incoming::New(due) => match self.memory.clone().try_acquire_many_owned(cost(&message)) {
                    Ok(memory) => self.put(&message, due, memory),
                    Err(_) if self.put_aside(&message, due) => {}
                    Err(_) => *held = Some((message, due)),
                },
                Incoming::Known => {}
                Incoming::Again(ack) => push_ack(ack, message.id, link.out()),
            },
            Packet::Ack(Ack::Release, id, _) => {
                self.session.released(id);
                push_ack(Ack::Complete, id, link.out());
            }
            Packet::Subscribed(codes) => self.subscribed(&codes)?,
            Packet::Pong => *pinged = None,
            Packet::Ack(..) | Packet::Connected { .. } | Packet::Disconnect(_) => {}
        }
        Ok(())
    }

    fn subscribed(&mut self, codes: &[u8]) -> Result<(), Broken> {
        self.has_subscribed = true;
        for (filter, code) in self.subscription.filters.iter().zip(codes) {
            if *code >= 0x80 {
                return Err(Broken::Final(MqttError::Refused {
                    broker: self.name.clone(),
                    what: format!("topic {filter}: {}", words(*code)),
                    advice: "see --topic and --user-file",
                }));
            }
            if *code < self.subscription.qos {
                self.console.warn(&format!("{}: topic {filter}: the broker gives QoS {code} at most", self.name));
            }
        }
        Ok(())
    }

    fn put(&mut self, message: &Publish, due: Option<Due>, memory: OwnedSemaphorePermit) {
        let record = self.records.make(message).map_err(|reason| (message.payload.clone(), reason));
        self.queue.put(Item { record, due, memory: Some(memory) });
    }

    /// False where it is to wait for memory; a bad one is.
    fn put_aside(&mut self, message: &Publish, due: Option<Due>) -> bool {
        self.queue.has_disk() && self.records.make(message).is_ok_and(|record| self.queue.put_aside(&record, due))
    }
}

async fn open(settings: &Settings, subscription: &Subscription) -> Result<Link, Broken> {
    let Subscription { client_id, session_expiry_s, receive_maximum, .. } = subscription;
    let connect = Connect {
        client_id,
        clean: session_expiry_s.is_none(),
        session_expiry_s: session_expiry_s.unwrap_or(0),
        receive_maximum: *receive_maximum,
        keep_alive_s: KEEP_ALIVE_S,
        user: settings.user.as_ref().and_then(|user| user.reveal().split_once(':')),
        will: settings.will.as_ref(),
    };
    Link::open(settings, &connect).await
}

/// Does something while there is no connection; nothing comes of it when the stage has ended. Messages that
/// become safe meanwhile are acknowledged when they come again.
async fn beside<T>(
    work: impl Future<Output = T>,
    due: &mut mpsc::UnboundedReceiver<Vec<Due>>,
    session: &mut Session,
) -> Option<T> {
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            safe = due.recv() => safe?.into_iter().for_each(|due| session.safe_unsaid(due)),
            done = work.as_mut() => return Some(done),
        }
    }
}

/// What a message takes of the memory: more than there is, it takes all.
fn cost(message: &Publish) -> u32 {
    (message.payload.len() + message.topic.len() + 200).min(MEMORY) as u32
}

async fn reserve(memory: &Arc<Semaphore>, needs: Option<u32>) -> Option<OwnedSemaphorePermit> {
    memory.clone().acquire_many_owned(needs?).await.ok()
}

async fn ping(pings: &mut Interval) {
    pings.tick().await;
}
