//! A connection that is cut in COMMIT: the table says whether it did.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::{Server, is_possible};

/// Hands bytes on, until a client says `commit` for the first time: that one is handed on or not, and the
/// connection is cut before the client has the answer.
fn proxy(to: u16, hands_on: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let is_cut = Arc::new(AtomicBool::new(false));
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(("127.0.0.1", to)).unwrap());
            let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (is_cut, silent) = (is_cut.clone(), Arc::new(AtomicBool::new(false)));
            let hush = silent.clone();
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = answers.read(&mut bytes) {
                    if hush.load(Ordering::SeqCst) || back.write_all(&bytes[..count]).is_err() {
                        break;
                    }
                }
                let _ = back.shutdown(Shutdown::Both);
            });
            thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = client.read(&mut bytes) {
                    let is_commit = bytes[..count].windows(7).any(|part| part == b"commit\0");
                    if is_commit && !is_cut.swap(true, Ordering::SeqCst) {
                        silent.store(true, Ordering::SeqCst);
                        if hands_on {
                            server.write_all(&bytes[..count]).unwrap();
                            // The answer comes, and goes no further: the other thread shuts the client out.
                            thread::sleep(Duration::from_millis(500));
                        }
                        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
                        break;
                    }
                    if server.write_all(&bytes[..count]).is_err() {
                        break;
                    }
                }
                let _ = server.shutdown(Shutdown::Both);
            });
        }
    });
    port
}

#[test]
fn a_connection_that_is_cut_in_commit() {
    if !is_possible() {
        return;
    }
    let server = Server::start("");
    server.ask("create table t(n int)");
    for (hands_on, checkpoint) in [(false, ""), (true, ""), (false, "--checkpoint ck1"), (true, "--checkpoint ck2")] {
        server.ask("delete from t");
        server.folder.file("batches", "[{\"n\":1},{\"n\":2}]\n[{\"n\":3}]\n");
        let port = proxy(server.port, hands_on);
        let line = format!(
            "sstream-source queue batches --batch 1s {checkpoint} | sstream-sink postgres \
             'postgres://app@127.0.0.1:{port}/app?sslmode=disable' --password-file pw --table t"
        );
        let ran = server.folder.run(&line).exits(0);
        assert!(ran.stderr.contains("trying again") && ran.stderr.contains("goes on"), "{ran}");
        assert_eq!(server.ask("select * from t order by n"), "1\n2\n3\n", "{hands_on} {checkpoint}: {ran}");
    }
}
