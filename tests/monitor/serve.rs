//! The page of `sstream-sink serve`: to programs, and in a browser.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::browser;
use crate::live::{self, Live, free_port};
use crate::page_json::{get, request};

/// A pipeline whose source gives the batches that are put into it, and its page.
struct Served {
    live: Live,
    batches: File,
    address: String,
}

/// Serves what comes.
fn serve(arguments: &str) -> Served {
    let port = free_port();
    let mut live = live::start(&format!(
        "mkfifo batches; sstream-source queue --batch 1s batches | sstream-sink serve {port} {arguments}"
    ));
    live.until("a fifo", |live| live.path("batches").exists());
    let batches = File::options().write(true).open(live.path("batches")).unwrap();
    live.until_holds("stderr", &format!("the page is at http://127.0.0.1:{port}/"));
    Served { live, batches, address: format!("127.0.0.1:{port}") }
}

impl Served {
    fn give(&mut self, records: &Value) {
        writeln!(self.batches, "{records}").unwrap();
    }

    fn json(&self, path: &str) -> Value {
        get(&self.address, path)
    }

    /// Gives a batch, and waits until it is there.
    fn show(&mut self, records: &Value) {
        self.give(records);
        let address = self.address.clone();
        self.live.until("shown", |_| get(&address, "latest.json")["rows"] == *records);
    }

    /// A connection on which this was asked for.
    fn ask(&self, path: &str, headers: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n").unwrap();
        BufReader::new(stream)
    }
}

/// Reads up to a line that holds this.
#[track_caller]
fn read_until(reader: &mut impl std::io::BufRead, part: &str) -> String {
    let mut read = String::new();
    while !read.lines().last().is_some_and(|line| line.contains(part)) {
        assert!(reader.read_line(&mut read).unwrap() > 0, "{part} is not in {read}");
    }
    read
}

#[test]
fn the_newest_batch_the_history_and_each_new_one() {
    let mut served = serve("--history 3 --rows 2");
    assert_eq!(served.json("latest.json"), Value::Null);
    let mut events = served.ask("/events", "");
    assert!(read_until(&mut events, "transfer-encoding").starts_with("HTTP/1.1 200 OK"), "none yet, but it is there");
    served.give(&json!([1, "two", [3]]));
    served.give(&json!([]));
    read_until(&mut events, r#"data: {"batch":1000,"records":3,"rows":[1,"two"]}"#);
    let read = read_until(&mut events, r#"data: {"batch":2000,"records":0,"rows":[]}"#);
    assert!(read.contains("event: batch\nid: 2000\n") || read.contains("event: batch\r\nid: 2000"), "{read}");
    served.show(&json!([{"a": 1.50}]));
    served.show(&json!([4]));
    let times = |batches: &Value| {
        batches.as_array().unwrap().iter().map(|batch| batch["batch"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(times(&served.json("batches.json")), [2000, 3000, 4000]);
    let (head, body) = request(&served.address, "/latest.json", "*/*");
    assert!(head.contains("nosniff") && head.contains("frame-ancestors 'none'"), "{head}");
    assert_eq!(body, r#"{"batch":4000,"records":1,"rows":[4]}"#);
    // One that comes back goes on behind the batch that it had last.
    for headers in ["Last-Event-ID: 2000\r\n", ""] {
        let mut events = served.ask("/events?since=2000", headers);
        assert!(!read_until(&mut events, r#""batch":3000"#).contains(r#""batch":2000"#));
        read_until(&mut events, r#""batch":4000"#);
    }
    assert!(request(&served.address, "/nothing", "*/*").0.starts_with("HTTP/1.1 404"));
    // Each has the end, and what came before it.
    drop(served.batches);
    read_until(&mut events, r#""batch":4000"#);
    read_until(&mut events, "event: end");
    served.live.exits(0);
}

#[test]
fn others_pages_get_nothing() {
    let served = serve("--host box.example");
    for (headers, status) in [
        ("Host: evil.example", "403"),
        ("Host: box.example", "200"),
        ("Host: localhost\r\nOrigin: http://evil.example", "403"),
        ("Host: localhost\r\nOrigin: http://localhost", "200"),
    ] {
        let mut stream = TcpStream::connect(&served.address).unwrap();
        write!(stream, "GET /latest.json HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{headers}: {answer}");
    }
}

const UPGRADE: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[test]
fn a_websocket_has_each_batch_and_answers_a_ping() {
    let mut served = serve("");
    assert!(request(&served.address, "/ws", "*/*").0.starts_with("HTTP/1.1 426"));
    let mut socket = served.ask("/ws", UPGRADE);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(socket.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let head = head.to_lowercase();
    assert!(head.starts_with("http/1.1 101") && head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    served.give(&json!(["x".repeat(300)]));
    let mut frame = [0; 4];
    socket.read_exact(&mut frame).unwrap();
    let length = u16::from_be_bytes([frame[2], frame[3]]);
    assert_eq!(frame[..2], [0x81, 126]);
    let mut text = vec![0; length.into()];
    socket.read_exact(&mut text).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&text).unwrap()["rows"], json!(["x".repeat(300)]));
    // A ping, masked with nothing: it comes back as a pong.
    socket.get_mut().write_all(&[0x89, 0x82, 0, 0, 0, 0, b'h', b'i']).unwrap();
    let mut pong = [0; 4];
    socket.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"\x8a\x02hi");
    drop(served.batches);
    let mut close = Vec::new();
    socket.read_to_end(&mut close).unwrap();
    assert_eq!(close, [0x88, 2, 0x03, 0xe8]);
    served.live.exits(0);
}

#[test]
fn who_reads_too_slowly_is_told_how_much_is_missing() {
    let mut served = serve("--history 2");
    let mut slow = served.ask("/events", "");
    served.show(&json!([0]));
    // More than sockets hold, while it reads nothing.
    let large = "x".repeat(1 << 20);
    for n in 1..30 {
        served.show(&json!([n, large]));
    }
    drop(served.batches);
    let (mut next, mut missed) = (1000, 0);
    let mut line = String::new();
    while slow.read_line(&mut line).unwrap() > 0 {
        if let Some(id) = line.strip_prefix("id: ") {
            assert_eq!(id.trim().parse::<u64>().unwrap(), next, "what is not there is told");
            next += 1000;
        } else if let Some(dropped) = line.strip_prefix("data: {\"dropped\":") {
            let dropped: u64 = dropped.trim().trim_end_matches('}').parse().unwrap();
            next += dropped * 1000;
            missed += dropped;
        }
        line.clear();
    }
    assert_eq!(next, 31_000, "the last is there");
    assert!(missed > 5, "{missed}");
    served.live.exits(0);
}

#[test]
fn a_page_that_stays_goes_at_a_signal() {
    let mut served = serve("--stay --title '<b>Words & more'");
    served.show(&json!([1]));
    let page = request(&served.address, "/", "*/*").1;
    assert!(page.contains("<title>&lt;b&gt;Words &amp; more</title>"), "{page}");
    drop(served.batches);
    let mut events = BufReader::new(TcpStream::connect(&served.address).unwrap());
    write!(events.get_mut(), "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    read_until(&mut events, "event: end");
    assert_eq!(get(&served.address, "latest.json")["rows"], json!([1]));
    served.live.signal(Signal::TERM);
    served.live.wait();
}

#[test]
fn words_are_counted_before_one_s_eyes() {
    let Some(browser) = browser::open() else { return };
    let mut served = serve("--title Words");
    browser.go(&format!("http://{}/", served.address));
    browser.until_says("#connection", "live");
    // Markup in a record is text, as a value and as a key.
    let evil = "<script>window.evil = 1</script><img src=x onerror='window.evil = 1'>";
    served.show(&json!([["spark", 4], [evil, 3], ["streams", 1]]));
    browser.until_says("#batch", "Batch 1000 ms");
    let rows = browser.rows("#rows");
    assert_eq!(rows, [["spark", "4"], [evil, "3"], ["streams", "1"]]);
    let bars = "[...document.querySelectorAll('#rows .bar i')].map((bar) => bar.style.width)";
    assert_eq!(browser.value(bars), json!(["100%", "75%", "25%"]));
    served.show(&json!([["streams", 8], [evil, 3], ["spark", 6]]));
    browser.until_says("#batch", "Batch 2000 ms");
    browser.until_says("#curves", "value by key");
    let label = browser.value("document.querySelector('#curves svg').getAttribute('aria-label')");
    assert_eq!(label, format!("value by key: streams 8, spark 6, {evil} 3"));
    browser.click("#rows thead button[data-column=value]");
    assert_eq!(browser.rows("#rows")[0], ["streams", "8"]);
    browser.click("#rows thead button[data-column=value]");
    assert_eq!(browser.rows("#rows")[0], [evil, "3"]);
    assert_eq!(browser.value("document.querySelector('th[aria-sort]').getAttribute('aria-sort')"), "ascending");
    browser.screenshot("serve");
    // A top list is one record; objects have columns; a number is a curve; the empty batch is none of these.
    served.show(&json!([[["a", 9], ["b", 2]]]));
    browser.until("a top list", |browser| browser.rows("#rows").len() == 2);
    served.show(&json!([{"host": "one", "mean": 1.5, "max": 2}, {"host": "two", "mean": 0.5, "max": 9}]));
    browser.until_says("#rows", "host");
    assert_eq!(browser.rows("#rows")[1], ["two", "0.5", "9"]);
    served.give(&json!([]));
    browser.until_says("#about", "0 records");
    served.show(&json!([17]));
    browser.until_says("#rows", "17");
    browser.until("a curve", |browser| browser.text("#curves h3") == "record");
    for (width, scheme) in [(400, "dark"), (1280, "dark"), (1280, "light")] {
        browser.emulate(width, 900, scheme);
        let widths = browser.value("[document.documentElement.scrollWidth, innerWidth]");
        assert!(widths[0].as_u64() <= widths[1].as_u64(), "{width} scrolls sideways: {widths}");
        browser.screenshot(&format!("serve-{scheme}-{width}"));
    }
    // A browser's WebSocket has the same.
    browser.value(
        "(window.socket = new WebSocket(`ws://${location.host}/ws`)).onmessage = (event) => { window.told = event.data }",
    );
    browser.until("told", |browser| browser.value("window.told ?? ''").as_str().unwrap().contains("[17]"));
    assert_eq!(browser.value("window.evil ?? 0"), 0);
    assert_eq!(browser.errors("favicon"), [""; 0]);
    drop(served.batches);
    browser.until_says("#connection", "the stream has ended");
    served.live.exits(0);
}
