//! Programs that run: a tap or a target, in a process group of its own, with what it says told as ours.

use std::io::{self, BufRead, BufReader, Read as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use sstream::connect::{Console, describe};

use crate::error::SingerError;

/// A line that a program says is cut off behind so many bytes.
const LONGEST_WORDS: u64 = 8 << 10;

/// How often it is looked whether a program has ended that has closed its output.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Signals a program, as long as it is there.
#[derive(Clone, Debug, Default)]
pub struct Stopper(Arc<Mutex<Option<Pid>>>);

impl Stopper {
    /// Sends a signal to it and all that it has started.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            // It may have ended by itself just now.
            let _ = kill_process_group(pid, signal);
        }
    }
}

/// A program that runs. Dropped, it is killed.
pub struct Running {
    program: String,
    child: Child,
    stopper: Stopper,
    words: Option<JoinHandle<()>>,
    /// What it reads, if it reads anything.
    pub stdin: Option<ChildStdin>,
    /// What it writes.
    pub stdout: Option<ChildStdout>,
}

impl Running {
    /// Starts a program with arguments and more of them; `stopper` signals it from then on.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        words: &[String],
        more: &[&std::ffi::OsStr],
        stdin: Stdio,
        stopper: &Stopper,
        console: &Console,
    ) -> Result<Running, SingerError> {
        let (program, arguments) =
            words.split_first().map_or((String::new(), words), |(first, rest)| (first.clone(), rest));
        let started = Command::new(&program)
            .args(arguments)
            .args(more)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C is ours, so that what the program has given is taken first.
            .process_group(0)
            .spawn();
        let mut child =
            started.map_err(|error| SingerError::Start { program: program.clone(), message: describe(&error) })?;
        *stopper.0.lock().unwrap_or_else(PoisonError::into_inner) = Pid::from_raw(child.id().cast_signed());
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut running = Running { program, child, stopper: stopper.clone(), words: None, stdin, stdout };
        if let Some(stderr) = running.child.stderr.take() {
            let (console, program) = (console.clone(), running.program.clone());
            let tell = move || tell(stderr, &program, &console);
            let thread = std::thread::Builder::new().name("words".into()).spawn(tell);
            running.words = Some(thread.map_err(|error| SingerError::system(&error))?);
        }
        Ok(running)
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// It has failed.
    pub fn wait(mut self) -> Result<(), SingerError> {
        let status = self.end().map_err(|error| SingerError::system(&error))?;
        if let Some(words) = self.words.take() {
            // A panic there has been told already.
            let _ = words.join();
        }
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => Err(self.failed(format!("ended with exit code {code}"))),
            (None, signal) => Err(self.failed(format!("was killed by signal {}", signal.unwrap_or_default()))),
        }
    }

    fn failed(&self, how: String) -> SingerError {
        SingerError::Failed { program: self.program.clone(), how }
    }

    /// Its number is another's as soon as it was waited for: so nobody may signal it then.
    fn end(&mut self) -> io::Result<ExitStatus> {
        loop {
            let mut pid = self.stopper.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(status) = self.child.try_wait()? {
                *pid = None;
                return Ok(status);
            }
            drop(pid);
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.signal(Signal::KILL);
        // There is nobody to tell.
        let _ = self.end();
    }
}

/// Tells what a program says, line by line; the console takes out what a terminal would obey.
fn tell(stderr: ChildStderr, program: &str, console: &Console) {
    let mut lines = BufReader::new(stderr);
    let mut line = Vec::new();
    while let Ok(Some(_)) = next_line(&mut lines, LONGEST_WORDS, &mut line) {
        console.warn(&format!("{program}: {}", String::from_utf8_lossy(&line)));
    }
}

/// Reads a line, without its end, of which no more is kept than this; whether it was longer, and nothing at
/// the end.
///
/// # Errors
/// The system's.
pub fn next_line(input: &mut impl BufRead, most: u64, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    if input.by_ref().take(most + 1).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    if line.pop_if(|last| *last == b'\n').is_some() {
        line.pop_if(|last| *last == b'\r');
        return Ok(Some(false));
    }
    let is_long = line.len() as u64 > most;
    if is_long {
        line.truncate(most as usize);
        input.skip_until(b'\n')?;
    }
    Ok(Some(is_long))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_off() {
        let mut input: &[u8] = b"1234\r\n12345\n123456789\n\nend";
        let (mut line, mut lines) = (Vec::new(), Vec::new());
        while let Some(is_long) = next_line(&mut input, 5, &mut line).unwrap() {
            lines.push((String::from_utf8(line.clone()).unwrap(), is_long));
        }
        let expected = [("1234", false), ("12345", false), ("12345", true), ("", false), ("end", false)];
        assert_eq!(lines, expected.map(|(line, is_long)| (line.to_owned(), is_long)));
    }
}
