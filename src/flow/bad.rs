//! What becomes of bad records (JSON that does not parse, a line too long, an EXPR that
//! fails), and of those that come too late.

use std::cell::{Cell, RefCell};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::error::printable_line;
use crate::frame::BatchTime;
use crate::op::OpError;
use crate::record;

/// The user's choice, by `--on-error`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// The stage fails with exit code 4.
    #[default]
    Fail,
    /// The record is left out and counted.
    Skip,
    /// The record is appended to a file, with batch, stage and reason, and the
    /// stream goes on.
    File(PathBuf),
}

impl OnError {
    /// Whether a file that is chosen can be written, as far as that can be told without
    /// making it.
    ///
    /// # Errors
    /// The file, and what the system says.
    pub fn check(&self) -> Result<(), (&Path, io::Error)> {
        let OnError::File(path) = self else { return Ok(()) };
        let check = || match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => Ok(access(path, Access::WRITE_OK)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
                Ok(access(dir, Access::WRITE_OK | Access::EXEC_OK)?)
            }
            Err(error) => Err(error),
        };
        check().map_err(|error| (path.as_path(), error))
    }
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Bad,
    Late,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            What::Bad => "bad",
            What::Late => "late",
        }
    }
}

/// Applies the choice, and counts.
///
/// ```
/// use sstream::connect::{BadRecords, BatchTime, Exit, Failure as _, OnError};
///
/// // A sink's world has refused a record.
/// let refused = |choice| BadRecords::new("sink", choice).take(BatchTime(1000), b"\"x\"", "too long");
/// assert_eq!(refused(OnError::Fail).unwrap_err().exit(), Exit::BadRecord);
/// assert!(refused(OnError::Skip).is_ok());
/// ```
#[derive(Debug)]
pub struct BadRecords {
    stage: String,
    what: What,
    choice: OnError,
    file: RefCell<Option<File>>,
    since_end: Cell<u64>,
    total: Cell<u64>,
}

impl BadRecords {
    /// For the stage with this description.
    pub fn new(stage: impl Into<String>, choice: OnError) -> BadRecords {
        BadRecords::of(What::Bad, stage, choice)
    }

    /// The same for records that come too late: `--late` chooses among the same.
    pub fn late(stage: impl Into<String>, choice: OnError) -> BadRecords {
        BadRecords::of(What::Late, stage, choice)
    }

    fn of(what: What, stage: impl Into<String>, choice: OnError) -> BadRecords {
        BadRecords {
            stage: stage.into(),
            what,
            choice,
            file: RefCell::new(None),
            since_end: Cell::new(0),
            total: Cell::new(0),
        }
    }

    /// Takes a bad record. The error means that the stage must fail.
    pub fn take(&self, time: BatchTime, bad: &[u8], reason: &str) -> Result<(), OpError> {
        self.since_end.set(self.since_end.get() + 1);
        self.total.set(self.total.get() + 1);
        match &self.choice {
            OnError::Fail => Err(match self.what {
                What::Bad => OpError::bad_record(bad, reason),
                What::Late => OpError::late_record(bad, reason),
            }),
            OnError::Skip => Ok(()),
            OnError::File(path) => self.append(path, time, bad, reason).map_err(|error| OpError::Storage {
                what: format!("{}: cannot append a {} record", path.display(), self.what.word()),
                error,
            }),
        }
    }

    /// One JSON line a record: `{"batch","stage","error","record"}`, where the
    /// record is the JSON value, or a string if it is none.
    fn append(&self, path: &PathBuf, time: BatchTime, bad: &[u8], reason: &str) -> std::io::Result<()> {
        let mut file = self.file.borrow_mut();
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(OpenOptions::new().create(true).append(true).open(path)?),
        };
        let mut line = format!("{{\"batch\":{time},\"stage\":").into_bytes();
        record::push_string(self.stage.as_bytes(), &mut line);
        line.extend_from_slice(b",\"error\":");
        record::push_string(printable_line(reason).as_bytes(), &mut line);
        line.extend_from_slice(b",\"record\":");
        let before = line.len();
        if record::canonicalize(bad, &mut line).is_err() {
            line.truncate(before);
            record::push_string(String::from_utf8_lossy(bad).as_bytes(), &mut line);
        }
        line.extend_from_slice(b"}\n");
        file.write_all(&line)
    }

    /// How many there were since the last call, for the trace.
    pub fn take_count(&self) -> u64 {
        self.since_end.take()
    }

    /// Whether a bad record ends the stage.
    pub fn is_fatal(&self) -> bool {
        self.choice == OnError::Fail
    }

    /// How many there were.
    pub fn total(&self) -> u64 {
        self.total.get()
    }
}
