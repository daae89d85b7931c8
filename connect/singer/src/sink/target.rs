//! A run of a target: a batch goes in, and its STATE comes back.

use std::io::{BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::thread::JoinHandle;

use sstream::connect::record::{Canonicalizer, canonicalize, field};
use sstream::connect::{BatchTime, Console};

use crate::command::{Running, Stopper, next_line};
use crate::error::SingerError;

/// A STATE that a target gives back is read as far as this, in bytes.
const LONGEST: u64 = 1 << 20;

/// So much is gathered before it is written.
const WRITE: usize = 64 << 10;

/// A target that runs.
pub struct Target {
    program: String,
    running: Running,
    stdin: Option<ChildStdin>,
    /// What it gave back last.
    given_back: Option<JoinHandle<Vec<u8>>>,
    out: Vec<u8>,
}

impl Target {
    /// Starts it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(command: &[String], console: &Console) -> Result<Target, SingerError> {
        let mut running = Running::start(command, &[], Stdio::piped(), &Stopper::default(), console)?;
        let stdin = running.stdin.take();
        let read = |stdout| std::thread::Builder::new().name("states".into()).spawn(move || newest_state(stdout));
        let given_back = running.stdout.take().map(read).transpose().map_err(|error| SingerError::system(&error))?;
        let program = command.first().cloned().unwrap_or_default();
        Ok(Target { program, running, stdin, given_back, out: Vec::new() })
    }

    /// What is to be written: push messages here, then [`Target::write`].
    pub fn out(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// Writes what has gathered, if it is much. What a target that has ended does not take is told of at the end.
    pub fn write(&mut self) {
        if self.out.len() >= WRITE {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if let Some(stdin) = &mut self.stdin
            && stdin.write_all(&self.out).is_err()
        {
            self.stdin = None;
        }
        self.out.clear();
    }

    /// Ends the batch, and waits until the target has ended.
    ///
    /// # Errors
    /// It has failed, or not given back the STATE of this batch.
    pub fn finish(mut self, time: BatchTime, wants_state: bool) -> Result<(), SingerError> {
        self.flush();
        let has_taken_all = self.stdin.take().is_some();
        let newest = self.given_back.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        self.running.wait()?;
        if !has_taken_all {
            let how = "ended before it had read the whole batch".to_owned();
            return Err(SingerError::Failed { program: self.program, how });
        }
        match !wants_state || batch_of(&newest) == Some(time.0) {
            true => Ok(()),
            false => Err(SingerError::NotGivenBack {
                program: self.program,
                instead: match newest.is_empty() {
                    true => "nothing".to_owned(),
                    false => String::from_utf8_lossy(&newest[..newest.len().min(200)]).into_owned(),
                },
            }),
        }
    }
}

fn newest_state(stdout: ChildStdout) -> Vec<u8> {
    let (mut lines, mut line, mut newest) = (BufReader::new(stdout), Vec::new(), Vec::new());
    // What is no JSON is no STATE: some targets print words too.
    while let Ok(Some(_)) = next_line(&mut lines, LONGEST, &mut line) {
        let mut state = Vec::new();
        if Canonicalizer::default().canonicalize(&line, &mut state).is_ok() {
            newest = state;
        }
    }
    newest
}

/// The batch of a STATE that was given back.
fn batch_of(state: &[u8]) -> Option<u64> {
    let mut canonical = Vec::new();
    canonicalize(state, &mut canonical).ok()?;
    let batch = field(field(field(&canonical, b"bookmarks")?, b"sstream")?, b"batch")?;
    std::str::from_utf8(batch).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::messages::state;

    #[test]
    fn a_state_that_comes_back_is_known() {
        let (value, message) = state(BatchTime(1700));
        assert_eq!((batch_of(&value), batch_of(&message)), (Some(1700), None));
        assert_eq!(batch_of(b"{\"bookmarks\": {\"x\": 1, \"sstream\": {\"batch\": 5}}}"), Some(5));
        assert_eq!(batch_of(b""), None);
    }
}
