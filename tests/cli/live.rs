//! Lines of shell that go on until they are told to stop: a test waits for what
//! it can see, with a deadline, and a failure shows all there is.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use sstream_testkit::pipeline::members;

use crate::bash::bash;
use crate::support::{Folder, show};

/// Nothing here takes this long, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running line of shell, in a process group of its own.
pub struct Live {
    line: String,
    folder: Folder,
    child: Child,
}

/// Starts a line in a fresh directory.
pub fn start(line: &str) -> Live {
    start_in(Folder::new(), line)
}

/// Starts a line in `folder`; its output goes to files there.
pub fn start_in(folder: Folder, line: &str) -> Live {
    let file = |name: &str| std::fs::File::create(folder.path(name)).unwrap();
    let child = bash(&[], line, &folder.path(""))
        .stdout(file("stdout"))
        .stderr(file("stderr"))
        .process_group(0)
        .spawn()
        .unwrap();
    Live { line: line.to_owned(), folder, child }
}

impl Live {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    pub fn read(&self, name: &str) -> String {
        self.folder.read(name)
    }

    pub fn stdout(&self) -> String {
        self.read("stdout")
    }

    pub fn stderr(&self) -> String {
        self.read("stderr")
    }

    /// Waits until `is_so`.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Live) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            assert!(started.elapsed() < DEADLINE, "never {what}:\n{self}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a file holds this.
    #[track_caller]
    pub fn until_holds(&mut self, name: &str, part: &str) {
        self.until(&format!("{part:?} in {name}"), |live| live.read(name).contains(part));
    }

    /// To all of the line, and the shell too, as Ctrl-C does.
    pub fn signal(&self, signal: Signal) {
        let group = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        kill_process_group(group, signal).unwrap();
    }

    /// Of the process, where the line is one: `exec …`.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for the end, however it comes.
    #[track_caller]
    pub fn wait(&mut self) {
        self.until("ended", |live| live.ended().is_some());
    }

    /// Kills all of it, as a power cut would: nobody is left who has a lock.
    #[track_caller]
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.until("killed", |live| live.ended().is_some() && members(live.id().cast_signed()).is_empty());
    }

    /// Waits for the end, which must be this exit code.
    #[track_caller]
    pub fn exits(&mut self, code: i32) {
        self.until("ended", |live| live.ended().is_some());
        let status = self.ended().unwrap();
        assert_eq!(status.code(), Some(code), "{self}");
    }
}

impl std::fmt::Display for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        show(f, &self.line, &self.folder, "not waited for", [&self.stdout(), &self.stderr()])
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Also what is left of the line when the shell has ended.
        let group = Pid::from_raw(self.child.id().cast_signed()).unwrap();
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A port of the loopback that nobody uses.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Whether somebody listens on a TCP port; asking by connecting would disturb
/// the one who does.
pub fn is_listening(port: u16) -> bool {
    let listen = |table: &str| {
        let lines = std::fs::read_to_string(Path::new("/proc/net").join(table)).unwrap_or_default();
        lines.lines().any(|line| {
            let mut words = line.split_whitespace().skip(1);
            let local = words.next().unwrap_or_default();
            local.ends_with(&format!(":{port:04X}")) && words.nth(1) == Some("0A")
        })
    };
    listen("tcp") || listen("tcp6")
}
