//! Programs in braces, as `{.user}`, in the templates of sinks.

use super::{Program, ToolError, program};

/// A jq program that stands in braces in a text.
///
/// ```
/// use sstream::connect::Braced;
///
/// let (mut user, end) = Braced::parse("--index", "{.user}-logs", &[]).unwrap().unwrap();
/// assert_eq!(end, "{.user}".len());
/// assert_eq!(user.value(br#"{"user":"ann"}"#, &[]), Ok(br#""ann""#.to_vec()));
/// assert_eq!(user.value(b"{}", &[]), Err("{.user} is null".to_owned()));
/// // A brace may be one of the program's own.
/// let (_, end) = Braced::parse("--command", "{{a: .}} b", &[]).unwrap().unwrap();
/// assert_eq!(end, "{{a: .}}".len());
/// assert!(Braced::parse("--index", "{.user", &[]).unwrap().is_none(), "it is not closed");
/// assert!(Braced::parse("--index", "{.user |}", &[]).is_err());
/// ```
#[derive(Debug)]
pub struct Braced(Program);

impl Braced {
    /// The program that a text begins with, in the value of an option, and where its braces end: the first brace that
    /// leaves a program which can be parsed. Nothing where no brace closes.
    ///
    /// # Errors
    /// None leaves a program: why the first one does not.
    pub fn parse(option: &str, text: &str, variables: &[&str]) -> Result<Option<(Braced, usize)>, ToolError> {
        let mut failed = None;
        for (at, _) in text.match_indices('}') {
            match program(option, &text[1..at], variables) {
                Ok(program) => return Ok(Some((Braced(program), at + 1))),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(None), Err)
    }

    /// What it gives of a record: one value, as JSON, that is not null.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn value(&mut self, record: &[u8], variables: &[&[u8]]) -> Result<Vec<u8>, String> {
        let mut values = Vec::new();
        self.0.run(record, variables, &mut |value| values.push(value.to_vec())).map_err(|error| error.to_string())?;
        let source = self.0.source();
        match values.len() {
            1 if values[0] != b"null" => Ok(values.remove(0)),
            1 => Err(format!("{{{source}}} is null")),
            count => Err(format!("{{{source}}} gives {count} values, and one is wanted")),
        }
    }
}
