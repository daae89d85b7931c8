//! What a tool keeps for itself while it waits. What is resident of it in all is of a release alone:
//! `benches/bench weight-source`.

use rustix::process::Signal;

use super::live;

/// KiB of the heap of the process that wrote its number into `pid`.
fn heap_kib(pid: &str) -> u64 {
    let maps = std::fs::read_to_string(format!("/proc/{}/smaps", pid.trim())).unwrap();
    let of_heap = maps.lines().skip_while(|line| !line.ends_with("[heap]"));
    let resident = of_heap.into_iter().find_map(|line| line.strip_prefix("Rss:")).unwrap();
    resident.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_source_that_waits_keeps_little() {
    let mut line = live::start(
        "sleep 60 | { echo $BASHPID > pid; exec sstream-source stdin --batch 1s --output frames; } > frames",
    );
    line.until("frames", |line| line.read("frames").contains("interval"));
    let kib = heap_kib(&line.read("pid"));
    // A copy of all options in each kind was 60 KiB more, and the buffer for its input 256.
    assert!(kib < 270, "{kib} KiB");
    line.signal(Signal::KILL);
    line.wait();
}
