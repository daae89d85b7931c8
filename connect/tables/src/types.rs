//! The types of a table that `--create` makes, told from the values of the first batch.

use sstream::connect::record::{Kind, kind};

/// What a column holds, as far as its values tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// True and false.
    Boolean,
    /// Integers of 64 bits.
    Integer,
    /// Any other numbers, whose digits all count.
    Number,
    /// Strings; and nothing but nulls.
    Text,
    /// Arrays and objects; and values of several kinds.
    Json,
}

/// Gathers the types of columns.
#[derive(Clone, Debug, Default)]
pub struct Types {
    columns: Vec<(String, Option<ColumnType>)>,
}

impl Types {
    /// One more value of a column.
    pub fn see(&mut self, column: &str, value: &[u8]) {
        let seen = of(value);
        match self.columns.iter_mut().find(|(name, _)| name == column) {
            None => self.columns.push((column.to_owned(), seen)),
            Some((_, so_far)) => *so_far = both(*so_far, seen),
        }
    }

    /// The columns in the order in which they came first.
    pub fn columns(&self) -> Vec<(&str, ColumnType)> {
        self.columns.iter().map(|(name, seen)| (name.as_str(), seen.unwrap_or(ColumnType::Text))).collect()
    }
}

fn of(value: &[u8]) -> Option<ColumnType> {
    Some(match kind(value)? {
        Kind::Null => return None,
        Kind::True | Kind::False => ColumnType::Boolean,
        Kind::Number => match std::str::from_utf8(value).is_ok_and(|text| text.parse::<i64>().is_ok()) {
            true => ColumnType::Integer,
            false => ColumnType::Number,
        },
        Kind::String => ColumnType::Text,
        Kind::Array | Kind::Object => ColumnType::Json,
    })
}

fn both(one: Option<ColumnType>, other: Option<ColumnType>) -> Option<ColumnType> {
    use ColumnType::{Integer, Json, Number};
    match (one, other) {
        (None, seen) | (seen, None) => seen,
        (Some(one), Some(other)) if one == other => Some(one),
        (Some(Integer | Number), Some(Integer | Number)) => Some(Number),
        _ => Some(Json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_the_least_that_holds_all_values() {
        for (values, expected) in [
            (&["null"][..], ColumnType::Text),
            (&["null", "1", "-9223372036854775808"], ColumnType::Integer),
            (&["1", "9223372036854775808"], ColumnType::Number),
            (&["1.5", "2"], ColumnType::Number),
            (&["true", "null"], ColumnType::Boolean),
            (&["\"a\""], ColumnType::Text),
            (&["\"a\"", "1"], ColumnType::Json),
            (&["true", "1"], ColumnType::Json),
            (&["[1]", "{}"], ColumnType::Json),
        ] {
            let mut types = Types::default();
            values.iter().for_each(|value| types.see("c", value.as_bytes()));
            assert_eq!(types.columns(), [("c", expected)], "{values:?}");
        }
    }
}
