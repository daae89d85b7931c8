//! The choice of what becomes of records that cannot be used.

use std::ffi::OsString;

use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::nearest::nearest;
use crate::flow::OnError;

/// Parses `--on-error`.
pub fn on_error() -> impl TypedValueParser<Value = OnError> {
    OsStringValueParser::new().try_map(|text| choice(text, "skip"))
}

/// Parses `--late`.
pub fn late() -> impl TypedValueParser<Value = OnError> {
    OsStringValueParser::new().try_map(|text| choice(text, "drop"))
}

/// `fail`, the word for leaving records out, or else a file, whose name may be any
/// bytes. A word that is nearly one of the two is no file: a typo would make a file and
/// let the stream go on.
fn choice(text: OsString, skip: &str) -> Result<OnError, String> {
    let word = text.to_string_lossy().to_lowercase();
    match text.to_str() {
        Some("fail") => return Ok(OnError::Fail),
        Some(text) if text == skip => return Ok(OnError::Skip),
        Some("") => return Err(format!("give fail, {skip}, or a file")),
        _ => {}
    }
    match nearest(&word, &["fail".to_owned(), skip.to_owned()]) {
        Some(near) => Err(format!("did you mean {near}? For a file of that name give ./{}", text.display())),
        None => Ok(OnError::File(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_nearly_a_choice_is_no_file() {
        for (text, choice_of_it) in [("fail", OnError::Fail), ("skip", OnError::Skip)] {
            assert_eq!(choice(text.into(), "skip"), Ok(choice_of_it));
        }
        for text in ["bad", "bad.jsonl", "./skipp", "dir/skip", "drop.log"] {
            assert_eq!(choice(text.into(), "skip"), Ok(OnError::File(text.into())));
        }
        for text in ["skipp", "Skip", "FAIL", "fial", "", "skp"] {
            assert!(choice(text.into(), "skip").is_err(), "{text}");
        }
        assert!(choice("dorp".into(), "drop").unwrap_err().starts_with("did you mean drop?"));
    }
}
