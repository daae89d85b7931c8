//! Passwords, tokens and keys: from files, since command lines and environments are seen by
//! others, and never in a message.

use std::fmt;
use std::fs;
use std::path::Path;

use super::{ToolError, describe};

/// Something that is nobody's business. It is read from a file, and shown as `…`.
///
/// ```
/// use sstream::connect::{Exit, Failure as _, Secret};
///
/// let path = std::env::temp_dir().join(format!("secret-{}", std::process::id()));
/// std::fs::write(&path, "hunter2\n").unwrap();
/// let secret = Secret::read("--password-file", &path).unwrap();
/// assert_eq!(secret.reveal(), "hunter2");
/// assert_eq!(format!("{secret:?}"), "…");
///
/// // All of the line counts: a password may begin with any character.
/// std::fs::write(&path, "#hunter 2 ").unwrap();
/// assert_eq!(Secret::read("--password-file", &path).unwrap().reveal(), "#hunter 2 ");
///
/// std::fs::write(&path, "\n").unwrap();
/// let error = Secret::read("--password-file", &path).unwrap_err();
/// assert!(error.to_string().starts_with("--password-file: ") && error.exit() == Exit::Usage);
/// # std::fs::remove_file(&path).unwrap();
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// What is in the file, without the end of its last line.
    ///
    /// # Errors
    /// Wrong usage: the file cannot be read, is not UTF-8, is empty, or has several lines.
    pub fn read(option: &str, path: &Path) -> Result<Secret, ToolError> {
        let text = text(option, path)?;
        let line = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
        match line {
            "" => Err(empty(option, path)),
            line if line.contains(['\n', '\r']) => Err(wrong(option, path, "it has several lines: one is wanted")),
            line => Ok(Secret(line.to_owned())),
        }
    }

    /// One a line; empty lines, and those that begin with `#`, are none.
    ///
    /// # Errors
    /// As [`Secret::read`], but for several lines.
    pub fn read_lines(option: &str, path: &Path) -> Result<Vec<Secret>, ToolError> {
        let text = text(option, path)?;
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let secrets: Vec<Secret> = lines.map(|line| Secret(line.to_owned())).collect();
        match secrets.is_empty() {
            true => Err(empty(option, path)),
            false => Ok(secrets),
        }
    }

    /// The text itself, for who has to send it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a stranger's words are this secret: compared in a time that says nothing of
    /// where they differ.
    ///
    /// ```
    /// # use sstream::connect::Secret;
    /// # let path = std::env::temp_dir().join(format!("token-{}", std::process::id()));
    /// std::fs::write(&path, "token\n").unwrap();
    /// let secret = Secret::read("--token-file", &path).unwrap();
    /// assert!(secret.is(b"token") && !secret.is(b"tokem") && !secret.is(b"tok") && !secret.is(b""));
    /// # std::fs::remove_file(&path).unwrap();
    /// ```
    pub fn is(&self, words: &[u8]) -> bool {
        let secret = self.0.as_bytes();
        let mut difference = secret.len() ^ words.len();
        // As long as the words are, which the stranger knows.
        for (at, byte) in words.iter().enumerate() {
            let own = secret.get(at % secret.len().max(1)).copied().unwrap_or(0);
            difference |= usize::from(std::hint::black_box(own ^ byte));
        }
        std::hint::black_box(difference) == 0
    }
}

/// One that was made of another, as a header of a token.
impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

fn text(option: &str, path: &Path) -> Result<String, ToolError> {
    let bytes = fs::read(path).map_err(|error| wrong(option, path, &describe(&error)))?;
    String::from_utf8(bytes).map_err(|_| wrong(option, path, "it is not UTF-8"))
}

fn empty(option: &str, path: &Path) -> ToolError {
    wrong(option, path, "it is empty: put the secret into it")
}

fn wrong(option: &str, path: &Path, why: &str) -> ToolError {
    ToolError::Usage(format!("{option}: {}: {why}", path.display()))
}
