//! What the stage and the connections share: who is there, and what waits for each of them.
//!
//! A message waits in its peer's queue, up to the high-water mark. Written, it is on its way until the peer
//! has answered a ping that was sent behind it: then the peer's library has read it. That is all that
//! ZeroMQ lets us know.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sstream::connect::Bell;
use tokio::sync::Notify;

use super::message::Message;
use crate::wire::ZeromqError;

/// Beside the high-water mark a queue is full when it holds so many bytes, and so many may be on their way.
const MOST_BYTES: usize = 4 << 20;

/// All that a peer subscribes to has so many bytes at most.
const MOST_TOPIC_BYTES: usize = 1 << 20;

/// A peer, as long as it is connected.
#[derive(Debug)]
pub struct Peer {
    name: String,
    queue: Waiting,
    on_its_way: Waiting,
    /// What it has subscribed to.
    topics: Vec<Vec<u8>>,
    /// How many messages it did not get because it was slow.
    dropped: u64,
    /// Wakes its connection.
    wake: Arc<Notify>,
    /// Its connection has nothing to do but wait.
    is_idle: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Message>,
    bytes: usize,
}

impl Waiting {
    fn push(&mut self, message: Message) {
        self.bytes += message.frames().len();
        self.messages.push_back(message);
    }

    fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.frames().len();
        Some(message)
    }

    fn len(&self) -> usize {
        self.messages.len()
    }
}

impl Peer {
    fn wants(&self, message: &Message) -> bool {
        let first = message.first();
        self.topics.iter().any(|topic| first.starts_with(topic))
    }

    fn is_full(&self, mark: usize) -> bool {
        self.queue.len() >= mark || self.queue.bytes >= MOST_BYTES
    }

    fn unheard(&self) -> usize {
        self.queue.len() + self.on_its_way.len()
    }

    fn give(&mut self, message: Message) {
        self.queue.push(message);
        if std::mem::take(&mut self.is_idle) {
            self.wake.notify_one();
        }
    }
}

/// How messages are given to peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// PUSH: each to one of them, in turns; it waits until one has room.
    Push,
    /// PUB: each to all who want it; it waits until all of them have room.
    Block,
    /// PUB: the same, but who has no room does not get it.
    Drop,
}

/// How a message fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It waits for its peers, or nobody wanted it.
    Yes,
    /// There is no room for it now.
    No,
}

/// The desk.
#[derive(Clone, Debug)]
pub struct Desk {
    inner: Arc<Mutex<Inner>>,
    bell: Bell,
    way: Way,
    mark: usize,
}

#[derive(Debug, Default)]
struct Inner {
    next_id: u64,
    peers: BTreeMap<u64, Peer>,
    /// Whose turn it is.
    turn: u64,
    /// What peers had not heard when they were lost, to be given to others (PUSH).
    returned: VecDeque<Message>,
    /// What peers had not heard when they were lost (PUB), and what was dropped for slow ones that are gone.
    lost: u64,
    dropped: u64,
    /// Who has dropped what was not told of yet.
    has_news: bool,
    /// The stage waits for the bell.
    is_awaited: bool,
    /// How the connections ended.
    ended: Option<Result<(), ZeromqError>>,
}

impl Desk {
    /// With nobody there; who waits for room hears the bell.
    pub fn new(bell: Bell, way: Way, mark: usize) -> Desk {
        Desk { inner: Arc::default(), bell, way, mark }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self, inner: &mut Inner) {
        if std::mem::take(&mut inner.is_awaited) {
            self.bell.ring();
        }
    }

    /// How many peers there are that would get something.
    ///
    /// # Errors
    /// There will be none.
    pub fn peers(&self) -> Result<usize, ZeromqError> {
        let mut inner = self.lock();
        inner.is_awaited = true;
        inner.check()?;
        let is_push = self.way == Way::Push;
        Ok(inner.peers.values().filter(|peer| is_push || !peer.topics.is_empty()).count())
    }

    /// Gives a message to whom it is for.
    ///
    /// # Errors
    /// The connections have come to an end.
    pub fn give(&self, message: &Message) -> Result<Given, ZeromqError> {
        let mut inner = self.lock();
        let given = match self.way {
            Way::Push => match inner.give_returned(self.mark) {
                Given::Yes => inner.push(message, self.mark),
                Given::No => Given::No,
            },
            Way::Block => inner.publish(message, self.mark),
            Way::Drop => {
                inner.publish_to_quick(message, self.mark);
                Given::Yes
            }
        };
        if given == Given::No {
            inner.check()?;
            inner.is_awaited = true;
        }
        Ok(given)
    }

    /// Whether peers have heard all that they were given.
    ///
    /// # Errors
    /// The connections have come to an end.
    pub fn is_settled(&self) -> Result<bool, ZeromqError> {
        let mut inner = self.lock();
        let all_given = inner.give_returned(self.mark) == Given::Yes;
        if all_given && inner.peers.values().all(|peer| peer.unheard() == 0) {
            return Ok(true);
        }
        inner.check()?;
        inner.is_awaited = true;
        Ok(false)
    }

    /// How many messages peers have not heard.
    pub fn unheard(&self) -> usize {
        self.lock().peers.values().map(Peer::unheard).sum()
    }

    /// How many messages were dropped for peers that were slow, and lost with others that have gone.
    pub fn losses(&self) -> (u64, u64) {
        let inner = self.lock();
        (inner.dropped + inner.peers.values().map(|peer| peer.dropped).sum::<u64>(), inner.lost)
    }

    /// Those who were slow, and how many messages each did not get, if that is more than was told.
    pub fn slow(&self) -> Vec<(String, u64)> {
        let mut inner = self.lock();
        if !std::mem::take(&mut inner.has_news) {
            return Vec::new();
        }
        let slow = inner.peers.values().filter(|peer| peer.dropped > 0);
        slow.map(|peer| (peer.name.clone(), peer.dropped)).collect()
    }

    /// The connections have come to an end.
    pub fn end(&self, how: Result<(), ZeromqError>) {
        self.lock().ended = Some(how);
        self.bell.ring();
    }

    /// Whether they have.
    pub fn has_ended(&self) -> bool {
        let mut inner = self.lock();
        inner.is_awaited = true;
        inner.ended.is_some()
    }

    /// A peer is there; its number, and what wakes its connection.
    pub fn come(&self, name: String) -> (u64, Arc<Notify>) {
        let mut inner = self.lock();
        let (id, wake) = (inner.next_id, Arc::new(Notify::new()));
        inner.next_id += 1;
        let peer = Peer {
            name,
            queue: Waiting::default(),
            on_its_way: Waiting::default(),
            topics: Vec::new(),
            dropped: 0,
            wake: wake.clone(),
            is_idle: false,
        };
        inner.peers.insert(id, peer);
        self.ring(&mut inner);
        (id, wake)
    }

    /// A peer subscribes to something, or does no more; false if that is more than there is room for.
    pub fn subscribed(&self, id: u64, on: bool, prefix: Vec<u8>) -> bool {
        let mut inner = self.lock();
        let Some(peer) = inner.peers.get_mut(&id) else { return false };
        let bytes: usize = peer.topics.iter().map(|topic| topic.len() + size_of::<Vec<u8>>()).sum();
        if on && bytes + prefix.len() > MOST_TOPIC_BYTES {
            return false;
        }
        match on {
            true => peer.topics.push(prefix),
            // As often as it has subscribed it has to take it back.
            false => {
                if let Some(at) = peer.topics.iter().position(|topic| *topic == prefix) {
                    peer.topics.swap_remove(at);
                }
            }
        }
        self.ring(&mut inner);
        true
    }

    /// Messages for a peer, from its queue to its way, until they are about so many bytes; nothing is there
    /// if it is to wait.
    pub fn next(&self, id: u64, bytes: usize, mut each: impl FnMut(&Message)) -> usize {
        let mut inner = self.lock();
        let (mut count, mut taken) = (0, 0);
        if let Some(peer) = inner.peers.get_mut(&id) {
            while taken < bytes
                && peer.on_its_way.bytes < MOST_BYTES
                && let Some(message) = peer.queue.pop()
            {
                taken += message.frames().len();
                count += 1;
                each(&message);
                peer.on_its_way.push(message);
            }
            peer.is_idle = count == 0;
        }
        if count > 0 {
            self.ring(&mut inner);
        }
        count
    }

    /// How many messages are on their way to a peer.
    pub fn on_its_way(&self, id: u64) -> usize {
        self.lock().peers.get(&id).map_or(0, |peer| peer.on_its_way.len())
    }

    /// A peer has heard so many messages.
    pub fn heard(&self, id: u64, count: usize) {
        let mut inner = self.lock();
        if let Some(peer) = inner.peers.get_mut(&id) {
            for _ in 0..count {
                peer.on_its_way.pop();
            }
        }
        self.ring(&mut inner);
    }

    /// A peer has gone.
    pub fn gone(&self, id: u64) {
        let mut inner = self.lock();
        if let Some(peer) = inner.peers.remove(&id) {
            inner.dropped += peer.dropped;
            match self.way {
                Way::Push => {
                    let unheard = peer.on_its_way.messages.into_iter().chain(peer.queue.messages);
                    inner.returned.extend(unheard);
                }
                Way::Block | Way::Drop => inner.lost += peer.unheard() as u64,
            }
        }
        self.ring(&mut inner);
    }
}

impl Inner {
    /// Whether the connections are there still.
    fn check(&mut self) -> Result<(), ZeromqError> {
        match self.ended.take_if(|how| how.is_err()) {
            Some(Err(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// To whose turn it is of those who have room.
    fn push(&mut self, message: &Message, mark: usize) -> Given {
        let turn = self.turn;
        let (before, from) = (0..turn, turn..u64::MAX);
        let next = [from, before]
            .into_iter()
            .find_map(|ids| self.peers.range(ids).find(|(_, peer)| !peer.is_full(mark)).map(|(id, _)| *id));
        let Some(peer) = next.and_then(|id| self.peers.get_mut(&id)) else { return Given::No };
        peer.give(message.clone());
        self.turn = next.map_or(0, |id| id + 1);
        Given::Yes
    }

    fn give_returned(&mut self, mark: usize) -> Given {
        while let Some(message) = self.returned.front().cloned() {
            match self.push(&message, mark) {
                Given::Yes => drop(self.returned.pop_front()),
                Given::No => return Given::No,
            }
        }
        Given::Yes
    }

    fn publish(&mut self, message: &Message, mark: usize) -> Given {
        if self.peers.values().any(|peer| peer.is_full(mark) && peer.wants(message)) {
            return Given::No;
        }
        self.publish_to_quick(message, mark);
        Given::Yes
    }

    fn publish_to_quick(&mut self, message: &Message, mark: usize) {
        for peer in self.peers.values_mut().filter(|peer| peer.wants(message)) {
            if peer.is_full(mark) {
                (peer.dropped, self.has_news) = (peer.dropped + 1, true);
            } else {
                peer.give(message.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests;
