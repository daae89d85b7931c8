//! Numbers in options, one or a JSON array of them.

use crate::op::learn::numbers::{number, push_numbers};
use crate::record;

/// An array of numbers.
#[derive(Clone, Debug)]
pub struct Numbers(pub Vec<f64>);

/// Arrays of numbers, of one length.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Row by row.
    pub numbers: Vec<f64>,
    /// How many a row has.
    pub width: usize,
}

impl Rows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len() / self.width
    }
}

/// Reads `[0,1.5]`.
pub fn parse_numbers(text: &str) -> Result<Numbers, String> {
    row(&canonical(text, "[0,1.5]")?, "[0,1.5]").map(Numbers)
}

/// Reads `[[0,0],[5,5]]`.
pub fn parse_rows(text: &str) -> Result<Rows, String> {
    let form = "[[0,0],[5,5]]";
    let array = canonical(text, form)?;
    let rows = record::elements(&array).map(|array| row(array, form)).collect::<Result<Vec<_>, _>>()?;
    match rows.first().map(Vec::len) {
        Some(width) if rows.iter().all(|row| row.len() == width) => Ok(Rows { numbers: rows.concat(), width }),
        Some(width) => {
            Err(format!("the rows of a JSON array such as {form} have one length, and the first has {width}"))
        }
        None => Err(format!("it is a JSON array of arrays of numbers: {form}")),
    }
}

fn canonical(text: &str, form: &str) -> Result<Vec<u8>, String> {
    let mut array = Vec::new();
    record::canonicalize(text.as_bytes(), &mut array).map_err(|error| format!("{error}: it is JSON, as {form}"))?;
    Ok(array)
}

fn row(array: &[u8], form: &str) -> Result<Vec<f64>, String> {
    let mut numbers = Vec::new();
    match record::elements(array).count() {
        0 => Err(format!("it is a JSON array with numbers in it, as {form}")),
        many => push_numbers(array, many, &mut numbers).map(|()| numbers),
    }
}

fn finite(text: &str) -> Result<f64, String> {
    let mut json = Vec::new();
    record::canonicalize(text.as_bytes(), &mut json).map_err(|_| "it is a number, as 0.5".to_owned())?;
    number(&json)
}

/// Reads a number above 0.
pub fn parse_positive(text: &str) -> Result<f64, String> {
    finite(text).and_then(|number| if number > 0.0 { Ok(number) } else { Err("it is above 0".to_owned()) })
}

/// Reads a number that is 0 or more.
pub fn parse_not_negative(text: &str) -> Result<f64, String> {
    finite(text).and_then(|number| if number >= 0.0 { Ok(number) } else { Err("it is 0 or more".to_owned()) })
}

/// Reads a number from 0 to 1.
pub fn parse_factor(text: &str) -> Result<f64, String> {
    let in_range =
        |number: f64| if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("it is from 0 to 1".to_owned()) };
    finite(text).and_then(in_range)
}

/// Reads a number above 0, up to 1.
pub fn parse_fraction(text: &str) -> Result<f64, String> {
    parse_positive(text).and_then(parse_if_at_most_one)
}

fn parse_if_at_most_one(number: f64) -> Result<f64, String> {
    if number <= 1.0 { Ok(number) } else { Err("it is 1 at most".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_numbers() {
        assert_eq!(parse_numbers("[ 1, -2.5e0 ]").unwrap().0, [1.0, -2.5]);
        for text in ["[]", "7", "[1", "[null]", "[1e999]", "{}", "[[1]]"] {
            assert!(parse_numbers(text).is_err(), "{text}");
        }
        let rows = parse_rows("[[1,2],[3,4],[5,6]]").unwrap();
        assert_eq!((rows.len(), rows.width), (3, 2));
        for text in ["[]", "[[]]", "[[1],[2,3]]", "[1,2]", "[[1],2]"] {
            assert!(parse_rows(text).is_err(), "{text}");
        }
    }

    #[test]
    fn single_numbers() {
        assert_eq!((parse_positive("0.5"), parse_not_negative("0"), parse_fraction("1")), (Ok(0.5), Ok(0.0), Ok(1.0)));
        for text in ["0", "-1", "x", "NaN", "inf", "1e999", ""] {
            assert!(parse_positive(text).is_err() && parse_fraction(text).is_err(), "{text}");
        }
        assert!(parse_factor("1.1").is_err() && parse_fraction("1.1").is_err() && parse_not_negative("-0.1").is_err());
    }
}
