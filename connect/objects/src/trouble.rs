//! What a store says when something did not go well, and what that means.

use std::fmt;

use hdfs_native::HdfsError;
use sstream::connect::{Exit, Failure};

/// What a call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The object is not there.
    Gone,
    /// It is another one than was asked for.
    Changed,
    /// There is one of this name already.
    Exists,
    /// The store cannot be reached, or has no time: it will be back.
    Away(String),
    /// What is packed is damaged, or cut off.
    Damaged(String),
    /// Trying again is no use.
    Hopeless(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Gone => f.write_str("it is not there"),
            Trouble::Changed => f.write_str("it was replaced"),
            Trouble::Exists => f.write_str("it is there already"),
            Trouble::Away(message) | Trouble::Damaged(message) | Trouble::Hopeless(message) => f.write_str(message),
        }
    }
}

/// Of so many characters of what a server says people may learn something.
const LONGEST: usize = 400;

/// All that an error says, of those behind it too, on one line.
fn words(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(next) = behind {
        let more = next.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        behind = next.source();
    }
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Of an answer in XML the two parts that are for people.
    let part =
        |name: &str| text.split_once(&format!("<{name}>"))?.1.split_once(&format!("</{name}>")).map(|(part, _)| part);
    let text = match (text.split_once(": <"), part("Code"), part("Message")) {
        (Some((before, _)), Some(code), Some(message)) => format!("{before}: {code}: {message}"),
        _ => text,
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What holds only until somebody does something, among statuses and errors of TLS.
fn is_final(text: &str) -> bool {
    let status = text.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    let by_status =
        status.is_some_and(|status| matches!(status, 300..=499) && !matches!(status, 408 | 409 | 425 | 429));
    by_status || text.contains("invalid peer certificate") || text.contains("without LOCATION")
}

impl From<object_store::Error> for Trouble {
    fn from(error: object_store::Error) -> Trouble {
        use object_store::Error;
        let text = words(&error);
        match error {
            Error::NotFound { .. } if !text.contains("NoSuchBucket") => Trouble::Gone,
            Error::Precondition { .. } | Error::NotModified { .. } => Trouble::Changed,
            Error::AlreadyExists { .. } => Trouble::Exists,
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                Trouble::Hopeless(format!("{text}: see who we are, and what that is allowed to do"))
            }
            // Behind a client that is closed, or a connection, all are of this kind.
            Error::Generic { .. } if !is_final(&text) => Trouble::Away(text),
            _ => Trouble::Hopeless(text),
        }
    }
}

impl From<HdfsError> for Trouble {
    fn from(error: HdfsError) -> Trouble {
        let text = words(&error);
        match &error {
            HdfsError::FileNotFound(_) => Trouble::Gone,
            HdfsError::AlreadyExists(_) => Trouble::Exists,
            HdfsError::IOError(_)
            | HdfsError::DataTransferError(_)
            | HdfsError::OperationFailed(_)
            | HdfsError::BlocksNotFound(_)
            | HdfsError::ChecksumError
            | HdfsError::InternalError(_) => Trouble::Away(text),
            HdfsError::RPCError(class, _) | HdfsError::FatalRPCError(class, _) => match class.rsplit('.').next() {
                Some("FileNotFoundException") => Trouble::Gone,
                Some("FileAlreadyExistsException") => Trouble::Exists,
                Some(
                    "AccessControlException"
                    | "QuotaExceededException"
                    | "DSQuotaExceededException"
                    | "InvalidPathException",
                ) => Trouble::Hopeless(text),
                // A NameNode that starts, or is in safe mode, says many things.
                _ => Trouble::Away(text),
            },
            _ => Trouble::Hopeless(text),
        }
    }
}

/// Why a source ended its stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectsError {
    /// The store says that trying again is no use.
    Hopeless {
        /// What was asked for.
        what: String,
        /// What it says.
        message: String,
    },
    /// What `--available-now` was to take and could not be read.
    LeftOut(Vec<String>),
}

impl fmt::Display for ObjectsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ObjectsError::Hopeless { what, message } => write!(f, "{what}: {message}"),
            ObjectsError::LeftOut(urls) => {
                write!(f, "left out what could not be read to its end: {}", urls[..urls.len().min(10)].join(", "))?;
                if urls.len() > 10 { write!(f, " and {} more", urls.len() - 10) } else { Ok(()) }
            }
        }
    }
}

impl std::error::Error for ObjectsError {}

impl Failure for ObjectsError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        let generic = |text: &str| Trouble::from(object_store::Error::Generic { store: "S3", source: text.into() });
        for (text, passes) in [
            ("error sending request", true),
            ("Server returned non-2xx status code: 503 Slow Down: x", true),
            ("Server returned non-2xx status code: 429 Too Many", true),
            ("Server returned non-2xx status code: 400 Bad Request: x", false),
            ("Server returned non-2xx status code: 301 Moved: x", false),
            ("Received redirect without LOCATION, this", false),
            ("invalid peer certificate: UnknownIssuer", false),
        ] {
            assert_eq!(matches!(generic(text), Trouble::Away(_)), passes, "{text}");
        }
        assert!(generic(&"x\n".repeat(1000)).to_string().chars().count() <= LONGEST + 1);
    }
}
