//! What was received and is not acknowledged.
//!
//! After a connection is lost the broker sends again, marked as such, what it has no
//! acknowledgement for. What is here still, waiting to be safe, is not taken twice.

use std::collections::HashMap;

use super::queue::Due;
use crate::client::packet::Ack;

/// Where a message of QoS 1 or 2 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// With the stage, and not safe yet.
    Waiting,
    /// Safe, while there was no connection to say so on (QoS 1).
    Safe,
    /// Safe, and said to be received: the broker is to release it (QoS 2).
    Received,
}

/// A session with a broker, over several connections.
#[derive(Debug, Default)]
pub struct Session {
    number: u64,
    messages: HashMap<u16, Stage>,
}

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// It is to be taken; this is due when it is safe.
    New(Option<Due>),
    /// It is here already.
    Known,
    /// It was taken, and is to be acknowledged again.
    Again(Ack),
}

impl Session {
    /// A connection has begun; the broker has the session still, or has not.
    pub fn connected(&mut self, is_kept: bool) {
        if !is_kept {
            self.number += 1;
            self.messages.clear();
        }
    }

    /// A message came.
    pub fn message(&mut self, id: u16, qos: u8, dup: bool) -> Incoming {
        if qos == 0 {
            return Incoming::New(None);
        }
        match self.messages.get(&id) {
            Some(Stage::Waiting) if dup => return Incoming::Known,
            Some(Stage::Safe) if dup => {
                self.messages.remove(&id);
                return Incoming::Again(Ack::Taken);
            }
            Some(Stage::Received) => return Incoming::Again(Ack::Received),
            _ => {}
        }
        self.messages.insert(id, Stage::Waiting);
        Incoming::New(Some(Due { session: self.number, id, qos }))
    }

    /// A message is safe: what to say, if its session is this one still.
    pub fn safe(&mut self, due: Due) -> Option<Ack> {
        if due.session != self.number {
            return None;
        }
        if due.qos == 1 {
            self.messages.remove(&due.id);
            return Some(Ack::Taken);
        }
        self.messages.insert(due.id, Stage::Received);
        Some(Ack::Received)
    }

    /// A message is safe, and there is no connection: it is acknowledged when it comes again.
    pub fn safe_unsaid(&mut self, due: Due) {
        if due.session == self.number {
            self.messages.insert(due.id, if due.qos == 1 { Stage::Safe } else { Stage::Received });
        }
    }

    /// The broker has released a message.
    pub fn released(&mut self, id: u16) {
        self.messages.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_is_not_taken_twice() {
        let mut session = Session::default();
        session.connected(false);
        let Incoming::New(Some(one)) = session.message(1, 1, false) else { panic!() };
        let Incoming::New(Some(two)) = session.message(2, 2, false) else { panic!() };
        assert_eq!(session.message(0, 0, false), Incoming::New(None));
        // The connection is lost, and both come again.
        session.connected(true);
        assert_eq!(session.message(1, 1, true), Incoming::Known);
        assert_eq!(session.message(2, 2, true), Incoming::Known);
        assert_eq!(session.safe(one), Some(Ack::Taken));
        assert_eq!(session.safe(two), Some(Ack::Received));
        // It did not hear that.
        session.connected(true);
        assert!(matches!(session.message(1, 1, true), Incoming::New(_)), "QoS 1 may come twice");
        assert_eq!(session.message(2, 2, true), Incoming::Again(Ack::Received));
        session.released(2);
        assert!(matches!(session.message(2, 2, false), Incoming::New(_)));
    }

    #[test]
    fn what_became_safe_without_a_connection_is_acknowledged_when_it_comes_again() {
        let mut session = Session::default();
        session.connected(false);
        let Incoming::New(Some(one)) = session.message(1, 1, false) else { panic!() };
        let Incoming::New(Some(two)) = session.message(2, 2, false) else { panic!() };
        session.safe_unsaid(one);
        session.safe_unsaid(two);
        session.connected(true);
        assert_eq!(session.message(1, 1, true), Incoming::Again(Ack::Taken));
        assert_eq!(session.message(2, 2, true), Incoming::Again(Ack::Received));
        assert!(matches!(session.message(1, 1, false), Incoming::New(_)));
    }

    #[test]
    fn a_new_session_knows_nothing_of_the_old_one() {
        let mut session = Session::default();
        session.connected(false);
        let Incoming::New(Some(old)) = session.message(1, 1, false) else { panic!() };
        session.connected(false);
        let Incoming::New(Some(new)) = session.message(1, 1, false) else { panic!() };
        assert_eq!(session.safe(old), None);
        assert_eq!(session.safe(new), Some(Ack::Taken));
    }
}
