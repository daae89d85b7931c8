//! Sends messages, and knows which of them the broker has.
//!
//! Messages of QoS 1 and 2 are on their way until the broker has acknowledged them, in a window.
//! When the connection is lost they are sent again: in the session of before with the same
//! number, so that one of QoS 2 comes once, and as new ones where the broker has it no more.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sstream::connect::{Backoff, Console, StopSignal, Waited, duration, wait_readable};
use tokio::runtime::Runtime;

use super::message::Message;
use crate::client::MqttError;
use crate::client::args::Settings;
use crate::client::error::{may_pass, words};
use crate::client::link::{Broken, Link};
use crate::client::packet::{Ack, Connect, Packet, Publish, Version, push_ack, push_disconnect, push_ping};

/// So many messages on their way at most, whatever the broker takes.
const WINDOW: usize = 1000;

/// And so many bytes of them.
const WINDOW_BYTES: usize = 4 << 20;

/// So much is gathered before it is written.
const WRITE: usize = 64 << 10;

/// How long the broker keeps our session when the connection is lost, in s.
const SESSION_S: u32 = 300;

/// Asked to stop, a broker that is away is waited for so long.
const AT_A_STOP: Duration = Duration::from_secs(10);

/// How messages are sent.
#[derive(Clone, Debug)]
pub struct Sending {
    /// 0, 1 or 2.
    pub qos: u8,
    /// The broker keeps the last one of each topic.
    pub retain: bool,
    /// Who we are.
    pub client_id: String,
    /// Give up after so long; never, if it is none.
    pub retry_for: Option<Duration>,
}

/// A message on its way.
struct OnItsWay {
    publish: Publish,
    /// The record, for who wants to know which one was refused.
    record: Vec<u8>,
    /// The broker has received it, and is to complete it (QoS 2).
    is_received: bool,
}

impl OnItsWay {
    /// Why a broker does not take it whose longest packet is this, in bytes.
    fn too_long(&self, longest: usize) -> Option<Refused> {
        let length = self.publish.length();
        (length > longest).then(|| {
            let why = format!("topic {}: a packet of {length} bytes: the broker takes {longest}", self.publish.topic);
            (self.record.clone(), why)
        })
    }
}

/// A record that the broker has refused, and why.
pub type Refused = (Vec<u8>, String);

/// Sends messages.
pub struct Publisher {
    runtime: Runtime,
    settings: Settings,
    sending: Sending,
    link: Option<Link>,
    has_connected: bool,
    next_id: u16,
    window: BTreeMap<u16, OnItsWay>,
    window_bytes: usize,
    refused: Vec<Refused>,
    /// What of QoS 0 was written since the broker was last heard of.
    unheard: Vec<OnItsWay>,
    console: Console,
    stop: StopSignal,
    waited: Waited,
}

impl Publisher {
    /// Connects when there is something to send.
    ///
    /// # Errors
    /// The system has nothing left to wait with.
    pub fn new(
        settings: Settings,
        sending: Sending,
        console: Console,
        stop: StopSignal,
        waited: Waited,
    ) -> Result<Publisher, MqttError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| MqttError::System { message: sstream::connect::describe(&error) })?;
        Ok(Publisher {
            runtime,
            settings,
            sending,
            link: None,
            has_connected: false,
            next_id: 1,
            window: BTreeMap::new(),
            window_bytes: 0,
            refused: Vec::new(),
            unheard: Vec::new(),
            console,
            stop,
            waited,
        })
    }

    /// Who we are, from the next connection on.
    pub fn set_client_id(&mut self, id: String) {
        self.sending.client_id = id;
    }

    /// Sends a message; it is taken for good when [`Publisher::settle`] has come back.
    ///
    /// # Errors
    /// We are not let in, or it was tried for long enough.
    pub fn send(&mut self, message: Message, record: &[u8]) -> Result<(), MqttError> {
        let Sending { qos, retain, .. } = self.sending;
        let id = if qos > 0 { self.free_id() } else { 0 };
        let publish = Publish { topic: message.topic, payload: message.payload, qos, retain, id, ..Publish::default() };
        let message = OnItsWay { publish, record: record.to_vec(), is_received: false };
        if let Some(link) = &mut self.link {
            if let Some(refused) = message.too_long(link.longest) {
                self.refused.push(refused);
                return Ok(());
            }
            self.settings.version.push_publish(&message.publish, link.out());
        }
        self.window_bytes += message.publish.payload.len();
        match qos {
            0 => self.unheard.push(message),
            _ => drop(self.window.insert(id, message)),
        }
        let is_full = |publisher: &Publisher| {
            let most = publisher.link.as_ref().map_or(WINDOW, |link| WINDOW.min(usize::from(link.receive_maximum)));
            publisher.window.len() >= most
                || publisher.unheard.len() >= WINDOW
                || publisher.window_bytes >= WINDOW_BYTES
        };
        let is_much = self.link.as_mut().is_none_or(|link| link.out().len() >= WRITE);
        match is_full(self) {
            true => self.work(&|publisher| !is_full(publisher)),
            false if is_much => self.work(&|_| true),
            false => Ok(()),
        }
    }

    /// Waits until the broker has everything; the records that it has refused.
    ///
    /// # Errors
    /// As [`Publisher::send`].
    pub fn settle(&mut self) -> Result<Vec<Refused>, MqttError> {
        self.work(&|publisher| publisher.window.is_empty() && publisher.unheard.is_empty())?;
        Ok(std::mem::take(&mut self.refused))
    }

    /// Says good-bye.
    pub fn close(&mut self) {
        if let Some(mut link) = self.link.take() {
            push_disconnect(link.out());
            // Whoever does not hear it finds out.
            let _ = self.runtime.block_on(async { tokio::time::timeout(Duration::from_secs(1), link.flush()).await });
        }
    }

    /// A number that no message on its way has: there are fewer of them than numbers.
    fn free_id(&mut self) -> u16 {
        loop {
            let id = self.next_id;
            self.next_id = if id == u16::MAX { 1 } else { id + 1 };
            if !self.window.contains_key(&id) {
                return id;
            }
        }
    }

    /// Writes, reads and connects again until it is enough.
    fn work(&mut self, is_enough: &dyn Fn(&Publisher) -> bool) -> Result<(), MqttError> {
        let mut backoff = Backoff::default();
        let mut away: Option<Instant> = None;
        loop {
            let waited = self.waited.clone();
            let message = match waited.during(|| self.work_once(is_enough)) {
                Ok(()) => {
                    if let Some(since) = away {
                        let (name, since) = (&self.settings.broker, since.elapsed().as_millis() as u64);
                        self.console.warn(&format!("{name}: goes on, after {}", duration::show_ms(since)));
                    }
                    return Ok(());
                }
                Err(Broken::Final(error)) => return Err(error),
                Err(Broken::Passing(message)) => message,
            };
            self.link = None;
            let since = *away.get_or_insert_with(|| {
                self.console.warn(&format!("{}: {message}: trying again", self.settings.broker));
                Instant::now()
            });
            let is_over = self.sending.retry_for.is_some_and(|limit| since.elapsed() >= limit)
                || (self.stop.is_asked() && since.elapsed() >= AT_A_STOP);
            if is_over {
                return Err(MqttError::GaveUp { broker: self.settings.broker.to_string(), message });
            }
            let delay = backoff.next();
            self.waited.during(|| match self.stop.is_asked() {
                true => std::thread::sleep(delay.min(Duration::from_secs(1))),
                // A stop is no reason to try at once, but to look at the time again.
                false => drop(wait_readable(self.stop.wake(), None, Some(delay))),
            });
        }
    }

    fn work_once(&mut self, is_enough: &dyn Fn(&Publisher) -> bool) -> Result<(), Broken> {
        if self.link.is_none() {
            self.connect()?;
        }
        self.write()?;
        if !self.unheard.is_empty() && !is_enough(self) {
            // Messages of QoS 0 have no answer: one to a ping behind them shows that they were read.
            if let Some(link) = &mut self.link {
                push_ping(link.out());
            }
            self.write()?;
        }
        while !is_enough(self) {
            let packet = self.read()?;
            self.packet(packet)?;
            // What is at hand is taken before anything is written.
            while let Some(packet) = self.link.as_mut().map_or(Ok(None), Link::at_hand)? {
                self.packet(packet)?;
            }
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Broken> {
        let (limit, Some(link)) = (self.settings.timeout, &mut self.link) else { return Ok(()) };
        let flushed = self.runtime.block_on(async { tokio::time::timeout(limit, link.flush()).await });
        flushed.unwrap_or_else(|_| Err(Broken::Passing("it takes nothing".to_owned())))
    }

    fn read(&mut self) -> Result<Packet, Broken> {
        let (limit, Some(link)) = (self.settings.timeout, &mut self.link) else {
            return Err(Broken::Passing("there is no connection".to_owned()));
        };
        self.runtime.block_on(link.next_within(limit))
    }

    fn connect(&mut self) -> Result<(), Broken> {
        // A session of version 3.1.1 would stay at the broker for ever.
        let keeps = self.settings.version == Version::V5;
        let user = self.settings.user.as_ref().and_then(|user| user.reveal().split_once(':'));
        let connect = Connect {
            client_id: &self.sending.client_id,
            clean: !keeps || !self.has_connected,
            session_expiry_s: SESSION_S,
            receive_maximum: u16::MAX,
            // Between two batches nothing is said.
            keep_alive_s: 0,
            user,
            will: self.settings.will.as_ref(),
        };
        let mut link = self.runtime.block_on(Link::open(&self.settings, &connect))?;
        self.has_connected = true;
        self.refuse_longer(link.longest);
        for (id, message) in &mut self.window {
            if link.session && message.is_received {
                push_ack(Ack::Release, *id, link.out());
                continue;
            }
            message.is_received = false;
            message.publish.dup = link.session;
            self.settings.version.push_publish(&message.publish, link.out());
        }
        for message in &self.unheard {
            self.settings.version.push_publish(&message.publish, link.out());
        }
        self.link = Some(link);
        Ok(())
    }

    /// What this broker does not take, which nobody knew before it was there.
    fn refuse_longer(&mut self, longest: usize) {
        let Publisher { window, unheard, refused, window_bytes, .. } = self;
        let mut keep = |message: &OnItsWay| match message.too_long(longest) {
            None => true,
            Some(record) => {
                *window_bytes -= message.publish.payload.len();
                refused.push(record);
                false
            }
        };
        window.retain(|_, message| keep(message));
        unheard.retain(|message| keep(message));
    }

    fn packet(&mut self, packet: Packet) -> Result<(), Broken> {
        match packet {
            Packet::Ack(Ack::Taken | Ack::Received | Ack::Complete, id, code) if code >= 0x80 => {
                if may_pass(code) {
                    return Err(Broken::Passing(words(code)));
                }
                if let Some(message) = self.done(id) {
                    let topic = &message.publish.topic;
                    self.refused.push((message.record, format!("topic {topic}: {}", words(code))));
                }
            }
            Packet::Ack(Ack::Taken | Ack::Complete, id, _) => drop(self.done(id)),
            Packet::Ack(Ack::Received, id, _) => {
                if let Some(message) = self.window.get_mut(&id) {
                    message.is_received = true;
                }
                if let Some(link) = &mut self.link {
                    push_ack(Ack::Release, id, link.out());
                }
            }
            Packet::Pong => {
                self.unheard.clear();
                self.window_bytes = 0;
            }
            _ => {}
        }
        Ok(())
    }

    fn done(&mut self, id: u16) -> Option<OnItsWay> {
        let message = self.window.remove(&id)?;
        self.window_bytes -= message.publish.payload.len();
        Some(message)
    }
}
