//! Where records are from: an object that has it beside the value, as `--with` asks.

use super::Place;
use crate::record;
use crate::record::number::push_integer;

/// What a record can say of where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The file's path.
    File,
    /// The client's address, or number.
    Client,
    /// The line's number in its file, from 1.
    Line,
    /// The byte of its file at which the line begins.
    Offset,
    /// The name of this machine.
    Host,
}

impl Field {
    /// As it is called in options and records.
    pub fn name(self) -> &'static str {
        match self {
            Field::File => "file",
            Field::Client => "client",
            Field::Line => "line",
            Field::Offset => "offset",
            Field::Host => "host",
        }
    }
}

/// Where the lines of one file or client are from.
#[derive(Clone, Debug)]
pub struct Origin {
    fields: Vec<(Field, Vec<u8>)>,
}

impl Origin {
    /// With these fields, in one order whatever the order in which they are given. `source` is the file or
    /// client, `host` this machine.
    pub fn new(fields: &[Field], source: &[u8], host: &str) -> Origin {
        let mut fields = fields.to_vec();
        fields.sort_unstable();
        fields.dedup();
        let source = String::from_utf8_lossy(source);
        let fields = fields.into_iter().map(|field| {
            let mut text = format!("\"{}\":", field.name()).into_bytes();
            match field {
                Field::File | Field::Client => record::push_string(source.as_bytes(), &mut text),
                Field::Host => record::push_string(host.as_bytes(), &mut text),
                Field::Line | Field::Offset => {}
            }
            (field, text)
        });
        Origin { fields: fields.collect() }
    }

    /// Whether a line's number is among the fields.
    pub fn has_line(&self) -> bool {
        self.fields.iter().any(|(field, _)| *field == Field::Line)
    }

    /// Appends what comes before the value of a line that begins at `place`.
    pub fn begin(&self, place: Place, out: &mut Vec<u8>) {
        out.push(b'{');
        for (field, text) in &self.fields {
            out.extend_from_slice(text);
            match field {
                Field::Line => push_integer(place.lines + 1, out),
                Field::Offset => push_integer(place.offset, out),
                Field::File | Field::Client | Field::Host => {}
            }
            out.push(b',');
        }
        out.extend_from_slice(b"\"value\":");
    }

    /// Appends what comes behind it.
    pub fn end(&self, out: &mut Vec<u8>) {
        out.push(b'}');
    }
}
