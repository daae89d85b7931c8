//! Answers in an order that no number says.

use super::given::{Head, merge_heads};
use crate::event::ordered;
use crate::op::Placed;

/// How many bytes say how long the order is.
const LENGTH_BYTES: usize = 4;

/// Begins a record with what it is ordered by among those of [`Shards::ask_in_order`](super::Shards::ask_in_order),
/// which takes that away: by two times, and then by bytes.
pub fn push_order(times: (i64, i64), bytes: &[u8], record: &mut Vec<u8>) {
    record.extend_from_slice(&((size_of_val(&times) + bytes.len()) as u32).to_le_bytes());
    for time in [times.0, times.1] {
        record.extend_from_slice(&ordered(time).to_be_bytes());
    }
    record.extend_from_slice(bytes);
}

/// What a record is ordered by, and the record.
pub fn split_order(record: &[u8]) -> (&[u8], &[u8]) {
    let Some((length, rest)) = record.split_first_chunk::<LENGTH_BYTES>() else { return (&[], record) };
    rest.split_at_checked(u32::from_le_bytes(*length) as usize).unwrap_or((&[], rest))
}

/// As [`merge_to`](super::given::merge_to), by what records begin with.
pub(super) fn merge_ordered(shards: usize, next: impl FnMut(usize) -> Option<Placed>, mut give: impl FnMut(&[u8])) {
    let least = |heads: &[Head]| {
        let least_of = |least, at| if order(&heads[at]) < order(&heads[least]) { at } else { least };
        (1..heads.len()).fold(0, least_of)
    };
    merge_heads(shards, next, least, |_, record| give(split_order(record.bytes()).1));
}

/// What the next record is ordered by.
fn order(head: &Head) -> &[u8] {
    split_order(head.peek()).0
}
