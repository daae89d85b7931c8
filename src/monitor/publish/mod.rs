//! How a running stage is found: it keeps a trace log of its newest ends in the
//! runtime directory, `ID.PID.jsonl`, mode 0600, and holds a lock on it.
//!
//! - One small write a batch at most, and ten a second; no thread.
//! - When the file has grown to [`MOST_BYTES`] its newer half goes into a new
//!   file of the same name (written aside, locked, renamed). Whoever has the old
//!   one open reads it to its end and goes on with the new one: nothing is missed.
//! - Gone at the stage's end, after a last line with the close. A file without a
//!   lock is what a killed process left behind.
//! - An application on a Spark cluster is published by its driver, which can have
//!   locks of POSIX's alone: either kind is a lock.
//! - The stage's ends carry the entries of all stages before it, so that the
//!   last stage's file tells all about the pipeline; the others tell where each
//!   stage is, and that it lives.
//! - Nothing here ends a pipeline: a stage that cannot publish says so with
//!   `--verbose` and works on.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use serde_json::json;

use super::log::LogWriter;
use super::runtime::{self, RuntimeError};
use super::view::keys;
use crate::console::RUN_VARIABLE;
use crate::frame::{BatchTime, Block, Close, End, Head};

/// A file that has grown to this many bytes is begun anew with its newer half.
const MOST_BYTES: u64 = 256 << 10;

/// The name's end of published files.
pub const EXTENSION: &str = "jsonl";

/// Set for the tools that a Spark cluster runs, of which the driver's file tells as one: they publish nothing. The
/// underscore says that it is nobody else's business.
pub const UNSEEN_VARIABLE: &str = "_SSTREAM_UNSEEN";

/// The file whose lock asks all stages for samples of their records.
const WANTED: &str = "records.wanted";

/// How many records a sample has, and how many bytes at most.
const SAMPLE_RECORDS: u64 = 10;
const SAMPLE_BYTES: usize = 16 << 10;

/// Publishes one stage.
#[derive(Debug)]
pub struct Publisher {
    path: PathBuf,
    head: Vec<u8>,
    log: LogWriter<File>,
    bytes: u64,
    sample: Option<SampleTaker>,
    wanted: PathBuf,
}

impl Publisher {
    /// Publishes a stage from its head on; `now_ms` is the time.
    pub fn start(directory: &Path, head: &Head, now_ms: u64) -> Result<Publisher, RuntimeError> {
        runtime::ensure(directory)?;
        let pid = std::process::id();
        let id: String = head.pipeline().unwrap_or("0").chars().filter(char::is_ascii_alphanumeric).collect();
        let path = directory.join(format!("{}.{pid}.{EXTENSION}", &id[..id.len().min(32)]));
        let mut head = head.clone();
        name_run(&mut head);
        for (key, number) in [("pid", pid.into()), ("since", now_ms)] {
            head.other[keys::PUBLISHED][key] = number.into();
        }
        let mut line = Vec::new();
        head.write(&mut line);
        let failed = |error| RuntimeError::Io { path: path.clone(), error };
        let file = replace(&path, &line).map_err(failed)?;
        let bytes = line.len() as u64;
        let wanted = directory.join(WANTED);
        let mut publisher = Publisher { head: line, log: LogWriter::new(file), bytes, sample: None, wanted, path };
        publisher.look_for_wishes();
        Ok(publisher)
    }

    /// Takes records that the stage gives out.
    #[inline]
    pub fn block(&mut self, block: Block<'_>) {
        if let Some(sample) = &mut self.sample {
            sample.take(block);
        }
    }

    /// Takes an end of the stage's output.
    pub fn end(&mut self, end: &End) -> io::Result<()> {
        if let Some(block) = self.sample.as_ref().and_then(|sample| sample.block(end.time)) {
            self.log.sample(block);
        }
        if let Some(sample) = &mut self.sample {
            sample.clear();
        }
        let written = self.log.end(end)?;
        self.after_write(written)
    }

    /// The stage is about to wait.
    pub fn idle(&mut self) -> io::Result<()> {
        let written = self.log.write_if_due()?;
        self.after_write(written)
    }

    /// The stage is over.
    pub fn close(&mut self, close: &Close) -> io::Result<()> {
        self.log.close(close).map(|_| ())
    }

    fn after_write(&mut self, written: usize) -> io::Result<()> {
        if written == 0 {
            return Ok(());
        }
        self.bytes += written as u64;
        if self.bytes >= MOST_BYTES {
            self.begin_anew()?;
        }
        self.look_for_wishes();
        Ok(())
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        let mut newer = vec![0; (self.bytes / 2) as usize];
        self.log.output().read_exact_at(&mut newer, self.bytes - self.bytes / 2)?;
        // Only from an end on is it sure that no sample is cut.
        let start = memchr::memmem::find(&newer, b"\n{\"end\":").map_or(newer.len(), |at| at + 1);
        let mut content = self.head.clone();
        content.extend_from_slice(&newer[start..]);
        *self.log.output() = replace(&self.path, &content)?;
        self.bytes = content.len() as u64;
        Ok(())
    }

    /// Looks whether somebody wants to see records.
    fn look_for_wishes(&mut self) {
        if !is_wished(&self.wanted) {
            self.sample = None;
        } else if self.sample.is_none() {
            self.sample = Some(SampleTaker::default());
        }
    }
}

/// Says who publishes, as far as the environment tells: what sstream-run calls the pipeline.
pub fn name_run(head: &mut Head) {
    let run = std::env::var(RUN_VARIABLE).ok().filter(|run| !run.is_empty());
    let published = run.map_or_else(|| json!({}), |run| json!({ "run": run }));
    head.other.insert(keys::PUBLISHED.into(), published);
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // Not there any more is as good as gone.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Puts a new file in the place of `path`, locked before anybody can see it.
fn replace(path: &Path, content: &[u8]) -> io::Result<File> {
    let aside = path.with_extension("new");
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    (&file).write_all(content)?;
    std::fs::rename(&aside, path)?;
    Ok(file)
}

/// Whether somebody holds a lock on the file.
pub fn is_locked(file: &File) -> bool {
    is_refused(file, |file, operation| rustix::fs::flock(file, operation))
        || is_refused(file, |file, operation| rustix::fs::fcntl_lock(file, operation))
}

/// Whether a lock that many can have at a time cannot be had.
fn is_refused(file: &File, lock: impl Fn(&File, FlockOperation) -> rustix::io::Result<()>) -> bool {
    match lock(file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            let _ = lock(file, FlockOperation::Unlock);
            false
        }
        // POSIX leaves open which of the two it is.
        Err(error) => [rustix::io::Errno::WOULDBLOCK, rustix::io::Errno::ACCESS].contains(&error),
    }
}

/// Asks all stages of a directory for samples of their records, as long as it
/// is kept.
#[derive(Debug)]
pub struct Wish {
    path: PathBuf,
    /// Shared by all who wish.
    file: File,
}

impl Wish {
    /// Makes the wish known.
    pub fn make(directory: &Path) -> Result<Wish, RuntimeError> {
        runtime::ensure(directory)?;
        let path = directory.join(WANTED);
        let failed = |error| RuntimeError::Io { path: path.clone(), error };
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(failed)?;
        // Stages hold it only while they look.
        rustix::fs::flock(&file, FlockOperation::LockShared).map_err(|error| failed(error.into()))?;
        Ok(Wish { path, file })
    }
}

impl Drop for Wish {
    fn drop(&mut self) {
        // The last one to wish takes the file away.
        if rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn is_wished(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK)
}

/// Keeps the first records of the open batch.
#[derive(Debug, Default)]
struct SampleTaker {
    time: BatchTime,
    records: u64,
    bytes: Vec<u8>,
}

impl SampleTaker {
    fn take(&mut self, block: Block<'_>) {
        if block.time != self.time {
            self.clear();
            self.time = block.time;
        }
        for line in block.bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.records >= SAMPLE_RECORDS || self.bytes.len() + line.len() > SAMPLE_BYTES {
                return;
            }
            self.bytes.extend_from_slice(line);
            self.records += 1;
        }
    }

    fn block(&self, time: BatchTime) -> Option<Block<'_>> {
        (self.records > 0 && self.time == time).then_some(Block { time, records: self.records, bytes: &self.bytes })
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.records = 0;
    }
}

#[cfg(test)]
mod tests;
