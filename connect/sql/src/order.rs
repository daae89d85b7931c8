//! A batch in the order of a column, so that SQLite need not sort it for GROUP BY, DISTINCT or
//! ORDER BY: records are put together by the column's bytes, and only the different values are sorted.

use std::cmp::Ordering;
use std::collections::HashMap;

use rusqlite::types::ValueRef;

use crate::value;

/// Records in order.
#[derive(Debug, Default)]
pub struct Order {
    /// Where each record starts, as they came.
    starts: Vec<usize>,
    /// Their numbers, in order.
    numbers: Vec<usize>,
}

impl Order {
    /// Those of `bytes`, a line each, by what `read` gives of each; equal ones as they came.
    pub fn new<'b>(bytes: &'b [u8], is_descending: bool, read: impl Fn(&'b [u8]) -> Option<&'b [u8]>) -> Order {
        let mut starts = Vec::new();
        // Of each different value its records' numbers.
        let mut groups: HashMap<Option<&[u8]>, usize> = HashMap::new();
        let mut members: Vec<(Option<&[u8]>, usize)> = Vec::new();
        let mut group_of = Vec::new();
        let mut start = 0;
        while start < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
            let value = read(&bytes[start..end]);
            let group = *groups.entry(value).or_insert_with(|| {
                members.push((value, 0));
                members.len() - 1
            });
            members[group].1 += 1;
            group_of.push(group);
            starts.push(start);
            start = end + 1;
        }
        let mut sorted: Vec<usize> = (0..members.len()).collect();
        sorted.sort_by(|&a, &b| {
            let order = value::with_plain(members[a].0, |a| value::with_plain(members[b].0, |b| compare(a, b)));
            if is_descending { order.reverse() } else { order }
        });
        // Where the records of each group go.
        let mut places = vec![0; members.len()];
        sorted.iter().fold(0, |place, &group| {
            places[group] = place;
            place + members[group].1
        });
        let mut numbers = vec![0; starts.len()];
        for (number, &group) in group_of.iter().enumerate() {
            numbers[places[group]] = number;
            places[group] += 1;
        }
        Order { starts, numbers }
    }

    /// The record at a place: its number, and where it starts.
    pub fn at(&self, place: usize) -> Option<(usize, usize)> {
        let number = *self.numbers.get(place)?;
        Some((number, self.starts[number]))
    }
}

/// SQLite's order of values: NULL, numbers, texts by their bytes.
fn compare(a: ValueRef<'_>, b: ValueRef<'_>) -> Ordering {
    let class = |value: ValueRef<'_>| match value {
        ValueRef::Null => 0,
        ValueRef::Integer(_) | ValueRef::Real(_) => 1,
        ValueRef::Text(_) => 2,
        ValueRef::Blob(_) => 3,
    };
    match (a, b) {
        (ValueRef::Integer(a), ValueRef::Integer(b)) => a.cmp(&b),
        (ValueRef::Real(a), ValueRef::Real(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        (ValueRef::Integer(a), ValueRef::Real(b)) => integer_and_real(a, b),
        (ValueRef::Real(a), ValueRef::Integer(b)) => integer_and_real(b, a).reverse(),
        (ValueRef::Text(a), ValueRef::Text(b)) | (ValueRef::Blob(a), ValueRef::Blob(b)) => a.cmp(b),
        _ => class(a).cmp(&class(b)),
    }
}

/// Exactly, also where a double has no room for the integer.
fn integer_and_real(integer: i64, real: f64) -> Ordering {
    // Within it a cast cuts off a fraction and nothing else.
    const BOUND: f64 = 9_223_372_036_854_775_808.0;
    if real < -BOUND {
        Ordering::Greater
    } else if real >= BOUND {
        Ordering::Less
    } else {
        integer.cmp(&(real as i64)).then_with(|| 0.0.partial_cmp(&real.fract()).unwrap_or(Ordering::Equal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_sqlite_s_order_and_equal_ones_as_they_came() {
        let values =
            ["2.5", "\"b\"", "null", "10", "\"a\"", "true", "9007199254740993", "9007199254740992.0", "\"b\"", "-1e30"];
        let bytes = values.join("\n") + "\n";
        let of = |is_descending| -> Vec<&str> {
            let order = Order::new(bytes.as_bytes(), is_descending, Some);
            (0..).map_while(|place| order.at(place)).map(|(number, _)| values[number]).collect()
        };
        let ascending =
            ["null", "-1e30", "true", "2.5", "10", "9007199254740992.0", "9007199254740993", "\"a\"", "\"b\"", "\"b\""];
        assert_eq!(of(false), ascending);
        assert!(of(true).iter().eq(ascending.iter().rev()));
        let order = Order::new(b"\"b\"\n\"a\"\n\"b\"", false, Some);
        assert_eq!([0, 1, 2, 3].map(|place| order.at(place)), [Some((1, 4)), Some((0, 0)), Some((2, 8)), None]);
    }
}
