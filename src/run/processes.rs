//! The processes of a running pipeline, as /proc shows them: which of them are
//! its first stages, and which write to a pipe that nobody reads any more.
//!
//! Where there is no /proc nothing is found; then a stop goes to the whole
//! process group, as Ctrl-C does, which stages of this family that are not first
//! let pass.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;

use rustix::process::Pid;

/// A pipe, by its number.
pub type Pipe = u64;

/// A process that descends from this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Who started it, or took it over.
    pub parent: i32,
    /// The first 15 bytes of its command's name.
    pub command: String,
    /// The pipe that is its stdin.
    pub stdin: Option<Pipe>,
    /// The pipe that is its stdout.
    pub stdout: Option<Pipe>,
    /// Pipes that it can read, stdin too.
    pub reads: HashSet<Pipe>,
    /// Pipes that it can write, stdout too.
    pub writes: HashSet<Pipe>,
    /// It is another user's, so that its pipes cannot be seen.
    pub is_hidden: bool,
}

/// All processes that descend from this one.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// They.
    pub processes: Vec<Process>,
    /// Pipes that this process has itself: what is at the pipeline's ends.
    pub outside: HashSet<Pipe>,
}

impl Table {
    /// Looks at all processes; those that end meanwhile are left out.
    pub fn read() -> Table {
        let mut all: Vec<Process> = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
            all.extend(pid.and_then(read_stat));
        }
        let own = std::process::id().cast_signed();
        let mut family = HashSet::from([own]);
        loop {
            let known = family.len();
            family.extend(
                all.iter()
                    .filter(|process| family.contains(&process.parent))
                    .map(|process| process.pid)
                    .collect::<Vec<_>>(),
            );
            if family.len() == known {
                break;
            }
        }
        all.retain(|process| process.pid != own && family.contains(&process.pid));
        all.iter_mut().for_each(read_pipes);
        let mut outside = Process { pid: own, ..Process::default() };
        read_pipes(&mut outside);
        Table { processes: all, outside: &outside.reads | &outside.writes }
    }

    /// The processes that nothing in the pipeline feeds. `leader` is the shell
    /// that waits for all of them.
    pub fn first_stages(&self, leader: Pid) -> Vec<Pid> {
        let is_first = |process: &&Process| {
            let is_fed = process.stdin.is_some_and(|pipe| !self.outside.contains(&pipe));
            process.pid != leader.as_raw_pid() && !is_fed && !self.reads_from_others(process)
        };
        self.processes.iter().filter(is_first).filter_map(|process| Pid::from_raw(process.pid)).collect()
    }

    /// Whether somebody writes to a pipe that the process reads, beside itself
    /// and those that it started.
    fn reads_from_others(&self, process: &Process) -> bool {
        self.processes.iter().any(|other| !self.is_of(other, process.pid) && !process.reads.is_disjoint(&other.writes))
    }

    /// Whether a process is `ancestor`, or descends from it.
    fn is_of(&self, process: &Process, ancestor: i32) -> bool {
        let mut at = Some(process);
        while let Some(process) = at {
            if process.pid == ancestor {
                return true;
            }
            at = self.processes.iter().find(|other| other.pid == process.parent);
        }
        false
    }

    /// The processes whose stdout is a pipe that nobody reads: they will find out
    /// only when they write, and some seldom do.
    pub fn unread(&self, leader: Pid) -> Vec<Pid> {
        if self.processes.iter().any(|process| process.is_hidden) {
            // That one may be the reader.
            return Vec::new();
        }
        let is_read = |pipe: Pipe| self.processes.iter().any(|process| process.reads.contains(&pipe));
        let is_unread = |process: &&Process| {
            process.pid != leader.as_raw_pid()
                && process.stdout.is_some_and(|pipe| !self.outside.contains(&pipe) && !is_read(pipe))
        };
        self.processes.iter().filter(is_unread).filter_map(|process| Pid::from_raw(process.pid)).collect()
    }
}

fn read_stat(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command stands in parentheses, and can hold some.
    let (before, after) = stat.rsplit_once(')')?;
    let command = before.split_once('(')?.1.to_owned();
    let mut words = after.split_whitespace();
    let state = words.next()?;
    let parent = words.next()?.parse().ok()?;
    (state != "Z").then(|| Process { pid, parent, command, ..Process::default() })
}

fn read_pipes(process: &mut Process) {
    let descriptors = fs::read_dir(format!("/proc/{}/fd", process.pid));
    process.is_hidden = descriptors.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    for entry in descriptors.into_iter().flatten().flatten() {
        let path = entry.path();
        let pipe = fs::read_link(&path)
            .ok()
            .and_then(|link| link.to_str()?.strip_prefix("pipe:[")?.strip_suffix(']')?.parse::<Pipe>().ok());
        let (Some(pipe), Ok(link)) = (pipe, path.symlink_metadata()) else { continue };
        // The link's mode says for what the descriptor is open.
        if link.mode() & 0o400 != 0 {
            process.reads.insert(pipe);
        }
        if link.mode() & 0o200 != 0 {
            process.writes.insert(pipe);
        }
        match entry.file_name().to_str() {
            Some("0") => process.stdin = Some(pipe),
            Some("1") => process.stdout = Some(pipe),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table from lines of `PID PARENT STDIN STDOUT [MORE-READ…]`; 1 is the
    /// leader, 0 is no pipe, pipes from 90 on are outside.
    fn table(lines: &[&str]) -> Table {
        let pipe = |word: &str| word.parse().ok().filter(|pipe: &Pipe| *pipe > 0);
        let process = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            let (stdin, stdout) = (pipe(words[2]), pipe(words[3]));
            let more = words[4..].iter().filter_map(|word| pipe(word));
            Process {
                pid: words[0].parse().unwrap(),
                parent: words[1].parse().unwrap(),
                command: String::new(),
                stdin,
                stdout,
                reads: stdin.into_iter().chain(more).collect(),
                writes: stdout.into_iter().collect(),
                is_hidden: false,
            }
        };
        let mut processes = vec![process(&"1 100 0 90")];
        processes.extend(lines.iter().map(process));
        Table { processes, outside: HashSet::from([90, 91]) }
    }

    fn numbers(pids: Vec<Pid>) -> Vec<i32> {
        pids.into_iter().map(Pid::as_raw_pid).collect()
    }

    fn leader() -> Pid {
        Pid::from_raw(1).unwrap()
    }

    #[test]
    fn first_stages() {
        for (what, lines, first) in [
            ("a | b | c", &["2 1 0 10", "3 1 10 11", "4 1 11 90"][..], &[2][..]),
            ("b | c, after a has gone", &["3 1 10 11", "4 1 11 90"], &[]),
            ("outside | run 'b | c'", &["3 1 91 11", "4 1 11 90"], &[3]),
            ("join <(a) <(b)", &["2 1 0 10", "3 1 0 11", "4 1 0 90 10 11"], &[2, 3]),
            ("(a | b) | c", &["2 1 0 12", "3 2 0 10", "4 2 10 12", "5 1 12 90"], &[2, 3]),
            ("a source that reads a command of its own", &["2 1 0 10 20", "3 2 0 20", "4 1 10 90"], &[2, 3]),
        ] {
            assert_eq!(numbers(table(lines).first_stages(leader())), first, "{what}");
        }
    }

    #[test]
    fn writers_without_readers() {
        for (what, lines, unread) in [
            ("a | b | c", &["2 1 0 10", "3 1 10 11", "4 1 11 90"][..], &[][..]),
            ("a | c, after b was killed", &["2 1 0 10", "4 1 11 90"], &[2]),
            ("while … do a; done | b, after b was killed", &["2 1 0 10", "3 2 0 10"], &[2, 3]),
        ] {
            assert_eq!(numbers(table(lines).unread(leader())), unread, "{what}");
        }
    }

    #[test]
    fn this_process_has_children_in_the_table() {
        let mut child = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = child.id().cast_signed();
        // Its stdin comes from here, once those that other tests start have let it go.
        let is_first = |table: &Table| numbers(table.first_stages(leader())).contains(&pid);
        let started = std::time::Instant::now();
        while !is_first(&Table::read()) && started.elapsed().as_secs() < 10 {}
        let process = Table::read().processes.into_iter().find(|process| process.pid == pid).unwrap();
        assert!(process.stdin.is_some() && process.reads.len() == 1, "{process:?}");
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
