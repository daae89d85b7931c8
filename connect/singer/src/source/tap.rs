//! The tap, on a thread of its own: run once, or every so often, each time behind the newest STATE.

use std::ffi::OsStr;
use std::io::{BufReader, Write as _};
use std::process::Stdio;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use sstream::connect::Console;
use sstream::connect::record::{Canonicalizer, push_string};
use tempfile::NamedTempFile;

use super::kind::Field;
use super::queue::{Item, Queue, State};
use crate::command::{Running, Stopper, next_line};
use crate::error::SingerError;
use crate::message::{Message, read};

/// Asked to end, a tap has so long.
const ENDING: Duration = Duration::from_secs(5);

/// How a tap is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// So much lies between the beginnings of two runs; if it is none there is one.
    pub every: Option<Duration>,
    /// The fields beside a record, sorted, each once.
    pub with: Vec<Field>,
    /// The longest line, in bytes.
    pub longest: usize,
}

/// The thread. Dropped, it ends with its tap.
pub struct Tap {
    queue: Queue,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl Tap {
    /// Begins to run it.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(settings: Settings, queue: Queue, console: Console) -> Result<Tap, SingerError> {
        let stopper = Stopper::default();
        let runs = Runs { settings, queue: queue.clone(), stopper: stopper.clone(), console };
        let run = move || {
            let how = runs.run();
            runs.queue.end(how);
        };
        let thread = std::thread::Builder::new().name("tap".into()).spawn(run);
        Ok(Tap { queue, stopper, thread: Some(thread.map_err(|error| SingerError::system(&error))?) })
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.queue.close();
        let Some(thread) = self.thread.take() else { return };
        let until = Instant::now() + ENDING;
        while !thread.is_finished() {
            // One that was just being started may not have been there for the first one.
            self.stopper.signal(if Instant::now() < until { Signal::TERM } else { Signal::KILL });
            std::thread::sleep(Duration::from_millis(50));
        }
        // A panic there has been told already.
        let _ = thread.join();
    }
}

struct Runs {
    settings: Settings,
    queue: Queue,
    stopper: Stopper,
    console: Console,
}

impl Runs {
    fn run(&self) -> Result<(), SingerError> {
        loop {
            // A tap may let go for ever of what is before the STATE that it is given.
            let Some(state) = self.queue.settled() else { return Ok(()) };
            let began = Instant::now();
            let ended = self.run_once(state.as_ref());
            let Some(every) = self.settings.every else { return ended };
            match ended {
                Ok(()) => {}
                Err(error @ SingerError::Failed { .. }) => {
                    self.console.warn(&format!("{error}: it is run again in its turn"));
                }
                Err(error) => return Err(error),
            }
            if !self.queue.pause(every.saturating_sub(began.elapsed())) {
                return Ok(());
            }
        }
    }

    fn run_once(&self, state: Option<&State>) -> Result<(), SingerError> {
        let file = state.map(written).transpose().map_err(|error| SingerError::system(&error))?;
        let more = match &file {
            Some(file) => vec![OsStr::new("--state"), file.path().as_os_str()],
            None => Vec::new(),
        };
        let mut running = Running::start(&self.settings.command, &more, Stdio::null(), &self.stopper, &self.console)?;
        let Some(stdout) = running.stdout.take() else { return running.wait() };
        let mut lines = BufReader::with_capacity(64 << 10, stdout);
        let (mut line, mut canonical, mut json) = (Vec::new(), Vec::new(), Canonicalizer::default());
        let longest = self.settings.longest as u64;
        let failed = |error: std::io::Error| SingerError::system(&error);
        while let Some(is_long) = next_line(&mut lines, longest, &mut line).map_err(failed)? {
            let item = match read(&line, &mut json, &mut canonical) {
                _ if is_long => Item::Bad(line.clone(), format!("a message of more than --max-line, {longest} bytes")),
                Ok(Message::Record { stream, record, time }) => Item::Record(self.record(stream, record, time)),
                Ok(Message::State(value)) => Item::State(value.into()),
                Ok(Message::Other) => continue,
                Ok(Message::Batch) => {
                    let program = self.settings.command.first().cloned().unwrap_or_default();
                    return Err(SingerError::Batch { program });
                }
                Err(why) => Item::Bad(line.clone(), why),
            };
            if !self.queue.put(item) {
                return Ok(());
            }
        }
        running.wait()
    }

    fn record(&self, stream: &[u8], record: &[u8], time: Option<&[u8]>) -> Vec<u8> {
        let mut out = Vec::with_capacity(record.len() + 64);
        for field in &self.settings.with {
            out.push(if out.is_empty() { b'{' } else { b',' });
            let (name, value) = match field {
                Field::Stream => ("stream", stream),
                Field::Time => ("time", time.unwrap_or(b"null")),
            };
            push_string(name.as_bytes(), &mut out);
            out.push(b':');
            out.extend_from_slice(value);
        }
        match out.is_empty() {
            true => out.extend_from_slice(record),
            false => {
                out.extend_from_slice(b",\"value\":");
                out.extend_from_slice(record);
                out.push(b'}');
            }
        }
        out.push(b'\n');
        out
    }
}

/// A file with this STATE, which only this user reads, and which goes with the run.
fn written(state: &State) -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("sstream-state-").suffix(".json").tempfile()?;
    file.write_all(state)?;
    file.flush()?;
    Ok(file)
}
