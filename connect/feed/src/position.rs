//! Where a feed goes on, and the records of a batch, as the checkpoint keeps them.
//!
//! A server sends again what came after an event's ID or a cursor, but no batch. So what is recorded for
//! a batch is both, in numbers of seven bits a byte with what they count behind them:
//!
//! ```text
//! mark     length, ID or cursor; length, ETag; how many records of the answer behind that are taken
//! records  0, length, record; or 1, length, what came, length, why it is bad
//! ```

use std::sync::Arc;

use sstream::connect::{SourceError, varint};

/// What a server is asked to go on behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The last event's ID, or the cursor; empty at first.
    pub id: String,
    /// The ETag of the last answer; empty if there was none.
    pub etag: String,
}

/// How far a feed was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The last place that was reached whole.
    pub place: Arc<Place>,
    /// So many records of the answer behind it were taken.
    pub taken: u64,
}

/// A record with a newline, or several; or what came, and why it is a bad one.
pub type Made = Result<Vec<u8>, (Vec<u8>, String)>;

impl Mark {
    /// Appends it.
    pub fn push(&self, out: &mut Vec<u8>) {
        push_bytes(self.place.id.as_bytes(), out);
        push_bytes(self.place.etag.as_bytes(), out);
        varint::push(self.taken, out);
    }

    /// Takes one from the front.
    pub fn take(bytes: &mut &[u8]) -> Option<Mark> {
        let id = String::from_utf8(take_bytes(bytes)?.to_vec()).ok()?;
        let etag = String::from_utf8(take_bytes(bytes)?.to_vec()).ok()?;
        Some(Mark { place: Arc::new(Place { id, etag }), taken: varint::take(bytes)? })
    }
}

/// Appends records of a batch, or a bad one.
pub fn push_made(made: &Made, out: &mut Vec<u8>) {
    match made {
        Ok(records) => {
            for record in records.split_inclusive(|byte| *byte == b'\n') {
                out.push(0);
                push_bytes(record, out);
            }
        }
        Err((payload, reason)) => {
            out.push(1);
            push_bytes(payload, out);
            push_bytes(reason.as_bytes(), out);
        }
    }
}

/// Takes a record from the front.
///
/// # Errors
/// What is there is none.
pub fn take_made(bytes: &mut &[u8]) -> Result<Made, SourceError> {
    let mut take = || {
        let (kind, rest) = bytes.split_first()?;
        *bytes = rest;
        match kind {
            0 => Some(Ok(take_bytes(bytes)?.to_vec())),
            1 => Some(Err((take_bytes(bytes)?.to_vec(), String::from_utf8_lossy(take_bytes(bytes)?).into_owned()))),
            _ => None,
        }
    };
    take().ok_or(WRONG)
}

/// What is recorded is no position of a feed.
pub const WRONG: SourceError = SourceError::Position { what: "in the feed" };

fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    varint::push(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn take_bytes<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(varint::take(bytes)?).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}
