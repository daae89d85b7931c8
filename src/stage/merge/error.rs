//! Why streams cannot be joined.

use std::fmt;
use std::io;

use crate::error::describe;
use crate::error::{Exit, Failure};
use crate::frame::BatchTime;
use crate::interval::Interval;

/// Why the sides of a join or union do not make one stream.
#[derive(Debug)]
pub enum MergeError {
    /// A side cannot be opened or read.
    Open {
        /// Which.
        side: String,
        /// What the system said.
        error: io::Error,
    },
    /// A side is no framed stream.
    Raw {
        /// Which.
        side: String,
        /// What it begins with.
        found: String,
    },
    /// A side ended before its head.
    NoHead {
        /// Which.
        side: String,
    },
    /// The process was asked to stop while nobody had opened these sides for
    /// writing.
    NoWriter {
        /// Their names.
        sides: Vec<String>,
    },
    /// The sides' batches are not of one interval.
    Intervals {
        /// Two sides that differ: name, first stage and interval.
        sides: Box<[(String, String, Interval); 2]>,
    },
    /// The sides are of two checkpoints, or of two starts of one.
    Checkpoints {
        /// `checkpoint` or `resume`.
        key: &'static str,
        /// What two sides say of it.
        values: [String; 2],
    },
    /// There is so long a time in which no side has a batch that the sides'
    /// clocks cannot be the same.
    Apart {
        /// Where the streams stopped.
        from: BatchTime,
        /// Where the next batch is.
        to: BatchTime,
    },
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MergeError::Open { side, error } => write!(f, "{side}: {}", describe(error)),
            MergeError::Raw { side, found } => write!(
                f,
                "{side}: begins with '{found}', which is no framed stream: cut lines into batches first, as \
                 <(sstream-source stdin < FILE)"
            ),
            MergeError::NoHead { side } => {
                write!(f, "{side}: ended before the head of a framed stream: did the command that writes to it fail?")
            }
            MergeError::NoWriter { sides } => {
                write!(f, "{}: asked to stop before anybody opened it for writing", sides.join(", "))
            }
            MergeError::Intervals { sides } => {
                let [a, b] = &**sides;
                write!(
                    f,
                    "the streams' intervals differ: {} has batches of {} (first stage: {}), {} of {} (first stage: {}): \
                     give both first stages one --batch, or bring both to one slide with sstream-window LEN SLIDE",
                    a.0, a.2, a.1, b.0, b.2, b.1
                )
            }
            MergeError::Checkpoints { key, values: [a, b] } => write!(
                f,
                "the streams differ in {key}, {a} and {b}: both sources need the same --checkpoint, and to be \
                 started together"
            ),
            MergeError::Apart { from, to } => write!(
                f,
                "no stream has a batch from {from} to {to}: do all have the same clock? a queue or a replay begins \
                 where its --start says, and follows the time of day with --clock wall"
            ),
        }
    }
}

impl std::error::Error for MergeError {}

impl Failure for MergeError {
    fn exit(&self) -> Exit {
        match self {
            MergeError::Open { .. } | MergeError::NoWriter { .. } => Exit::World,
            MergeError::NoHead { .. } => Exit::Input,
            // The sides were started around a restart: started again they agree.
            MergeError::Checkpoints { key: "resume", .. } => Exit::World,
            MergeError::Raw { .. }
            | MergeError::Intervals { .. }
            | MergeError::Checkpoints { .. }
            | MergeError::Apart { .. } => Exit::Usage,
        }
    }
}
