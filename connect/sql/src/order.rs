//! A batch in the order of a column, so that SQLite need not sort it for GROUP BY, DISTINCT or
//! ORDER BY: only the different values are sorted.

use std::cmp::Ordering;

use rusqlite::types::ValueRef;

use crate::batch::Values;
use crate::value;

/// Records in order.
#[derive(Debug, Default)]
pub struct Order {
    /// Their numbers, in order.
    numbers: Vec<usize>,
}

impl Order {
    /// The records by what they have; equal ones as they came.
    pub fn new(values: &Values, is_descending: bool) -> Order {
        let mut counts = vec![0; values.different()];
        values.pieces().iter().for_each(|&piece| counts[piece] += 1);
        let mut sorted: Vec<usize> = (0..counts.len()).collect();
        sorted.sort_by(|&a, &b| {
            let (a, b) = (Some(values.piece(a)), Some(values.piece(b)));
            let order = value::with_plain(a, |a| value::with_plain(b, |b| compare(a, b)));
            if is_descending { order.reverse() } else { order }
        });
        // Where the records of each piece go.
        let mut places = vec![0; counts.len()];
        sorted.iter().fold(0, |place, &piece| {
            places[piece] = place;
            place + counts[piece]
        });
        let mut numbers = vec![0; values.len()];
        for (number, &piece) in values.pieces().iter().enumerate() {
            numbers[places[piece]] = number;
            places[piece] += 1;
        }
        Order { numbers }
    }

    /// The number of the record at a place.
    pub fn at(&self, place: usize) -> Option<usize> {
        self.numbers.get(place).copied()
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
        let of = |values: &[&str], is_descending| {
            let mut kept = Values::default();
            values.iter().for_each(|value| kept.push(value.as_bytes()));
            let order = Order::new(&kept, is_descending);
            (0..).map_while(|place| order.at(place)).collect::<Vec<_>>()
        };
        let named = |is_descending| of(&values, is_descending).into_iter().map(|number| values[number]);
        let ascending =
            ["null", "-1e30", "true", "2.5", "10", "9007199254740992.0", "9007199254740993", "\"a\"", "\"b\"", "\"b\""];
        assert!(named(false).eq(ascending));
        assert!(named(true).eq(ascending.into_iter().rev()));
        assert_eq!(of(&["\"b\"", "\"a\"", "\"b\""], false), [1, 0, 2]);
    }
}
