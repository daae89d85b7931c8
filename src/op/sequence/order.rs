//! What is given of several keys one after the other, to be put in the order in which they would have given it together.

use crate::op::shards::push_order;
use crate::op::waiting::Place;
use crate::op::{OpError, Out};

/// Of what comes with one time: first what records give in their turns, then what the time is over of, then what
/// the end gives.
#[derive(Clone, Copy, Debug)]
pub enum Turn {
    Record,
    Over,
    Finish,
}

/// Begins what is given with what it is [ordered](push_order) by, where that is wanted.
#[derive(Debug, Default)]
pub struct Order {
    pub is_wanted: bool,
    turn: Option<(Turn, Place)>,
    /// How much was given: what comes of one turn of a key keeps its order.
    given: u64,
}

impl Order {
    /// Whose turn it is.
    pub fn set(&mut self, turn: Turn, place: Place) {
        self.turn = Some((turn, place));
    }

    /// Begins a record.
    pub fn begin(&mut self, record: &mut Vec<u8>) {
        if let Some((turn, (time, number))) = self.turn.filter(|_| self.is_wanted) {
            self.given += 1;
            push_order((turn as i64, time), &[number, self.given].map(u64::to_be_bytes).concat(), record);
        }
    }

    /// Sets a bad record aside.
    pub fn bad_record(&mut self, record: &[u8], reason: &str, out: &mut Out<'_>) -> Result<(), OpError> {
        if !self.is_wanted {
            return out.bad_record(record, reason);
        }
        let mut begun = Vec::new();
        self.begin(&mut begun);
        begun.extend_from_slice(record);
        out.bad_record(&begun, reason)
    }
}
