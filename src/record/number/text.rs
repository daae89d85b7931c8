//! Numbers in texts: what csv and logs have, and what messages say of strings that look like numbers.

use crate::record::escape::push_string;

/// Whether a text is a number as JSON has them: `1`, `-0.5`, `2e10`; not `007`, `+1`, `1,5` or `.5`.
pub fn is_number(text: &[u8]) -> bool {
    fn digits(bytes: &[u8]) -> Option<&[u8]> {
        let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then(|| &bytes[count..])
    }
    fn rest(bytes: &[u8]) -> Option<&[u8]> {
        let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
        let mut rest = digits(bytes)?;
        if bytes[0] == b'0' && bytes.len() - rest.len() > 1 {
            return None;
        }
        if let Some(fraction) = rest.strip_prefix(b".") {
            rest = digits(fraction)?;
        }
        match rest.first() {
            Some(b'e' | b'E') => {
                let exponent = &rest[1..];
                digits(exponent.strip_prefix(b"-").or(exponent.strip_prefix(b"+")).unwrap_or(exponent))
            }
            _ => Some(rest),
        }
    }
    rest(text).is_some_and(<[u8]>::is_empty)
}

/// Appends a text as the number that it is, to the digit, or as a string if it is none.
pub fn push_number_or_string(text: &[u8], out: &mut Vec<u8>) {
    if is_number(text) { out.extend_from_slice(text) } else { push_string(text, out) }
}

/// What to do about a value that is no number, where it is a string that looks like one.
pub fn advice_on_text(value: &[u8]) -> Option<&'static str> {
    let inside = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let trimmed = inside.trim_ascii();
    is_number(trimmed)
        .then_some("it is a string: --numbers makes numbers of those in csv and logfmt, tonumber in an EXPR")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_a_number_is_what_json_says(text in "-?0?[0-9]{0,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?") {
            let json = crate::record::canonicalize(text.as_bytes(), &mut Vec::new());
            prop_assert_eq!(is_number(text.as_bytes()), json.is_ok(), "{}", text);
        }
    }

    #[test]
    fn strings_that_look_like_numbers_are_told_from_others() {
        for (value, is) in
            [("\"12\"", true), ("\" -1.5\"", true), ("\"x\"", false), ("\"\"", false), ("12", false), ("[1]", false)]
        {
            assert_eq!(advice_on_text(value.as_bytes()).is_some(), is, "{value}");
        }
    }
}
