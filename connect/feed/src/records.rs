//! Records of what comes.

use std::time::{SystemTime, UNIX_EPOCH};

use sstream::connect::ValueForm;
use sstream::connect::record::{Canonicalizer, push_string};

use crate::position::Made;

/// What else is in a record, which then is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Field {
    /// The event's ID, or that of the last one that had one
    Id,
    /// The event's type
    Event,
    /// When it came, in ms since 1970
    Time,
}

/// Makes records.
#[derive(Debug)]
pub struct Records {
    value: ValueForm,
    with: Vec<Field>,
    json: Canonicalizer,
}

impl Records {
    /// In this form.
    pub fn new(value: ValueForm, mut with: Vec<Field>) -> Records {
        with.sort_unstable();
        with.dedup();
        Records { value, with, json: Canonicalizer::default() }
    }

    /// The record of what came, with the ID and type of its event.
    pub fn make(&mut self, value: &[u8], id: &str, event: &str) -> Made {
        let mut out = Vec::with_capacity(value.len() + 16);
        self.push(value, id, event, &mut out).map(|()| out)
    }

    /// The same at the end of others.
    ///
    /// # Errors
    /// It is a bad record, and nothing was appended.
    pub fn push(&mut self, value: &[u8], id: &str, event: &str, out: &mut Vec<u8>) -> Result<(), (Vec<u8>, String)> {
        let before = out.len();
        for field in &self.with {
            out.push(if out.len() == before { b'{' } else { b',' });
            match field {
                Field::Id => {
                    out.extend_from_slice(b"\"id\":");
                    push_string(id.as_bytes(), out);
                }
                Field::Event => {
                    out.extend_from_slice(b"\"event\":");
                    push_string(event.as_bytes(), out);
                }
                Field::Time => {
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                    out.extend_from_slice(format!("\"time\":{}", now.as_millis()).as_bytes());
                }
            }
        }
        let is_object = out.len() > before;
        if is_object {
            out.extend_from_slice(b",\"value\":");
        }
        if let Err(reason) = self.value.push(value, &mut self.json, out) {
            out.truncate(before);
            return Err((value.to_vec(), reason));
        }
        if is_object {
            out.push(b'}');
        }
        out.push(b'\n');
        Ok(())
    }

    /// Appends the records of whole lines, with their ends, at once: how many. Nothing, where they have to be
    /// pushed one by one.
    pub fn push_lines(&self, lines: &[u8], out: &mut Vec<u8>) -> Option<u64> {
        if self.with.is_empty() { self.value.push_lines(lines, out) } else { None }
    }
}
