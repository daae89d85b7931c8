//! What can go wrong with a database.

use std::fmt;
use std::time::Duration;

use sstream::connect::{Exit, Failure, OutletError, duration};

/// What a call to a database came to when it did not go well; each with the database's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be reached, or the connection was lost: it will be back.
    Away(String),
    /// The transaction was in another one's way, and may succeed when it is tried again.
    Again(String),
    /// It does not take one of the rows, for what is in it. The others may be fine.
    Refused(String),
    /// It takes no row that has these columns.
    Columns(String),
    /// Trying again is no use: somebody has to do something.
    Hopeless(String),
}

/// Why a sink ended its stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// Trying again is no use.
    Hopeless {
        /// The database.
        name: String,
        /// What it says.
        message: String,
    },
    /// It was tried for long enough.
    GaveUp {
        /// The database.
        name: String,
        /// What it said last.
        message: String,
        /// How long it was tried.
        tried: Duration,
    },
    /// The transaction was in others' way too often.
    Conflicts {
        /// The database.
        name: String,
        /// What it said last.
        message: String,
        /// How often it was tried.
        tries: u32,
    },
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableError::Hopeless { name, message } => write!(f, "{name}: {message}"),
            TableError::GaveUp { name, message, tried } => write!(
                f,
                "{name}: {message}: given up after {}: with --checkpoint a restart writes the batch",
                duration::show_ms(tried.as_secs() * 1000)
            ),
            TableError::Conflicts { name, message, tries } => {
                write!(f, "{name}: {message}: tried {tries} times: --retry allows more")
            }
        }
    }
}

impl std::error::Error for TableError {}

impl Failure for TableError {
    fn exit(&self) -> Exit {
        Exit::World
    }
}

impl From<TableError> for OutletError {
    fn from(error: TableError) -> OutletError {
        OutletError::kind(error)
    }
}

/// Why something was not done.
#[derive(Debug)]
pub enum Failed {
    /// The database has said it.
    Fault(Fault),
    /// The stage is over.
    Over(OutletError),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Failed {
        Failed::Fault(fault)
    }
}

impl From<OutletError> for Failed {
    fn from(error: OutletError) -> Failed {
        Failed::Over(error)
    }
}
