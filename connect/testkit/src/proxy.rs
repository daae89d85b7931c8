//! A connection that is cut at the worst moment.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Hands bytes on between clients and the server at port `to`, until a client says `commit` (these bytes) for the
/// first time: that is handed on or not, and the connection is cut before the client has the answer. The port.
pub fn cut_at(commit: &'static [u8], to: u16, hands_on: bool) -> u16 {
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
                    let is_commit = bytes[..count].windows(commit.len()).any(|part| part == commit);
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
