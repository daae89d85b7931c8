//! A terminal that a program thinks it has: a window of tmux, whose text can be
//! read.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::bash::bash;
use crate::support::Folder;

/// Nothing that a screen shows takes this long, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// A terminal with a line of shell running in it.
pub struct Screen {
    socket: PathBuf,
    _folder: Folder,
}

impl Screen {
    /// Runs a line, in `folder`, on a terminal of so many columns and rows.
    pub fn start(folder: &Folder, columns: u16, rows: u16, line: &str) -> Screen {
        let socket = folder.path("tmux");
        // The window stays when its program has ended, to be read.
        let tmux = format!(
            "export XDG_RUNTIME_DIR=$PWD; tmux -S {} -f /dev/null new-session -d -x {columns} -y {rows} bash \\; \
             set -g remain-on-exit on",
            socket.display()
        );
        let started = bash(&[], &tmux, &folder.path("")).env("TERM", "xterm-256color").status().unwrap();
        assert!(started.success());
        let screen = Screen { socket, _folder: folder.clone() };
        screen.tmux(&["send-keys", "-l", &format!("clear; {line}")]);
        screen.press("Enter");
        screen
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux").arg("-S").arg(&self.socket).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Presses a key, by tmux's name for it.
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Takes the terminal away, as somebody who closes its window.
    pub fn hang_up(&self) {
        self.tmux(&["kill-server"]);
    }

    /// What the terminal shows.
    pub fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the terminal shows this, and gives all that it shows.
    #[track_caller]
    pub fn until_shows(&mut self, part: &str) -> String {
        let started = Instant::now();
        loop {
            let text = self.text();
            if text.contains(part) {
                return text;
            }
            assert!(started.elapsed() < DEADLINE, "never {part:?} in\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.hang_up();
    }
}
