//! The line that everybody tries first, word for word, with a real nc.

use std::io::Write as _;
use std::net::TcpStream;

use rustix::process::{Pid, Signal, kill_process};

use crate::live::{self, Live, free_port, is_listening};

/// nc listens and gets what clients send; the tools see it come line by line,
/// while the connection stays open.
#[test]
fn nc_listens_and_windows_are_counted() {
    let port = free_port();
    let mut line = live::start(&format!(
        "{{ echo $BASHPID > pid; exec nc -lk 127.0.0.1 {port}; }} | sstream-filter ERROR --batch 100ms \
         | sstream-window 300ms 100ms count --output text; echo ${{PIPESTATUS[@]:1}} > statuses"
    ));
    line.until("listening", |_| is_listening(port));
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"[ERROR] one\nok\n[ERROR] two\n").unwrap();
    // The count rises to 2 and, as the window slides on, falls to 0, while nc
    // and the client still have the connection.
    until_counts(&mut line, &["2", "0"]);
    assert!(line.stdout().lines().all(|count| ["0", "1", "2"].contains(&count)), "{line}");
    drop(client);
    let mut second = TcpStream::connect(("127.0.0.1", port)).unwrap();
    second.write_all(b"[ERROR] another client\n").unwrap();
    until_counts(&mut line, &["2", "0", "1"]);
    // When nc goes the pipeline ends well, with the window that was open.
    let nc = Pid::from_raw(line.read("pid").trim().parse().unwrap()).unwrap();
    kill_process(nc, Signal::TERM).unwrap();
    line.exits(0);
    assert_eq!(line.read("statuses"), "0 0\n", "{line}");
}

/// Waits for these counts to come one after the other, whatever is between.
#[track_caller]
fn until_counts(line: &mut Live, counts: &[&str]) {
    line.until(&format!("{counts:?}"), |line| {
        let stdout = line.stdout();
        let mut given = stdout.lines();
        counts.iter().all(|count| given.any(|given| given == *count))
    });
}
