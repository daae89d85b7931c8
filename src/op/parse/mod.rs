//! `parse`: a line of a log, in a form that is known, becomes an object with typed fields.
//!
//! The text is a record that is a string, or that of an object's member, `value` unless told: what a source
//! with `--with` gives. Such an object's other members stay before the parsed ones; of equal names the parsed one
//! counts.

pub mod access;
pub mod cef;
pub mod fields;
pub mod grok;
pub mod kubernetes;
pub mod logs;
pub mod syslog;
pub mod time;
pub mod values;

use std::borrow::Cow;

use super::function::{NOT_A_PAIR, Part};
use super::{OpError, Out, PerRecord};
use crate::frame::Block;
use crate::record::{self, Kind};
use fields::Fields;

/// Takes the text of one line apart.
pub trait Form {
    /// Adds the fields of `text`, or says why it is none of this form. `now_ms` is the batch's time, by which a
    /// year is found where there is none.
    fn parse(&mut self, text: &str, now_ms: u64, fields: &mut Fields<'_>) -> Result<(), String>;

    /// Whether names can come twice, or what stands there is to be looked at: foreign JSON.
    fn is_loose(&self) -> bool {
        false
    }
}

/// What is kept beside what is parsed, and of what.
#[derive(Clone, Debug)]
pub struct Options {
    /// Of a record, or of a pair's value.
    pub part: Part,
    /// The member of an object that has the text.
    pub field: String,
    /// The text stays too, under this name.
    pub keep: Option<String>,
}

/// Parses the text of each record.
pub struct Parse {
    form: Box<dyn Form + Send>,
    options: Options,
    /// What is parsed of one record.
    object: Vec<u8>,
}

impl Parse {
    /// In this form.
    pub fn new(form: Box<dyn Form + Send>, options: Options) -> Parse {
        Parse { form, options, object: Vec::new() }
    }

    fn record(&mut self, record: &[u8], now_ms: u64, out: &mut Out<'_>) -> Result<(), OpError> {
        let Some(given) = self.options.part.of(record) else { return out.bad_record(record, NOT_A_PAIR) };
        let name = self.options.field.as_bytes();
        let is_object = record::kind(given.input) == Some(Kind::Object);
        let value = if is_object { record::field(given.input, name) } else { Some(given.input) };
        let Some(value) = value.filter(|value| record::kind(value) == Some(Kind::String)) else {
            let field = &self.options.field;
            let reason =
                format!("no text to parse: neither a string nor an object with the text in {field} (--field NAME)");
            return out.bad_record(record, &reason);
        };
        let text = record::unescape(value);
        // A stream from elsewhere may not be what it says; the output is.
        let text: Cow<'_, str> = String::from_utf8_lossy(&text);
        self.object.clear();
        let mut has_others = false;
        let mut fields = Fields::new(&mut self.object);
        if is_object {
            for (key, other) in record::members(given.input).filter(|(_, other)| !std::ptr::eq(*other, value)) {
                fields.push_member(key, other);
                has_others = true;
            }
        }
        if let Err(reason) = self.form.parse(&text, now_ms, &mut fields) {
            return out.bad_record(record, &reason);
        }
        if let Some(name) = &self.options.keep {
            fields.raw(name, value);
        }
        fields.close();
        let buffer = out.buffer();
        given.open(buffer);
        if has_others || self.options.keep.is_some() || self.form.is_loose() {
            // The last of two equal names counts.
            if let Err(error) = record::canonicalize(&self.object, buffer) {
                return out.bad_record(record, &error.to_string());
            }
        } else {
            buffer.extend_from_slice(&self.object);
        }
        given.close(out.buffer());
        out.finish_records(1);
        Ok(())
    }
}

impl PerRecord for Parse {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        block.iter().try_for_each(|record| self.record(record, block.time.0, out))
    }
}

#[cfg(test)]
mod tests;
