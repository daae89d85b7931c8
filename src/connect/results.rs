//! What an EXPR of a sink gives.

use crate::expr::Program;

/// Puts the one result of a program into `result`; false if it has none.
///
/// ```
/// use sstream::connect::{only_result, program};
///
/// let (mut key, mut result) = (program("--key", ".user", &[]).unwrap(), Vec::new());
/// assert_eq!(only_result("--key", &mut key, br#"{"user":"ann"}"#, &mut result), Ok(true));
/// assert_eq!(result, br#""ann""#);
/// let mut several = program("--key", ".[]", &[]).unwrap();
/// assert!(only_result("--key", &mut several, b"[1,2]", &mut result).unwrap_err().starts_with("--key has 2 results"));
/// ```
///
/// # Errors
/// Why the record is a bad one.
pub fn only_result(option: &str, program: &mut Program, record: &[u8], result: &mut Vec<u8>) -> Result<bool, String> {
    let mut results = 0u64;
    result.clear();
    let run = program.run(record, &[], &mut |value| {
        results += 1;
        if results == 1 {
            result.extend_from_slice(value);
        }
    });
    match (run, results) {
        (Err(error), _) => Err(format!("{option}: {error}")),
        (Ok(()), 0) => Ok(false),
        (Ok(()), 1) => Ok(true),
        (Ok(()), _) => Err(format!("{option} has {results} results, and a message has one")),
    }
}
