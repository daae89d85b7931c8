//! Pages that a stage lends to the next one: what is in a pipe stays as it is, whoever reads it in the end.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, PipeWriter, Read as _, pipe};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{IoSliceRaw, SpliceFlags, fcntl_setpipe_size, splice, vmsplice};
use rustix::process::{Flock, FlockType, Signal, fcntl_getlk};
use sstream_testkit::wait_until;

use super::bash::tools;
use super::live;
use super::support::Folder;

const LINES: u32 = 2_000_000;
const LIMIT: Duration = Duration::from_secs(60);

fn numbers(folder: &Folder) -> File {
    let numbers = (1..=LINES).fold(String::new(), |mut numbers, n| {
        writeln!(numbers, "{n}").unwrap();
        numbers
    });
    folder.file("numbers", numbers);
    File::open(folder.path("numbers")).unwrap()
}

fn tool(name: &str, arguments: &[&str], stdin: impl Into<Stdio>, stdout: impl Into<Stdio>) -> Child {
    Command::new(tools().join(name)).args(arguments).stdin(stdin).stdout(stdout).spawn().unwrap()
}

/// Waits until the reader of a pipe has said that it copies what it reads.
#[track_caller]
fn wait_for_promise(pipe: &PipeWriter) {
    let is_locked = || fcntl_getlk(pipe, &Flock::from(FlockType::WriteLock)).unwrap().is_some();
    wait_until("the reader promises to copy", LIMIT, is_locked);
}

fn is_full(pipe: &PipeWriter) -> bool {
    poll(&mut [PollFd::new(pipe, PollFlags::OUT)], Some(&Timespec::default())).unwrap() == 0
}

/// How many bytes a process has written, other than by lending their pages.
fn written_by(child: &Child) -> u64 {
    let counts = std::fs::read_to_string(format!("/proc/{}/io", child.id())).unwrap();
    counts.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap().parse().unwrap()
}

/// Kernels may copy what they are to lend.
fn system_lends() -> bool {
    let (mut reader, writer) = pipe().unwrap();
    let page = Vec::leak(vec![1; 4096]);
    #[expect(unsafe_code, reason = "the page is never given back")]
    unsafe { vmsplice(&writer, &[IoSliceRaw::from_slice_mut(&mut page[..1])], SpliceFlags::empty()) }.unwrap();
    page[0] = 2;
    let mut read = [0];
    reader.read_exact(&mut read).unwrap();
    read == [2]
}

#[test]
fn what_a_killed_reader_has_left_may_be_spliced_on() {
    let folder = Folder::new();
    let (mut rest, into) = pipe().unwrap();
    let (_unread, stuck) = pipe().unwrap();
    let mut reader = tool("sstream-filter", &["."], rest.try_clone().unwrap(), stuck.try_clone().unwrap());
    wait_for_promise(&into);
    let stdout = into.try_clone().unwrap();
    let mut source = tool("sstream-source", &["stdin", "--batch", "1d"], numbers(&folder), stdout);
    // Nobody reads what the reader writes, so that it stops, and the source then.
    wait_until("both pipes are full", LIMIT, || is_full(&stuck) && is_full(&into));
    reader.kill().unwrap();
    reader.wait().unwrap();
    assert!(written_by(&source) < 128 << 10 || !system_lends());

    // What is in the pipe goes aside as it is: the source has it in its memory.
    let (mut kept, aside) = pipe().unwrap();
    // Who has many pipes gets small ones.
    let _ = fcntl_setpipe_size(&aside, 1 << 20);
    let mut spliced = 0;
    loop {
        match splice(&rest, None, &aside, None, 1 << 20, SpliceFlags::NONBLOCK) {
            Ok(count) => spliced += count,
            Err(error) => break assert_eq!(error, Errno::AGAIN),
        }
    }
    drop((into, aside));
    let mut after = Vec::new();
    rest.read_to_end(&mut after).unwrap();
    assert!(source.wait().unwrap().success());
    let mut before = Vec::new();
    kept.read_to_end(&mut before).unwrap();
    assert!(before.len() == spliced && spliced > 0, "{spliced}");

    let all = String::from_utf8([before, after].concat()).unwrap();
    let records = all.lines().skip(1).filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    let records: Vec<u32> = records.map(|record| record.parse().unwrap()).collect();
    let first = records[0];
    assert!(first > 1 && first < LINES / 2, "{first}");
    assert!(records.iter().copied().eq(first..=LINES));
}

#[test]
fn much_comes_through_as_it_was() {
    let folder = Folder::new();
    let (first, into_first) = pipe().unwrap();
    let (second, into_second) = pipe().unwrap();
    let (third, into_third) = pipe().unwrap();
    // Readers first, so that all is lent that can be.
    let mut last = tool("sstream-filter", &[".", "--output", "text"], second, into_third);
    wait_for_promise(&into_second);
    let mut middle = tool("sstream-filter", &["."], first, into_second);
    wait_for_promise(&into_first);
    // Blocks of about 140 KB: pieces of the memory that is lent are wanted again while the pipe has them.
    let mut source = tool("sstream-source", &["stdin", "--batch", "14000n"], numbers(&folder), into_first);
    let lines = BufReader::with_capacity(100, third).lines().map(|line| line.unwrap().parse::<u32>().unwrap());
    assert!(lines.eq(1..=LINES));
    for child in [&mut source, &mut middle, &mut last] {
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn nothing_is_lent_to_who_has_promised_nothing() {
    let folder = Folder::new();
    let (mut unread, into) = pipe().unwrap();
    let mut source = tool("sstream-source", &["stdin", "--batch", "1d"], numbers(&folder), into);
    let mut all = vec![0; 4 << 20];
    unread.read_exact(&mut all).unwrap();
    assert!(written_by(&source) > 1 << 20);
    unread.read_to_end(&mut all).unwrap();
    assert!(source.wait().unwrap().success());
    let all = String::from_utf8(all).unwrap();
    assert_eq!(all.lines().filter(|line| line.starts_with('"')).count() as u32, LINES);
}

#[test]
fn who_reads_a_pipe_that_has_a_name_leaves_its_locks_to_others() {
    let mut line =
        live::start("mkfifo named; sstream-filter . < named > out & exec 3> named; echo begun > begun; wait");
    line.until_holds("begun", "begun");
    // The stage has read a line, and so has had all the time for a lock.
    std::fs::write(line.path("named"), "a line\n").unwrap();
    line.until_holds("out", "a line");
    let named = File::options().write(true).open(line.path("named")).unwrap();
    assert_eq!(fcntl_getlk(&named, &Flock::from(FlockType::WriteLock)).unwrap(), None);
    line.signal(Signal::KILL);
    line.wait();
}
