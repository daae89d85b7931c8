//! A pipeline of real processes, and who of it runs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::bash::bash;

/// A process of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// `sstream-filter`, cut off to 15 bytes as the system does.
    pub name: String,
}

impl Process {
    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        // It may be gone.
        let _ = Pid::from_raw(self.pid).map(|pid| kill_process(pid, signal));
    }
}

/// A shell with a pipeline in a process group of its own.
pub struct Pipeline {
    shell: Child,
    group: i32,
    /// Where all that it says goes.
    pub stderr: PathBuf,
}

impl Pipeline {
    /// Runs a line of bash in `dir`; all that it says goes to `stderr`.
    pub fn start(dir: &Path, line: &str, stderr: &Path) -> Pipeline {
        let said = File::options().create(true).append(true).open(stderr).unwrap();
        // A session of its own: in a group whose shell was killed the system wakes up who
        // was stopped.
        let shell = bash(&["setsid"], line, dir)
            .env("XDG_RUNTIME_DIR", dir)
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap();
        Pipeline { group: shell.id() as i32, shell, stderr: stderr.to_owned() }
    }

    /// The tools of it that run now.
    pub fn processes(&self) -> Vec<Process> {
        self.members().into_iter().filter(|process| process.name.starts_with("sstream-")).collect()
    }

    /// All processes of the group, the shell too, that have not ended.
    pub fn members(&self) -> Vec<Process> {
        members(self.group)
    }

    /// Sends a signal to all its processes.
    pub fn signal_all(&self, signal: Signal) {
        self.members().iter().for_each(|process| process.signal(signal));
    }

    /// Sends a signal to the first stages.
    pub fn signal_sources(&self, signal: Signal) {
        let processes = self.processes();
        processes
            .iter()
            .filter(|process| process.name.starts_with("sstream-source"))
            .for_each(|source| source.signal(signal));
    }

    /// Waits until none of its processes runs; how the shell ended. `None` if that takes too long.
    pub fn wait(&mut self, at_most: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + at_most;
        loop {
            let ended = self.shell.try_wait().unwrap();
            if ended.is_some() && self.members().is_empty() {
                return ended;
            }
            if Instant::now() > until {
                return None;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything it said.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.stderr).unwrap_or_default()).into_owned()
    }
}

/// All processes of a group that have not ended.
pub fn members(group: i32) -> Vec<Process> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let (Some(open), Some(close)) = (stat.find('('), stat.rfind(')')) else { continue };
        let fields: Vec<&str> = stat[close + 2..].split(' ').collect();
        // state, ppid, pgrp
        if fields[0] != "Z" && fields[2].parse() == Ok(group) {
            found.push(Process { pid, name: stat[open + 1..close].to_owned() });
        }
    }
    found.sort_by_key(|process| process.pid);
    found
}

/// Tells, past the test harness, what the processes of a group are doing, a line for each
/// thread, and the last lines that they said: for a test that waited in vain.
pub fn tell_doings(group: i32, said: &str) {
    let mut text = String::new();
    for Process { pid, name } in members(group) {
        for entry in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let read = |file: &str| fs::read_to_string(entry.path().join(file)).unwrap_or_default();
            let call = read("syscall").split(' ').next().unwrap_or_default().trim().to_owned();
            let (thread, place) = (read("comm"), read("wchan"));
            text.push_str(&format!("{pid} {name}: {} in {place}, system call {call}\n", thread.trim()));
        }
    }
    let last: Vec<&str> = said.lines().rev().take(20).collect();
    last.iter().rev().for_each(|line| text.push_str(&format!("{line}\n")));
    let _ = io::Write::write_all(&mut io::stderr(), text.as_bytes());
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if thread::panicking() {
            tell_doings(self.group, &self.said());
        }
        self.signal_all(Signal::KILL);
        let _ = self.shell.wait();
    }
}

/// Runs a tool to its end; what it wrote to stdout.
pub fn run(dir: &Path, line: &str) -> (ExitStatus, String, String) {
    let output = bash(&[], line, dir).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status, text(&output.stdout), text(&output.stderr))
}
