//! How far the reading of a finite input is, in a line on the terminal.
//!
//! The terminal is shared: a later stage may print batches on it, and
//! `sstream-top` or a pager may have taken it whole. So the line
//!
//! - is left with the cursor at its beginning, where what others print goes over
//!   it, and is no longer than the first line of a printed batch;
//! - is not drawn while somebody reads keys from the terminal;
//! - begins only when reading takes long.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use rustix::termios::{LocalModes, tcgetattr, tcgetpgrp};

/// Reading that is over sooner has no line.
const DELAY: Duration = Duration::from_millis(500);

/// How often the line is drawn in a second.
const REDRAWS: u8 = 5;

/// The length of the line of dashes that the print form begins with, in columns.
const COLUMNS: u16 = 43;

/// Bytes read of so many: the rate, and how long it will still take.
pub struct Progress {
    bar: ProgressBar,
    since: Instant,
    is_shown: bool,
}

impl Progress {
    /// The progress of reading `total_bytes`, if this process may draw on stderr
    /// and prints nothing on the terminal itself.
    pub fn start(total_bytes: u64) -> Option<Progress> {
        let is_alone = io::stderr().is_terminal() && !io::stdout().is_terminal();
        (total_bytes > 0 && is_alone && is_in_foreground()).then(|| Progress::hidden(total_bytes))
    }

    fn hidden(total_bytes: u64) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total_bytes), ProgressDrawTarget::hidden());
        let template = "{binary_bytes} of {binary_total_bytes}, {binary_bytes_per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Progress { bar, since: Instant::now(), is_shown: false }
    }

    /// So many more bytes were read.
    pub fn add(&mut self, bytes: u64) {
        if !self.is_shown && self.since.elapsed() >= DELAY {
            self.is_shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::term_like_with_hz(Box::new(SharedLine), REDRAWS));
        }
        self.bar.inc(bytes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Progress({} of {:?})", self.bar.position(), self.bar.length())
    }
}

/// A job in the background draws nothing.
fn is_in_foreground() -> bool {
    tcgetpgrp(rustix::stdio::stderr()).is_ok_and(|foreground| foreground == rustix::process::getpgrp())
}

/// The line under the cursor of stderr's terminal.
#[derive(Debug)]
struct SharedLine;

impl SharedLine {
    /// Whether the terminal is in the mode of lines, in which nobody has taken
    /// it for a screen of its own.
    fn is_free() -> bool {
        tcgetattr(rustix::stdio::stderr()).is_ok_and(|mode| mode.local_modes.contains(LocalModes::ICANON))
            && is_in_foreground()
    }

    fn write(text: &str) -> io::Result<()> {
        if SharedLine::is_free() {
            // One write, after which the cursor is at the line's beginning.
            io::stderr().write_all(format!("\r\x1b[2K{text}\r").as_bytes())?;
        }
        Ok(())
    }
}

/// There is one line and no moving about.
impl TermLike for SharedLine {
    fn width(&self) -> u16 {
        COLUMNS
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        // indicatif fills lines up to their width, and does not cut them.
        let text: String = text.trim_end().chars().take(COLUMNS.into()).collect();
        if text.is_empty() { Ok(()) } else { SharedLine::write(&text) }
    }

    fn clear_line(&self) -> io::Result<()> {
        SharedLine::write("")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
