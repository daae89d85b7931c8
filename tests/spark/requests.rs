//! A server that takes what comes by HTTP; at `/late` nothing for a while.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long `/late` takes nothing, from its first request on.
const LATE: Duration = Duration::from_millis(1500);

/// What came in one request.
#[derive(Clone)]
pub struct Request {
    path: String,
    came: Instant,
    /// Its Idempotency-Key.
    pub key: String,
    pub body: String,
}

/// The server, and what it has got.
pub struct Requests {
    port: u16,
    got: Arc<Mutex<Vec<Request>>>,
}

impl Requests {
    pub fn start() -> Requests {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, got) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let all = got.clone();
        // It ends with the test.
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let all = all.clone();
                std::thread::spawn(move || take(client.unwrap(), &all));
            }
        });
        Requests { port, got }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What came to a path, in order, taken or not.
    pub fn at(&self, path: &str) -> Vec<Request> {
        self.got.lock().unwrap().iter().filter(|request| request.path == path).cloned().collect()
    }
}

/// The requests of a connection, which is closed by the other end.
fn take(client: TcpStream, all: &Mutex<Vec<Request>>) {
    let mut input = BufReader::new(client.try_clone().unwrap());
    let (mut output, mut line) = (client, String::new());
    // Who gives up goes in the middle of it.
    while input.read_line(&mut line).is_ok_and(|read| read > 0) {
        let path = line.split(' ').nth(1).unwrap().to_owned();
        let (mut key, mut length) = (String::new(), 0);
        loop {
            line.clear();
            if input.read_line(&mut line).is_err() {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("idempotency-key") => key = value.to_owned(),
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        if input.read_exact(&mut body).is_err() {
            return;
        }
        let mut all = all.lock().unwrap();
        let first = all.iter().find(|request| request.path == path);
        let is_taken = path != "/late" || first.is_some_and(|request| request.came.elapsed() >= LATE);
        all.push(Request { path, came: Instant::now(), key, body: String::from_utf8(body).unwrap() });
        drop(all);
        let answer = if is_taken { "204 No Content" } else { "503 Not Yet\r\nContent-Length: 0" };
        // Who has given up is gone.
        let _ = write!(output, "HTTP/1.1 {answer}\r\n\r\n");
        line.clear();
    }
}
