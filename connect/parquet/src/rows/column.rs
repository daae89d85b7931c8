//! The values of one column, until they are written.
//!
//! Beside its values a column has a *definition level* an entry, which tells how much of its path is there (all
//! of it: there is a value), and inside of arrays a *repetition level*: which array goes on with this entry. Zero begins a row.

use std::ops::Range;

use bytes::Bytes;
use parquet::column::writer::ColumnWriterImpl;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, FloatType,
    Int32Type, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedColumnWriter;
use sstream::connect::record::{Kind, kind, unescape};

use super::value::{self, Times, refusal};
use crate::schema::{Leaf, Store};

/// So many entries are handed to the writer at a time where each value needs an object of its own.
const PIECE: usize = 4096;

/// The entries of a column.
#[derive(Clone, Debug)]
pub struct Column {
    values: Values,
    definition: Vec<i16>,
    repetition: Vec<i16>,
    most_definition: i16,
    most_repetition: i16,
    rows: usize,
}

/// Values of one physical type.
#[derive(Clone, Debug)]
enum Values {
    Boolean(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Heap),
    Fixed(Heap, usize),
}

/// Bytes one after the other, and where each value ends.
#[derive(Clone, Debug, Default)]
struct Heap {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Heap {
    fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.ends.push(self.bytes.len());
    }

    fn pop(&mut self) {
        self.ends.pop();
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }
}

impl Values {
    fn new(leaf: Leaf) -> Values {
        match leaf {
            Leaf::Boolean => Values::Boolean(Vec::new()),
            Leaf::Integer { bits: 64, .. } | Leaf::Timestamp { .. } => Values::Int64(Vec::new()),
            Leaf::Integer { .. } | Leaf::Date => Values::Int32(Vec::new()),
            Leaf::Float => Values::Float(Vec::new()),
            Leaf::Double => Values::Double(Vec::new()),
            Leaf::Text | Leaf::Enum | Leaf::Json | Leaf::Bytes => Values::Bytes(Heap::default()),
            Leaf::Decimal { store, .. } => match store {
                Store::Int32 => Values::Int32(Vec::new()),
                Store::Int64 => Values::Int64(Vec::new()),
                Store::Fixed(bytes) => Values::Fixed(Heap::default(), bytes.into()),
                Store::Bytes => Values::Bytes(Heap::default()),
            },
        }
    }

    fn pop(&mut self) {
        match self {
            Values::Boolean(values) => drop(values.pop()),
            Values::Int32(values) => drop(values.pop()),
            Values::Int64(values) => drop(values.pop()),
            Values::Float(values) => drop(values.pop()),
            Values::Double(values) => drop(values.pop()),
            Values::Bytes(heap) | Values::Fixed(heap, _) => heap.pop(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Values::Boolean(values) => values.len(),
            Values::Int32(values) => values.len() * 4,
            Values::Float(values) => values.len() * 4,
            Values::Int64(values) => values.len() * 8,
            Values::Double(values) => values.len() * 8,
            Values::Bytes(heap) | Values::Fixed(heap, _) => heap.bytes.len() + heap.ends.len() * 8,
        }
    }
}

impl Column {
    /// No entries, with the levels that a value has.
    pub fn new(leaf: Leaf, most_definition: i16, most_repetition: i16) -> Column {
        let (definition, repetition) = (Vec::new(), Vec::new());
        Column { values: Values::new(leaf), definition, repetition, most_definition, most_repetition, rows: 0 }
    }

    /// How many rows have begun.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// What its entries take in memory.
    pub fn bytes(&self) -> usize {
        self.values.bytes() + 2 * (self.definition.len() + self.repetition.len())
    }

    /// An entry without a value, whose path is there up to a level.
    #[inline]
    pub fn push_null(&mut self, repetition: i16, definition: i16) {
        if self.most_definition > 0 {
            self.definition.push(definition);
        }
        if self.most_repetition > 0 {
            self.repetition.push(repetition);
        }
        self.rows += usize::from(repetition == 0);
    }

    /// An entry with a value.
    ///
    /// # Errors
    /// Why the value does not go into this column; nothing was added then.
    #[inline]
    pub fn push(&mut self, json: &[u8], leaf: Leaf, times: Option<&Times>, repetition: i16) -> Result<(), String> {
        self.push_value(json, leaf, times).map_err(|reason| reason.unwrap_or_else(|| refusal(leaf, json)))?;
        self.push_null(repetition, self.most_definition);
        Ok(())
    }

    fn push_value(&mut self, json: &[u8], leaf: Leaf, times: Option<&Times>) -> Result<(), Option<String>> {
        let is = kind(json);
        let number = || if is == Some(Kind::Number) { Ok(json) } else { Err(None) };
        match (&mut self.values, leaf) {
            (Values::Boolean(values), _) => match is {
                Some(Kind::True) => values.push(true),
                Some(Kind::False) => values.push(false),
                _ => return Err(None),
            },
            (Values::Double(values), _) => values.push(value::double(number()?).ok_or(None)?),
            (Values::Float(values), _) => {
                let float = value::double(number()?).ok_or(None)? as f32;
                values.push(if float.is_finite() { float } else { return Err(None) });
            }
            (Values::Int64(values), Leaf::Timestamp { unit, is_utc }) => {
                let standard = Times::default();
                let moment = value::moment(json, unit, is_utc, times.unwrap_or(&standard));
                let told = |reason| Some(format!("{} is no time: {reason}", String::from_utf8_lossy(json)));
                values.push(moment.map_err(told)?);
            }
            (Values::Int32(values), Leaf::Date) => values.push(value::days(text(json, is)?.as_str()).ok_or(None)?),
            (Values::Int32(values), Leaf::Integer { bits, is_signed }) => {
                // Of those without a sign the bits are stored.
                values.push(integer(number()?, bits, is_signed)? as i32);
            }
            (Values::Int64(values), Leaf::Integer { bits, is_signed }) => {
                values.push(integer(number()?, bits, is_signed)? as i64);
            }
            (values, Leaf::Decimal { precision, scale, .. }) => {
                let digits = match is {
                    Some(Kind::Number) => {
                        std::str::from_utf8(json).ok().and_then(|text| value::decimal(text, precision, scale))
                    }
                    _ => value::decimal(text(json, is)?.as_str(), precision, scale),
                };
                push_digits(values, digits.ok_or(None)?)?;
            }
            (Values::Bytes(heap), Leaf::Json) => heap.push(json),
            (Values::Bytes(heap), _) if is == Some(Kind::String) => heap.push(&unescape(json)),
            _ => return Err(None),
        }
        Ok(())
    }

    /// Its levels, for tests: definition and repetition.
    #[cfg(test)]
    pub fn levels(&self) -> (&[i16], &[i16]) {
        (&self.definition, &self.repetition)
    }

    /// Takes back the entries of a row that has begun beyond so many.
    pub fn cut(&mut self, rows: usize) {
        while self.rows > rows {
            let repetition = if self.most_repetition > 0 { self.repetition.pop().unwrap_or(0) } else { 0 };
            let has_value = self.most_definition == 0 || self.definition.pop() == Some(self.most_definition);
            if has_value {
                self.values.pop();
            }
            self.rows -= usize::from(repetition == 0);
        }
    }

    /// Writes all entries as this column of a row group.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(self, mut writer: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let Column { values, definition, repetition, most_definition, most_repetition, .. } = self;
        let levels = Levels {
            definition: (most_definition > 0).then_some(definition),
            repetition: (most_repetition > 0).then_some(repetition),
            most_definition,
        };
        match values {
            Values::Boolean(values) => levels.write(writer.typed::<BoolType>(), &values)?,
            Values::Int32(values) => levels.write(writer.typed::<Int32Type>(), &values)?,
            Values::Int64(values) => levels.write(writer.typed::<Int64Type>(), &values)?,
            Values::Float(values) => levels.write(writer.typed::<FloatType>(), &values)?,
            Values::Double(values) => levels.write(writer.typed::<DoubleType>(), &values)?,
            Values::Bytes(heap) => {
                levels.write_pieces(writer.typed::<ByteArrayType>(), heap, ByteArray::from)?;
            }
            Values::Fixed(heap, _) => {
                let fixed = |bytes| FixedLenByteArray::from(ByteArray::from(bytes));
                levels.write_pieces(writer.typed::<FixedLenByteArrayType>(), heap, fixed)?;
            }
        }
        writer.close()
    }
}

fn text(json: &[u8], is: Option<Kind>) -> Result<String, Option<String>> {
    match is {
        Some(Kind::String) => Ok(String::from_utf8_lossy(&unescape(json)).into_owned()),
        _ => Err(None),
    }
}

fn integer(number: &[u8], bits: u8, is_signed: bool) -> Result<i128, Option<String>> {
    let (least, most) = value::bounds(bits, is_signed);
    value::integer(number).filter(|integer| (least..=most).contains(integer)).ok_or(None)
}

/// Appends an integer of as many bytes as the column has for its digits.
fn push_digits(values: &mut Values, digits: i128) -> Result<(), Option<String>> {
    let bytes = digits.to_be_bytes();
    match values {
        Values::Int32(values) => values.push(i32::try_from(digits).map_err(|_| None)?),
        Values::Int64(values) => values.push(i64::try_from(digits).map_err(|_| None)?),
        Values::Fixed(heap, width) => {
            let (spare, kept) = bytes.split_at(bytes.len() - *width);
            let sign = if digits < 0 { 0xff } else { 0 };
            let is_whole = spare.iter().all(|byte| *byte == sign) && (kept[0] ^ sign) & 0x80 == 0;
            heap.push(if is_whole { kept } else { return Err(None) });
        }
        Values::Bytes(heap) => {
            // The fewest that keep the sign.
            let spare = (0..bytes.len() - 1)
                .take_while(|at| {
                    let sign = if digits < 0 { 0xff } else { 0 };
                    bytes[*at] == sign && (bytes[at + 1] ^ sign) & 0x80 == 0
                })
                .count();
            heap.push(&bytes[spare..]);
        }
        Values::Boolean(_) | Values::Float(_) | Values::Double(_) => return Err(None),
    }
    Ok(())
}

/// The levels of a column.
struct Levels {
    definition: Option<Vec<i16>>,
    repetition: Option<Vec<i16>>,
    most_definition: i16,
}

impl Levels {
    fn write<T: DataType>(&self, writer: &mut ColumnWriterImpl<'_, T>, values: &[T::T]) -> Result<(), ParquetError> {
        writer.write_batch(values, self.definition.as_deref(), self.repetition.as_deref())?;
        Ok(())
    }

    /// The same of values that are made a piece at a time, each of whole rows.
    fn write_pieces<T: DataType>(
        &self,
        writer: &mut ColumnWriterImpl<'_, T>,
        heap: Heap,
        make: impl Fn(Bytes) -> T::T,
    ) -> Result<(), ParquetError> {
        let Heap { bytes, ends } = heap;
        let bytes = Bytes::from(bytes);
        let entries = self.definition.as_ref().map_or(ends.len(), Vec::len);
        let (mut at, mut value, mut start) = (0, 0, 0);
        while at < entries {
            let piece = self.piece(at, entries);
            let count = match &self.definition {
                Some(levels) => levels[piece.clone()].iter().filter(|level| **level == self.most_definition).count(),
                None => piece.len(),
            };
            let values: Vec<T::T> = ends[value..value + count]
                .iter()
                .map(|end| make(bytes.slice(std::mem::replace(&mut start, *end)..*end)))
                .collect();
            let part = |levels: &Option<Vec<i16>>| levels.as_ref().map(|levels| levels[piece.clone()].to_vec());
            writer.write_batch(&values, part(&self.definition).as_deref(), part(&self.repetition).as_deref())?;
            (at, value) = (piece.end, value + count);
        }
        Ok(())
    }

    /// The entries from one on that are whole rows.
    fn piece(&self, at: usize, entries: usize) -> Range<usize> {
        let mut end = (at + PIECE).min(entries);
        if let Some(levels) = &self.repetition {
            while end < entries && levels[end] > 0 {
                end += 1;
            }
        }
        at..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_have_as_many_bytes_as_they_need() {
        for (digits, bytes) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[0, 128]),
            (-1, &[255]),
            (-128, &[128]),
            (-129, &[255, 127]),
            (256, &[1, 0]),
        ] {
            let mut values = Values::Bytes(Heap::default());
            push_digits(&mut values, digits).unwrap();
            let Values::Bytes(heap) = &values else { unreachable!() };
            assert_eq!(heap.bytes, bytes, "{digits}");
            let mut fixed = Values::Fixed(Heap::default(), 1);
            assert_eq!(push_digits(&mut fixed, digits).is_ok(), bytes.len() == 1, "{digits}");
        }
    }

    #[test]
    fn a_row_is_taken_back_with_all_its_entries() {
        let mut column = Column::new(Leaf::Text, 3, 1);
        column.push(b"\"a\"", Leaf::Text, None, 0).unwrap();
        column.push(b"\"b\"", Leaf::Text, None, 1).unwrap();
        column.push_null(0, 2);
        column.push(b"\"c\"", Leaf::Text, None, 1).unwrap();
        assert!(column.push(b"1", Leaf::Text, None, 1).unwrap_err().contains("a string"));
        column.cut(1);
        let Values::Bytes(heap) = &column.values else { unreachable!() };
        assert_eq!((heap.bytes.as_slice(), column.rows(), column.repetition.as_slice()), (&b"ab"[..], 1, &[0, 1][..]));
    }
}
