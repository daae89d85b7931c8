//! Gives messages to the desk, and waits for peers.

use std::time::{Duration, Instant};

use sstream::connect::{Console, StopSignal, Waited, Wake, duration};

use super::desk::{Desk, Given, Way};
use super::message::Message;
use super::sender::Sender;
use crate::wire::ZeromqError;

/// Asked to stop, peers that are away are waited for so long.
const AT_A_STOP: Duration = Duration::from_secs(10);

/// Slow peers are told of so often at most.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// How long is waited for whom.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Nothing is sent before so many peers are there.
    pub peers: usize,
    /// Give up after so long with nobody there; never, if it is none.
    pub retry_for: Option<Duration>,
    /// In the end what waits for peers may take so long.
    pub linger: Duration,
}

/// Gives messages to peers.
pub struct Publisher {
    /// For messages.
    pub name: String,
    /// What is shared with the connections.
    pub desk: Desk,
    /// How messages are given.
    pub way: Way,
    /// The connections.
    pub sender: Sender,
    /// The bell that the desk rings.
    pub wake: Wake,
    /// How long is waited.
    pub patience: Patience,
    /// So many peers were there once.
    pub has_begun: bool,
    /// When slow ones were told of last.
    pub told: Option<Instant>,
    /// For words to the user.
    pub console: Console,
    /// A stop.
    pub stop: StopSignal,
    /// Time that the stage does not work.
    pub waited: Waited,
}

impl Publisher {
    /// Asks until it is so, and waits for the bell in between.
    fn until(&self, mut is_so: impl FnMut(&Self) -> Result<bool, ZeromqError>) -> Result<(), ZeromqError> {
        let mut lonely: Option<Instant> = None;
        let mut has_told = false;
        while !is_so(self)? {
            let since = match self.desk.peers()? {
                0 => *lonely.get_or_insert_with(Instant::now),
                _ => {
                    lonely = None;
                    Instant::now()
                }
            };
            let is_stopping = self.stop.is_asked();
            let limit = match is_stopping {
                true => Some(self.patience.retry_for.map_or(AT_A_STOP, |limit| limit.min(AT_A_STOP))),
                false => self.patience.retry_for,
            };
            if lonely.is_some() && !std::mem::replace(&mut has_told, true) {
                self.console.info(&format!("{}: nobody is there: waiting", self.name));
            }
            if lonely.is_some() && limit.is_some_and(|limit| since.elapsed() >= limit) {
                let limit = duration::show_ms(limit.unwrap_or_default().as_millis() as u64);
                return Err(ZeromqError::GaveUp { message: format!("{}: nobody was there for {limit}", self.name) });
            }
            let wake = || self.wake.wait((!is_stopping).then_some(&self.stop), Duration::from_secs(1));
            self.waited.during(wake).map_err(|error| ZeromqError::system(&error))?;
        }
        Ok(())
    }

    /// Gives a message to whom it is for, when there is room.
    ///
    /// # Errors
    /// A peer is none that we can speak with, or nobody was there for long enough.
    pub fn send(&mut self, message: &Message) -> Result<(), ZeromqError> {
        if !self.has_begun {
            self.until(|publisher| Ok(publisher.desk.peers()? >= publisher.patience.peers))?;
            self.has_begun = true;
        }
        self.until(|publisher| Ok(publisher.desk.give(message)? == Given::Yes))
    }

    /// Waits until peers have heard everything, or what is to wait for them does.
    ///
    /// # Errors
    /// As [`Publisher::send`].
    pub fn settle(&mut self) -> Result<(), ZeromqError> {
        if self.way != Way::Drop {
            self.until(|publisher| publisher.desk.is_settled())?;
        }
        self.tell_slow();
        Ok(())
    }

    fn tell_slow(&mut self) {
        if self.told.is_some_and(|told| told.elapsed() < TELL_EVERY) {
            return;
        }
        for (name, dropped) in self.desk.slow() {
            self.told = Some(Instant::now());
            self.console.warn(&format!("{name}: is slow: {dropped} messages for it were dropped so far"));
        }
    }

    /// What peers have not heard has a last chance, and hangs up.
    ///
    /// # Errors
    /// The system has nothing left to wait with.
    pub fn finish(&mut self) -> Result<(), ZeromqError> {
        self.sender.stop();
        let until = Instant::now() + self.patience.linger;
        while !self.desk.has_ended() && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            let wait = || self.wake.wait(None, left);
            self.waited.during(wait).map_err(|error| ZeromqError::system(&error))?;
        }
        let ((dropped, lost), unheard) = (self.desk.losses(), self.desk.unheard());
        if dropped > 0 {
            self.console.warn(&format!("{}: {dropped} messages were dropped for slow peers", self.name));
        }
        if lost + unheard as u64 > 0 {
            let many = lost + unheard as u64;
            self.console.warn(&format!("{}: up to {many} messages were lost on their way to peers", self.name));
        }
        Ok(())
    }
}
