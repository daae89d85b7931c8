//! The line that everybody tries first, word for word, with a real nc.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use super::support::bash;

/// nc listens and gets what clients send; the tools see it come line by line,
/// while the connection stays open.
#[test]
fn nc_listens_and_windows_are_counted() {
    let directory = tempfile::tempdir().unwrap();
    // A port that is free now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let line = format!("timeout 60 nc -lk 127.0.0.1 {port} </dev/null 2>nc.err & echo $! >nc.pid; wait $!");
    let mut nc = bash(&line, directory.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut tools =
        bash("sstream-filter ERROR --batch 100ms | sstream-window 300ms 100ms count --output text", directory.path())
            .stdin(nc.stdout.take().unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    let mut client = connect(port);
    client.write_all(b"[ERROR] one\nok\n[ERROR] two\n").unwrap();
    let mut counts = BufReader::new(tools.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The count rises to 2 and, as the window slides on, falls to 0, while nc
    // and the client still have the connection.
    assert!(counts.by_ref().take_while(|count| count != "2").all(|count| count == "0" || count == "1"));
    assert!(counts.by_ref().take_while(|count| count != "0").all(|count| count == "2" || count == "1"));
    drop(client);
    let mut second = connect(port);
    second.write_all(b"[ERROR] another client\n").unwrap();
    assert!(counts.by_ref().any(|count| count == "1"));
    drop(second);
    // When nc goes the pipeline ends well, with the window that was open.
    let pid = std::fs::read_to_string(directory.path().join("nc.pid")).unwrap();
    assert!(bash(&format!("kill {pid}"), directory.path()).status().unwrap().success());
    nc.wait().unwrap();
    counts.for_each(drop);
    assert_eq!(tools.wait().unwrap().code(), Some(0));
}

/// nc needs a moment until it listens.
fn connect(port: u16) -> TcpStream {
    for _ in 0..600 {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            return stream;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nc did not listen on port {port}");
}
