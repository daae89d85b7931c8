//! What a checkpoint keeps of a source of objects: which it knows, and which ranges a batch was made of.
//!
//! ```text
//! 1                   version
//! objects             how many; then of each
//!   url, tag          the length and the bytes; of the URL first how many bytes are those of the one before
//!   modified, size    ms since the epoch, bytes
//!   is done           1: nothing of it is read any more
//!   boundary          up to where it became records, if it is not
//! ranges              how many; then of each
//!   object            which of those above, from 0
//!   from, to          boundaries
//! ```

use sstream::connect::files::Boundary;
use sstream::connect::varint;

use crate::store::Object;

const VERSION: u64 = 1;

/// An object, as far as a source has come in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Which.
    pub object: Object,
    /// Up to where it became records; nothing if all of it did.
    pub boundary: Option<Boundary>,
}

/// What became records of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Which of the batch's objects.
    pub object: usize,
    /// Its first byte.
    pub from: Boundary,
    /// The one behind its last.
    pub to: Boundary,
}

/// What is kept of a batch, or of all so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The objects.
    pub entries: Vec<Entry>,
    /// In the order in which they were read.
    pub ranges: Vec<Range>,
}

impl Record {
    /// Appends the bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        varint::push(VERSION, out);
        varint::push(self.entries.len() as u64, out);
        let mut before: &[u8] = &[];
        for Entry { object, boundary } in &self.entries {
            let url = object.url.as_bytes();
            let shared = before.iter().zip(url).take_while(|(a, b)| a == b).count();
            varint::push(shared as u64, out);
            push_bytes(&url[shared..], out);
            before = url;
            push_bytes(object.tag.as_bytes(), out);
            varint::push(object.modified_ms, out);
            varint::push(object.size, out);
            varint::push(boundary.is_none().into(), out);
            if let Some(boundary) = boundary {
                boundary.push(out);
            }
        }
        varint::push(self.ranges.len() as u64, out);
        for Range { object, from, to } in &self.ranges {
            varint::push(*object as u64, out);
            from.push(out);
            to.push(out);
        }
    }

    /// Reads the bytes; nothing is an empty record. `None` if they are none of ours.
    pub fn read(mut bytes: &[u8]) -> Option<Record> {
        let mut record = Record::default();
        if bytes.is_empty() {
            return Some(record);
        }
        let bytes = &mut bytes;
        if varint::take(bytes)? != VERSION {
            return None;
        }
        let mut url = Vec::new();
        for _ in 0..varint::take(bytes)? {
            url.truncate(usize::try_from(varint::take(bytes)?).ok()?);
            url.extend_from_slice(take_bytes(bytes)?);
            let object = Object {
                url: String::from_utf8(url.clone()).ok()?,
                tag: String::from_utf8(take_bytes(bytes)?.to_vec()).ok()?,
                modified_ms: varint::take(bytes)?,
                size: varint::take(bytes)?,
            };
            let boundary = match varint::take(bytes)? {
                0 => Some(Boundary::take(bytes)?),
                1 => None,
                _ => return None,
            };
            record.entries.push(Entry { object, boundary });
        }
        for _ in 0..varint::take(bytes)? {
            let object = usize::try_from(varint::take(bytes)?).ok()?;
            record.entries.get(object)?;
            record.ranges.push(Range { object, from: Boundary::take(bytes)?, to: Boundary::take(bytes)? });
        }
        bytes.is_empty().then_some(record)
    }

    /// How it reads, for people.
    pub fn show(&self) -> String {
        let show = |range: &Range| {
            let url = &self.entries[range.object].object.url;
            format!("{url} {} to {}", range.from.offset, range.to.offset)
        };
        let shown: Vec<String> = self.ranges.iter().take(3).map(show).collect();
        match self.ranges.len() - shown.len() {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    }
}

fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    varint::push(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn take_bytes<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = usize::try_from(varint::take(bytes)?).ok()?;
    bytes.split_off(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let object =
            |n: u64| Object { url: format!("s3://b/in/{n}"), tag: format!("\"{n}\""), modified_ms: n, size: 9 };
        let record = Record {
            entries: vec![
                Entry { object: object(1), boundary: None },
                Entry { object: object(2), boundary: Some(Boundary::at(300)) },
            ],
            ranges: vec![Range { object: 1, from: Boundary::at(0), to: Boundary::at(300) }],
        };
        let mut bytes = Vec::new();
        record.write(&mut bytes);
        assert_eq!(Record::read(&bytes), Some(record.clone()));
        assert_eq!(record.show(), "s3://b/in/2 0 to 300");
        for cut in 1..bytes.len() {
            assert_eq!(Record::read(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(Record::read(&[]), Some(Record::default()));
        assert_eq!(Record::read(&[2]), None);
    }
}
