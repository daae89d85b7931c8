//! What is resident of tools that hold more than `--memory`, at most.

use std::fmt::Write as _;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::bash::tools;
use super::support::Folder;

const SIZE_KIB: u64 = 8 << 10;

/// What is beyond SIZE, whatever there is of keys: buffers for files that are read and written, and what the allocator keeps.
const BEYOND_KIB: u64 = 12 << 10;

/// A number of /proc/PID/status, in KiB.
fn status_kib(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// KiB of memory of its own that a tool had at most, with `log` as its input. What is of the program's file does not count.
fn most_kib(folder: &Folder, arguments: &str, log: &str) -> u64 {
    let mut words = arguments.split(' ');
    let mut child = Command::new(tools().join(words.next().unwrap()))
        .args(words)
        .args(["--input", "json", "--batch", "1d", "--output", "json", "--memory", "8MiB"])
        .stdin(File::open(folder.path(log)).unwrap())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(status_kib(child.id(), "RssAnon:").unwrap_or(0));
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(child.wait().unwrap().success(), "{arguments}");
    most
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_resident_is_about_what_was_asked_for_whatever_the_number_of_keys() {
    let folder = Folder::new();
    let log = |keys: u32| {
        (0..keys).fold(String::new(), |mut log, n| {
            writeln!(log, "[\"key {:07}\",{n}]", u64::from(n) * 7919 % u64::from(keys)).unwrap();
            log
        })
    };
    folder.file("few", log(10)).file("many", log(400_000)).file("some", log(50_000));
    for arguments in [
        "sstream-dedup --by .[0]",
        "sstream-window 1h --by .[0] --time .[1] --watermark 1s count",
        "sstream-match a->b --by .[0] --within 1h",
        "sstream-window 10ms --by .[0] --time .[1] --watermark 1h count",
    ] {
        let (few, many) = (most_kib(&folder, arguments, "few"), most_kib(&folder, arguments, "many"));
        println!("{arguments}: {few} KiB with few keys, {many} with many");
        assert!(many < few + SIZE_KIB + BEYOND_KIB, "{arguments}: {few} KiB with few keys, {many} with many");
    }
    // What waits of some has room; what is open of them has not.
    let arguments = "sstream-match a->b --by .[0] --within 1h --time .[1] --watermark 1s";
    for keys in ["some", "many"] {
        let most = most_kib(&folder, arguments, keys);
        println!("{arguments}: {most} KiB with {keys} keys");
        assert!(most < SIZE_KIB + BEYOND_KIB, "{arguments}: {most} KiB with {keys} keys");
    }
}
