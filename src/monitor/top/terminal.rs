//! The loop of a screen: draws, takes keys, and leaves the terminal as it was.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::crossterm::{cursor, execute};
use rustix::event::{PollFd, PollFlags, Timespec};

use super::Stage;
use super::keys::{Done, Look, press};
use super::screen::draw;
use crate::frame::BatchTime;

/// How often the screen is drawn.
const REDRAW: Duration = Duration::from_millis(250);

/// How long a key is waited for before it is seen whether all is over.
const KEYS: Duration = Duration::from_millis(50);

/// The terminal, if this process may draw on it: there is one, and the process
/// is in its foreground.
pub fn open() -> Option<File> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    let foreground = rustix::termios::tcgetpgrp(terminal.as_fd()).ok()?;
    (foreground == rustix::process::getpgrp()).then_some(terminal)
}

/// Puts the terminal back when it goes.
struct Taken(File);

impl Taken {
    fn take(terminal: File) -> io::Result<Taken> {
        enable_raw_mode()?;
        let mut taken = Taken(terminal);
        execute!(taken.0, EnterAlternateScreen, cursor::Hide)?;
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if let Ok(mut terminal) = OpenOptions::new().write(true).open("/dev/tty") {
                restore(&mut terminal);
            }
            hook(info);
        }));
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        restore(&mut self.0);
    }
}

fn restore(terminal: &mut File) {
    // A terminal that is gone needs no mending.
    let _ = execute!(terminal, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

/// Shows pipelines until `q`, or until `is_over`.
pub fn run(terminal: File, stage: &mut dyn Stage, is_over: &dyn Fn() -> bool) -> io::Result<()> {
    let taken = Taken::take(terminal.try_clone()?)?;
    let keys = terminal.try_clone()?;
    let mut screen = Terminal::new(CrosstermBackend::new(terminal))?;
    let mut look = Look::default();
    let mut drawn: Option<Instant> = None;
    let mut interrupted: Option<Instant> = None;
    while !is_over() {
        if drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            let mut result = Ok(());
            stage.scenes(look.marked.filter(|_| look.is_open), &mut |scenes| {
                result = screen.draw(|frame| draw(frame, scenes, &look)).map(|_| ());
            });
            result?;
            drawn = Some(Instant::now());
        }
        if !wait_for_key(&keys, KEYS)? {
            return Ok(());
        }
        if !event::poll(Duration::ZERO)? {
            continue;
        }
        let key = match event::read()? {
            Event::Key(key) if key.kind != KeyEventKind::Release => key,
            _ => {
                drawn = None;
                continue;
            }
        };
        let (times, count) = times(stage, look.pipeline);
        drawn = None;
        match press(&mut look, key, &times, count) {
            Done::Draw => {}
            Done::Records => stage.wish_for_records(),
            Done::Quit => return Ok(()),
            Done::Interrupt => {
                // The second one may end this process at once.
                let is_last = interrupted.is_some();
                interrupted.get_or_insert_with(Instant::now);
                if is_last {
                    drop(taken);
                    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::INT);
                    return Ok(());
                }
                let _ = rustix::process::kill_current_process_group(rustix::process::Signal::INT);
            }
        }
    }
    Ok(())
}

/// Waits for a key, at most `wait`. False when the terminal is gone: crossterm
/// would read its end again and again, and never come back.
fn wait_for_key(terminal: &File, wait: Duration) -> io::Result<bool> {
    let mut polled = [PollFd::new(terminal, PollFlags::IN)];
    let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
    match rustix::event::poll(&mut polled, Some(&wait)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(!polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)),
        Err(error) => Err(error.into()),
    }
}

/// The times of the batches that are looked at, and how many pipelines there
/// are.
fn times(stage: &mut dyn Stage, pipeline: usize) -> (Vec<BatchTime>, usize) {
    let (mut times, mut count) = (Vec::new(), 0);
    stage.scenes(None, &mut |scenes| {
        count = scenes.len();
        if let Some(scene) = scenes.get(pipeline).or(scenes.first()) {
            times = scene.view.batches().iter().map(|batch| batch.time).collect();
        }
    });
    (times, count)
}
