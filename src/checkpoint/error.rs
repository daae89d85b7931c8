//! What can go wrong with a checkpoint, and the exit code of each.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Exit, Failure, describe};
use crate::interval::Interval;

/// A result of this layer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a checkpoint cannot be used, or used on.
#[derive(Debug)]
pub enum Error {
    /// The file system refused.
    Io {
        /// What was tried: `cannot write`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier write or sync of this log failed: what is on disk is not
    /// known any more, so nothing is added to it.
    Latched {
        /// The log's folder.
        path: PathBuf,
    },
    /// A file is not what was written.
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where in it, in bytes.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// What one folder has rests on what another one lost.
    Lost {
        /// The folder that lost something.
        path: PathBuf,
        /// What is missing, in words.
        what: String,
    },
    /// Written by a version of sstream that this one does not know.
    Version {
        /// The file.
        path: PathBuf,
        /// The version it says.
        version: u64,
    },
    /// `--checkpoint` names a directory that holds other things.
    NotACheckpoint {
        /// The directory.
        dir: PathBuf,
        /// One thing in it that does not belong to a checkpoint.
        found: String,
    },
    /// There is no checkpoint where one is to be looked at.
    NoCheckpoint {
        /// The directory.
        dir: PathBuf,
    },
    /// The pipeline is another one than the checkpoint's.
    Mismatch {
        /// The source or stage that differs.
        name: String,
        /// What it was.
        was: String,
        /// What it is now.
        now: String,
        /// The pipeline as it was, and as it is now.
        pipelines: Box<(String, String)>,
    },
    /// Batches are to have another interval, and what the old one began cannot be finished first.
    Interval {
        /// The source.
        name: String,
        /// How far apart batches were.
        was: Interval,
        /// How far they are to be.
        now: Interval,
        /// What is in the way.
        why: &'static str,
    },
    /// A stage with state, or a sink, has nothing to resume from.
    NoFolder {
        /// Its name.
        name: String,
        /// Where the others resume.
        resume_ms: u64,
        /// The pipeline as it was, and as it is now.
        pipelines: Box<(String, String)>,
    },
    /// No time is covered by all folders.
    NoResume {
        /// The checkpoint.
        dir: PathBuf,
        /// What each folder covers, a line each.
        covered: String,
    },
    /// The source runs already.
    Running {
        /// The lock's name.
        name: String,
        /// The process that has it, if its file says so.
        pid: Option<u64>,
    },
    /// Another source of the generation before does not end.
    GoesOn {
        /// The lock's name.
        name: String,
        /// The process that has it, if its file says so.
        pid: Option<u64>,
    },
    /// Something of the pipeline runs, and its checkpoint is to be changed.
    InUse {
        /// The lock's name.
        name: String,
        /// The process that has it, if its file says so.
        pid: Option<u64>,
    },
    /// Not everything can begin again at that time.
    NotCovered {
        /// The checkpoint.
        dir: PathBuf,
        /// The time asked for.
        time_ms: u64,
        /// From when to when it can, a line each.
        covered: String,
    },
    /// Two stages of one run have one name.
    NameTaken {
        /// The name.
        name: String,
    },
    /// The stream is of a run that is over: a newer one has begun.
    Over {
        /// The source.
        source: String,
        /// The checkpoint.
        dir: PathBuf,
    },
    /// The stage was in this run before: the stream is a recorded one.
    SecondTime {
        /// The stage.
        name: String,
    },
    /// The run has its end already: the stream is a copy of what went there.
    BehindEnd {
        /// The stage.
        name: String,
        /// The sink at the end of the line.
        end: String,
    },
    /// A commit names a file that is not of the sink's directory.
    ForeignFile {
        /// What it names.
        name: PathBuf,
        /// Where the sink writes.
        directory: PathBuf,
    },
    /// Somebody else owns the checkpoint, or could write into it.
    NotTrusted {
        /// The checkpoint.
        dir: PathBuf,
    },
    /// The stream is not of the run that this checkpoint is in.
    OtherRun {
        /// The source whose lock says otherwise.
        source: String,
        /// The checkpoint, as the head names it.
        dir: PathBuf,
    },
    /// There is no such stage in the checkpoint.
    NoStage {
        /// Its name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A name that cannot be a file's name in a checkpoint.
    BadName {
        /// The name.
        name: String,
        /// What it should be like.
        rule: &'static str,
    },
    /// Waiting was ended by the caller, who was asked to stop.
    Interrupted,
}

impl Error {
    /// Wraps what the system said.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Error {
        Error::Io { action, path: path.to_owned(), source }
    }

    /// Something is wrong at `offset` of `path`.
    pub fn damaged(path: &Path, offset: u64, what: &'static str) -> Error {
        Error::Damaged { path: path.to_owned(), offset, what }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { action, path, source } => write!(f, "{action} {}: {}", path.display(), describe(source)),
            Error::Latched { path } => {
                write!(f, "{}: nothing more is written after the write that failed: restart", path.display())
            }
            Error::Damaged { path, offset, what } => write!(
                f,
                "{}: damaged at byte {offset}: {what}: restore the checkpoint from a copy, or begin a new one",
                path.display()
            ),
            Error::Lost { path, what } => {
                write!(f, "{}: {what}: restore the checkpoint from a copy, or begin a new one", path.display())
            }
            Error::Version { path, version } => {
                write!(f, "{}: format {version} is not known to this version: use a newer sstream", path.display())
            }
            Error::NotACheckpoint { dir, found } => {
                write!(f, "{}: not a checkpoint: it holds {found}: name an empty or a new directory", dir.display())
            }
            Error::NoCheckpoint { dir } => {
                write!(f, "{}: no checkpoint is there: name the directory that --checkpoint names", dir.display())
            }
            Error::Mismatch { name, was, now, pipelines } => write!(
                f,
                "{name}: the checkpoint belongs to another pipeline\n  was: {was}\n  now: {now}\n  \
                 whole pipeline was: {}\n  now:                {}\n  \
                 name another --checkpoint, or start the pipeline as it was",
                pipelines.0, pipelines.1
            ),
            Error::Interval { name, was, now, why } => write!(
                f,
                "{name}: batches of {was} that were begun are to be finished before there are any of {now}, and {why}: \
                 start with --batch {was}"
            ),
            Error::NoFolder { name, resume_ms, pipelines } => write!(
                f,
                "{name}: the checkpoint resumes after {resume_ms} and has nothing of this stage\n  \
                 whole pipeline was: {}\n  now:                {}\n  \
                 --new begins there with nothing; --stage-name pins a stage when others are put in around it",
                pipelines.0, pipelines.1
            ),
            Error::NoResume { dir, covered } => write!(
                f,
                "{0}: there is no time that everything in the checkpoint can resume at\n{covered}  \
                 `sstream-checkpoint forget {0} STAGE` lets one go",
                dir.display()
            ),
            Error::Running { name, pid } => {
                write!(f, "{name}: the source already runs under this checkpoint")?;
                if let Some(pid) = pid {
                    write!(f, ", as process {pid}")?;
                }
                f.write_str(" (two sources of one pipeline need a different --name)")
            }
            Error::GoesOn { name, pid } => {
                write!(f, "{name}")?;
                if let Some(pid) = pid {
                    write!(f, " (process {pid})")?;
                }
                f.write_str(" of an earlier run goes on: stop it, and start all sources of the pipeline together")
            }
            Error::InUse { name, pid } => {
                write!(f, "{name} is held")?;
                if let Some(pid) = pid {
                    write!(f, " by process {pid}")?;
                }
                f.write_str(": the pipeline runs: stop it, then try again")
            }
            Error::NotCovered { dir, time_ms, covered } => {
                write!(f, "{}: not everything can begin again at {time_ms}; it can\n{covered}", dir.display())
            }
            Error::NameTaken { name } => write!(
                f,
                "{name}: another stage of this run has that name: give one of them --stage-name \
                 (a plain tee under a checkpoint is not supported: --pass on a sink does it)"
            ),
            Error::Over { source, dir } => write!(
                f,
                "{}: the source {source} has begun another run since: the stream is of an earlier one, which is over: \
                 start the pipeline again",
                dir.display()
            ),
            Error::SecondTime { name } => write!(
                f,
                "{name} was in this run already, so the stream is a recorded one: read it by sstream-source replay, which \
                 leaves the checkpoint alone"
            ),
            Error::BehindEnd { name, end } => write!(
                f,
                "{name}: the run that this stream is of has its end already, {end}, so the stream is a copy: read one that was \
                 recorded by sstream-source replay, which leaves the checkpoint alone; a second output is a sink with --pass, no \
                 tee"
            ),
            Error::ForeignFile { name, directory } => write!(
                f,
                "{}: a commit of the run before names this file, which a sink that writes into {} is not to touch: if the \
                 PREFIX is another one now, start it once with the one that it had",
                name.display(),
                directory.display()
            ),
            Error::NotTrusted { dir } => write!(
                f,
                "{}: another user owns this checkpoint or can write into it: what is in it is not to be trusted; make it \
                 this user's, with chown, and chmod go-w",
                dir.display()
            ),
            Error::OtherRun { source, dir } => write!(
                f,
                "{}: the source {source} is not running the stream that came in: \
                 the stream is of an earlier run, or from elsewhere",
                dir.display()
            ),
            Error::NoStage { name, known } => {
                let known = if known.is_empty() { "none with state".to_owned() } else { known.join(", ") };
                write!(f, "{name}: the checkpoint has no such stage: it has {known}")
            }
            Error::BadName { name, rule } => write!(f, "name {name:?}: {rule}"),
            Error::Interrupted => f.write_str("stopped while waiting for the run before to end"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Failure for Error {
    fn exit(&self) -> Exit {
        match self {
            Error::Io { .. }
            | Error::Latched { .. }
            | Error::Running { .. }
            | Error::GoesOn { .. }
            | Error::Over { .. }
            | Error::InUse { .. } => Exit::World,
            Error::BadName { .. }
            | Error::NameTaken { .. }
            | Error::NoCheckpoint { .. }
            | Error::NotACheckpoint { .. }
            | Error::NotCovered { .. }
            | Error::NoStage { .. } => Exit::Usage,
            Error::Damaged { .. }
            | Error::Lost { .. }
            | Error::Version { .. }
            | Error::Mismatch { .. }
            | Error::Interval { .. }
            | Error::NoFolder { .. }
            | Error::NoResume { .. }
            | Error::SecondTime { .. }
            | Error::BehindEnd { .. }
            | Error::ForeignFile { .. }
            | Error::NotTrusted { .. }
            | Error::OtherRun { .. } => Exit::Checkpoint,
            Error::Interrupted => Exit::Done,
        }
    }
}
