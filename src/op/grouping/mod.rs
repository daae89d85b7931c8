//! From records to keys and values, as the user chose by `--by-key`, `--by`,
//! `--by-value` and `--of`.
//!
//! | choice | key | value |
//! |---|---|---|
//! | none | the same for all | the record |
//! | `--by-key` | the first of a pair | the second |
//! | `--by EXPR` | each result of EXPR of the record | the record |
//! | `--by-value` | the record | the record |
//!
//! With `--of EXPR` each result of EXPR of that value is aggregated in its
//! place, or is what the value is ranked by (`top`). So an EXPR without a
//! result leaves the record out, and one with several counts it several times.

pub mod dealt;
mod results;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::key_table::{Hash, KeyTable};
use super::{OpError, Out};
use crate::agg::AggError;
use crate::error::{Exit, Failure};
use crate::expr::{ExprError, Program};
use crate::frame::Block;
use crate::record;
use results::Results;

/// The key that all records have where none was chosen.
pub const NO_KEY: &[u8] = b"";

const NO_PAIR: &str = "not a pair, an array of key and value: make pairs with sstream-map, or choose the key with \
                       --by EXPR or --by-value";

/// How many items [`Grouping::chunks`] gives at once.
pub const MAX_CHUNK: usize = 32;

/// Where the key comes from.
#[derive(Clone, Debug)]
pub enum By {
    /// There is none.
    Nothing,
    /// The records are pairs of key and value.
    Pair,
    /// The record is the key.
    Record,
    /// The results of a program.
    Program(Program),
    /// The records are items already: key and value were taken out before they were dealt to parts.
    Dealt,
}

/// Takes records apart.
#[derive(Clone, Debug)]
pub struct Grouping {
    by: By,
    of: Option<Program>,
    keys: Results,
    values: Results,
}

/// A record as an aggregation sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// The key as it is written; [`NO_KEY`] if there is none.
    pub key: &'a [u8],
    /// Whether the key is known to be in normal form.
    pub is_normal: bool,
    /// What the key is part of, see [`KeyTable::insert_within`].
    pub outer: &'a [u8],
    /// The hash of the key, where it was computed for the tables that the item may get into.
    pub hash: Option<Hash>,
    /// What is aggregated, or what `top` ranks by.
    pub value: &'a [u8],
    /// What `top` gives out.
    pub ranked: &'a [u8],
    /// All of the record, for messages.
    pub record: &'a [u8],
    /// How many items of the record come before this one.
    pub nth: u32,
}

impl Item<'_> {
    /// The index of the key in a table, and whether it is new there.
    #[inline]
    pub fn insert_into(&self, keys: &mut KeyTable) -> (usize, bool) {
        match self.is_normal {
            true => keys.insert_within(self.key, self.outer, self.hash),
            false => keys.insert(self.key),
        }
    }
}

impl Grouping {
    /// With the key from `by` and the value by `of`.
    pub fn new(by: By, of: Option<Program>) -> Grouping {
        Grouping { by, of, keys: Results::default(), values: Results::default() }
    }

    /// For records that [`dealt::push`] has made of this one's items.
    pub fn dealt(self) -> Grouping {
        Grouping { by: By::Dealt, ..self }
    }

    /// Whether there is a key, so that results are pairs.
    pub fn is_keyed(&self) -> bool {
        !matches!(self.by, By::Nothing)
    }

    /// Whether values are computed, or ranked by something computed.
    pub fn has_of(&self) -> bool {
        self.of.is_some()
    }

    /// Whether every record is one item: then records without a key can be
    /// counted without a look at them.
    pub fn is_one_to_one(&self) -> bool {
        self.of.is_none() && !matches!(self.by, By::Program(_))
    }

    /// Whether key and value are the record itself.
    pub fn is_of_records(&self) -> bool {
        self.of.is_none() && matches!(self.by, By::Record)
    }

    /// The records of a block, each with whether it is known to be in normal form: its items, if key and value
    /// [are the record](Grouping::is_of_records).
    #[inline]
    pub fn records<'a>(&self, block: Block<'a>) -> impl Iterator<Item = (&'a [u8], bool)> {
        let normal = Normal::of(block);
        block.into_iter().map(move |record| (record, normal.is_known(record)))
    }

    /// Whether items are parts of the record as it is.
    fn is_computed(&self) -> bool {
        self.of.is_some() || matches!(self.by, By::Program(_))
    }

    /// Gives the items of a block to `each`, in order. Records that are no pair,
    /// and those on which a program fails, go to `out` as bad ones.
    pub fn items<'o>(
        &mut self,
        block: Block<'_>,
        out: &mut Out<'o>,
        mut each: impl FnMut(Item<'_>, &mut Out<'o>) -> Result<(), OpError>,
    ) -> Result<(), OpError> {
        if matches!(self.by, By::Dealt) {
            return dealt_items(block, out, each);
        }
        let Grouping { by, of, keys, values } = self;
        let normal = Normal::of(block);
        for record in block {
            let Some((key, value)) = take_apart(by, record) else {
                out.bad_record(record, NO_PAIR)?;
                continue;
            };
            if let Some((key, result)) = pieces(by, of.as_ref(), (key, value)) {
                let (is_normal, outer) = (normal.is_known(key), block.bytes);
                each(Item { key, is_normal, outer, hash: None, value: result, ranked: value, record, nth: 0 }, out)?;
                continue;
            }
            let by = if let By::Program(program) = by { Some(program) } else { None };
            let computed = keys.fill(by, value, key).and_then(|()| values.fill(of.as_mut(), value, value));
            if let Err(error) = computed {
                bad_or_fatal(record, &error, out)?;
                continue;
            }
            let mut nth = 0;
            for key in keys.iter() {
                let is_normal = normal.is_known(key);
                for result in values.iter() {
                    let outer = &keys.bytes[..];
                    each(Item { key, is_normal, outer, hash: None, value: result, ranked: value, record, nth }, out)?;
                    nth += 1;
                }
            }
        }
        Ok(())
    }

    /// As [`Grouping::items`], several items at a time where that is possible,
    /// at most [`MAX_CHUNK`]: what is known of their keys can be fetched from
    /// memory for all of them at once.
    pub fn chunks<'o>(
        &mut self,
        block: Block<'_>,
        out: &mut Out<'o>,
        mut each: impl FnMut(&[Item<'_>], &mut Out<'o>) -> Result<(), OpError>,
    ) -> Result<(), OpError> {
        if matches!(self.by, By::Dealt) {
            return dealt_items(block, out, |item, out| each(&[item], out));
        }
        if self.is_computed() {
            return self.computed_chunks(block, out, each);
        }
        let normal = Normal::of(block);
        let mut chunk = Vec::with_capacity(MAX_CHUNK);
        for record in block {
            let Some((key, value)) = take_apart(&self.by, record) else {
                each(&chunk, out)?;
                chunk.clear();
                out.bad_record(record, NO_PAIR)?;
                continue;
            };
            let (is_normal, outer) = (normal.is_known(key), block.bytes);
            chunk.push(Item { key, is_normal, outer, hash: None, value, ranked: value, record, nth: 0 });
            if chunk.len() == MAX_CHUNK {
                each(&chunk, out)?;
                chunk.clear();
            }
        }
        each(&chunk, out)
    }
}

impl Grouping {
    /// As [`Grouping::chunks`], of keys or values that are computed.
    fn computed_chunks<'o>(
        &mut self,
        block: Block<'_>,
        out: &mut Out<'o>,
        mut each: impl FnMut(&[Item<'_>], &mut Out<'o>) -> Result<(), OpError>,
    ) -> Result<(), OpError> {
        let Grouping { by, of, keys, values } = self;
        let normal = Normal::of(block);
        let mut rows: Vec<Row<'_>> = Vec::with_capacity(MAX_CHUNK);
        let mut give = |rows: &mut Vec<Row<'_>>, keys: &mut Results, values: &mut Results, out: &mut Out<'o>| {
            let mut items: Vec<Item<'_>> = Vec::with_capacity(rows.len());
            for Row { record, value: ranked, pieces, keys: of_key, values: of_value } in rows.iter() {
                items.extend(pieces.map(|(key, value)| {
                    let (is_normal, outer) = (normal.is_known(key), block.bytes);
                    Item { key, is_normal, outer, hash: None, value, ranked, record, nth: 0 }
                }));
                let of_keys = of_key.clone().map(|key| keys.get(key));
                for (nth, key) in (0..).step_by(of_value.len().max(1)).zip(of_keys) {
                    let (is_normal, outer) = (normal.is_known(key), &keys.bytes[..]);
                    items.extend((nth..).zip(of_value.clone()).map(|(nth, value)| {
                        let value = values.get(value);
                        Item { key, is_normal, outer, hash: None, value, ranked, record, nth }
                    }));
                }
            }
            let given = each(&items, out);
            rows.clear();
            keys.clear();
            values.clear();
            given
        };
        for record in block {
            let Some((key, value)) = take_apart(by, record) else {
                give(&mut rows, keys, values, out)?;
                out.bad_record(record, NO_PAIR)?;
                continue;
            };
            let pieces = pieces(by, of.as_ref(), (key, value));
            let by = if let By::Program(program) = by { Some(program) } else { None };
            let before = (keys.len(), values.len());
            let computed = match pieces {
                Some(_) => Ok(()),
                None => keys.add(by, value, key).and_then(|()| values.add(of.as_mut(), value, value)),
            };
            if let Err(error) = computed {
                keys.truncate(before.0);
                values.truncate(before.1);
                give(&mut rows, keys, values, out)?;
                bad_or_fatal(record, &error, out)?;
                continue;
            }
            rows.push(Row { record, value, pieces, keys: before.0..keys.len(), values: before.1..values.len() });
            if rows.len() == MAX_CHUNK {
                give(&mut rows, keys, values, out)?;
            }
        }
        give(&mut rows, keys, values, out)
    }
}

/// A record with what was computed of it.
struct Row<'a> {
    record: &'a [u8],
    value: &'a [u8],
    /// Key and result where both are pieces of the record; then none is computed.
    pieces: Option<(&'a [u8], &'a [u8])>,
    keys: Range<usize>,
    values: Range<usize>,
}

/// What a record is before anything is computed: key and value. None if it
/// should be a pair and is not.
#[inline]
fn take_apart<'a>(by: &By, record: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    match by {
        By::Nothing | By::Program(_) => Some((NO_KEY, record)),
        By::Record => Some((record, record)),
        By::Pair => record::pair(record),
        By::Dealt => dealt::read(record).map(|[key, _, value, _]| (key, value)),
    }
}

/// The key and what is aggregated, of what [`take_apart`] gives, where both are pieces of the record: then nothing
/// has to be copied.
#[inline]
fn pieces<'a>(by: &By, of: Option<&Program>, (key, value): (&'a [u8], &'a [u8])) -> Option<(&'a [u8], &'a [u8])> {
    let key = if let By::Program(program) = by { program.piece(value)? } else { key };
    let result = of.map_or(Some(value), |program| program.piece(value))?;
    Some((key, result))
}

/// The items of a block of them.
fn dealt_items<'o>(
    block: Block<'_>,
    out: &mut Out<'o>,
    mut each: impl FnMut(Item<'_>, &mut Out<'o>) -> Result<(), OpError>,
) -> Result<(), OpError> {
    let normal = Normal::of(block);
    for record in block {
        match dealt::read(record) {
            Some([key, record, value, ranked]) => {
                let (is_normal, outer) = (normal.is_known(key), block.bytes);
                each(Item { key, is_normal, outer, hash: None, value, ranked, record, nth: 0 }, out)?;
            }
            None => out.bad_record(record, "not dealt: a key and a record are wanted")?,
        }
    }
    Ok(())
}

/// What is known of the keys in a block. Where there is no backslash, every
/// string is its own normal form, and so are those that programs make; one look
/// at the whole block is cheaper than one at each key.
#[derive(Clone, Copy)]
struct Normal {
    has_escapes: bool,
}

impl Normal {
    fn of(block: Block<'_>) -> Normal {
        Normal { has_escapes: memchr::memchr(b'\\', block.bytes).is_some() }
    }

    /// Whether a key is seen to be in normal form. It may be without.
    #[inline]
    fn is_known(self, key: &[u8]) -> bool {
        match key.first() {
            Some(first) => *first == b'"' && !self.has_escapes,
            None => true,
        }
    }
}

/// Sets a record aside because of `error`, if that is the record's fault; else
/// the stage has to fail.
pub fn bad_or_fatal(record: &[u8], error: &dyn Failure, out: &mut Out<'_>) -> Result<(), OpError> {
    match error.exit() {
        Exit::BadRecord => out.bad_record(record, &error.to_string()),
        exit => Err(OpError::Command { message: error.to_string(), exit }),
    }
}

/// The error of an operator whose aggregation failed, through no record's fault.
pub fn aggregation_failed(error: AggError) -> OpError {
    OpError::Command { message: error.to_string(), exit: error.exit() }
}

/// The error of an operator whose function failed, through no record's fault.
pub fn function_failed(error: ExprError) -> OpError {
    OpError::Command { message: error.to_string(), exit: error.exit() }
}
