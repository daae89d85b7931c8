//! Exit codes, the one thing every layer's error has in common (it knows which of them
//! it ends the process with), and what may stand in a message.

use std::borrow::Cow;
use std::fmt;
use std::io;

/// How a tool ends. The numbers are part of the command line contract: systemd
/// units use `RestartPreventExitStatus=2 4 5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// The world failed (network, disk, a held lock): a retry may help.
    World = 1,
    /// Wrong usage: the same command will fail again.
    Usage = 2,
    /// The input was cut off or is malformed.
    Input = 3,
    /// A bad record, under `--on-error fail`.
    BadRecord = 4,
    /// The checkpoint is damaged or belongs to another pipeline.
    Checkpoint = 5,
}

impl Exit {
    /// What the numbers mean, for help.
    pub const SUMMARY: &str = "0 done, 1 the world failed (a retry may help), 2 wrong usage, \
        3 input cut off or malformed, 4 a bad record, 5 checkpoint damaged or another pipeline's";

    /// The process exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The exit that `code` stands for; an unknown code, as a stage from
    /// elsewhere may send in its close, counts as [`Exit::World`].
    pub fn from_code(code: u64) -> Exit {
        match code {
            0 => Exit::Done,
            2 => Exit::Usage,
            3 => Exit::Input,
            4 => Exit::BadRecord,
            5 => Exit::Checkpoint,
            _ => Exit::World,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code())
    }
}

/// An error that ends a tool: what happened and where and what to do is its
/// `Display`, and the exit code follows from its kind.
///
/// ```
/// use std::fmt;
/// use sstream::connect::{Exit, Failure, OutletError, SourceError};
///
/// /// What only this connector can meet.
/// #[derive(Debug)]
/// struct Refused {
///     host: String,
/// }
///
/// impl fmt::Display for Refused {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "{}: the password was refused: see --config", self.host)
///     }
/// }
///
/// impl std::error::Error for Refused {}
///
/// impl Failure for Refused {
///     fn exit(&self) -> Exit {
///         Exit::World
///     }
/// }
///
/// // Of a source, and of a sink:
/// let error = SourceError::kind(Refused { host: "db:1".to_owned() });
/// assert_eq!((error.exit(), error.to_string().starts_with("db:1: ")), (Exit::World, true));
/// let error = OutletError::kind(Refused { host: "db:1".to_owned() });
/// assert_eq!(error.exit(), Exit::World);
/// ```
pub trait Failure: std::error::Error + Send + Sync + 'static {
    /// The exit code that a tool ends with when it meets this error.
    fn exit(&self) -> Exit;
}

/// Any failure will do where it only has to be told and to end the tool.
impl<E: Failure> From<E> for Box<dyn Failure> {
    fn from(error: E) -> Self {
        Box::new(error)
    }
}

/// What the system said, without Rust's `(os error 28)`.
///
/// ```
/// use sstream::connect::describe;
///
/// let error = std::fs::read("/nowhere").unwrap_err();
/// assert_eq!(describe(&error), "No such file or directory");
/// ```
pub fn describe(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// A longer message keeps its beginning and its end, in characters: what happened
/// stands in front, and what to do behind.
const LONGEST: [usize; 2] = [1200, 500];

/// A message as a terminal and a log may have it, whatever came into it from records
/// or file names: control codes are escaped, but for newlines, and what is too long
/// has its middle left out.
pub fn printable(message: &str) -> Cow<'_, str> {
    shorten(escape(message, |c| c != '\n' && is_control(c)))
}

/// The same in one line, for a piece of a message that is somebody else's words.
pub fn printable_line(text: &str) -> Cow<'_, str> {
    shorten(escape(text, is_control))
}

/// Whether a character does something to a terminal or to the order of the text
/// around it, rather than being seen.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_escaped(c) { clean.extend(c.escape_default()) } else { clean.push(c) }
    }
    Cow::Owned(clean)
}

fn shorten(text: Cow<'_, str>) -> Cow<'_, str> {
    let [head, tail] = LONGEST;
    // A character is a byte or more.
    if text.len() <= head + tail {
        return text;
    }
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    if starts.len() <= head + tail {
        return text;
    }
    Cow::Owned(format!("{} … {}", &text[..starts[head]], &text[starts[starts.len() - tail]..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_no_control_codes() {
        assert_eq!(printable("plain \u{e9}"), "plain \u{e9}");
        assert_eq!(printable("a\nb\u{1b}[2J\u{9b}\u{202e}\r\u{7f}"), "a\nb\\u{1b}[2J\\u{9b}\\u{202e}\\r\\u{7f}");
        assert_eq!(printable_line("a\nb\tc"), "a\\nb\\tc");
    }

    #[test]
    fn long_messages_keep_both_ends() {
        let long = format!("beginning{}end", "\u{e9}".repeat(100_000));
        let short = printable(&long);
        assert!(short.starts_with("beginning") && short.ends_with("end"), "{short}");
        assert_eq!(short.chars().count(), 1200 + 3 + 500);
    }
}
