//! Numbers of records as doubles: the nearest one to each.

use crate::record;

/// Appends the numbers of an array, of which there must be `dimensions`.
///
/// # Errors
/// It is no such array, or a number is none that is finite; numbers before it were appended.
pub fn push_numbers(array: &[u8], dimensions: usize, to: &mut Vec<f64>) -> Result<(), String> {
    if array.first() != Some(&b'[') {
        return Err(format!("no array of numbers but {}", shown(array)));
    }
    let before = to.len();
    if !push_plain(array, to) {
        to.truncate(before);
        push_each(array, to)?;
    }
    match to.len() - before {
        length if length == dimensions => Ok(()),
        length => Err(format!("it has {length} features, and the model has {dimensions}")),
    }
}

/// Appends the numbers of an array in one pass over it; whether it has finite numbers and nothing else.
/// If not, some may have been appended.
fn push_plain(array: &[u8], to: &mut Vec<f64>) -> bool {
    let mut at = 1;
    loop {
        // Records are canonical JSON: what begins like a number is one.
        if !begins_a_number(&array[at..]) {
            return false;
        }
        match fast_float2::parse_partial(&array[at..]) {
            Ok((number, length)) if f64::is_finite(number) => {
                to.push(number);
                at += length;
            }
            _ => return false,
        }
        match array.get(at) {
            Some(b',') => at += 1,
            end => return end == Some(&b']'),
        }
    }
}

/// Appends the numbers of an array, element by element, so that it can be told which one is none.
fn push_each(array: &[u8], to: &mut Vec<f64>) -> Result<(), String> {
    for (place, element) in record::elements(array).enumerate() {
        to.push(number(element).map_err(|reason| format!("feature {place} is {reason}"))?);
    }
    Ok(())
}

fn begins_a_number(value: &[u8]) -> bool {
    matches!(value.first(), Some(b'-' | b'0'..=b'9'))
}

/// A finite number; else what it is.
///
/// # Errors
/// It is none.
pub fn number(value: &[u8]) -> Result<f64, String> {
    if !begins_a_number(value) {
        let advice = record::number::advice_on_text(value).map_or_else(String::new, |advice| format!(": {advice}"));
        return Err(format!("no number but {}{advice}", shown(value)));
    }
    match fast_float2::parse(value) {
        Ok(number) if f64::is_finite(number) => Ok(number),
        _ => Err(format!("beyond the range of a double: {}", shown(value))),
    }
}

/// A value for a message.
fn shown(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(&value[..value.len().min(60)]).into_owned();
    if value.len() > 60 { format!("{text}…") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_the_nearest_doubles(numbers in prop::collection::vec(any::<f64>(), 0..6), form in 0..4) {
            prop_assume!(numbers.iter().all(|number| number.is_finite()));
            let write = |number: &f64| match form {
                0 => format!("{number}"),
                1 => format!("{number:e}"),
                2 => format!("{number:.3}"),
                _ => format!("{number:.30E}"),
            };
            let texts: Vec<String> = numbers.iter().map(write).collect();
            for array in [format!("[{}]", texts.join(",")), format!("[ {} ]", texts.join(" , "))] {
                let mut read = vec![7.0];
                push_numbers(array.as_bytes(), numbers.len(), &mut read).unwrap();
                let want: Vec<f64> = texts.iter().map(|text| text.parse().unwrap()).collect();
                prop_assert_eq!(&read[1..], &want[..]);
            }
        }

        #[test]
        fn one_pass_takes_what_element_by_element_takes(
            elements in prop::collection::vec(prop::sample::select(vec![
                "1", "-0", "2.5", "1e999", "-1E-3", "null", "\"1\"", "[1]", "{}", "true", "18446744073709551616",
            ]), 0..5),
        ) {
            let array = format!("[{}]", elements.join(","));
            let (mut plain, mut each) = (Vec::new(), Vec::new());
            let is_plain = push_plain(array.as_bytes(), &mut plain);
            let took = push_each(array.as_bytes(), &mut each);
            prop_assert_eq!(is_plain, took.is_ok() && !elements.is_empty());
            prop_assert!(!is_plain || plain == each);
        }
    }
}
