//! A headless Chromium, driven by chromedriver over the WebDriver protocol:
//! JSON over HTTP, a request a connection.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sstream_testkit::needs::has_all;
use tempfile::TempDir;

/// Nothing that a page shows takes this long, even on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// The WebDriver name of an element in JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The Enter key in WebDriver's alphabet.
pub const ENTER: &str = "\u{e007}";
/// The left arrow key.
pub const LEFT: &str = "\u{e012}";

/// A browser with one window.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

/// The browser, if there is one: `scripts/setup test` installs it where it can.
pub fn open() -> Option<Browser> {
    has_all("BROWSER_TESTS", &["chromium", "chromedriver"]).then(Browser::start)
}

impl Browser {
    fn start() -> Browser {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| line.unwrap().strip_suffix('.')?.rsplit_once("on port ")?.1.parse().ok())
            .expect("chromedriver says its port");
        // What else it says is read, so that it can go on saying it.
        std::thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let profile_option = format!("--user-data-dir={}", profile.path().display());
        let options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
            &profile_option,
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": options },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let mut browser = Browser { driver, port, session: String::new(), _profile: profile };
        let session = browser.request("POST", "/session", Some(&wanted));
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        browser
    }

    /// One request; the `value` of its answer.
    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.exchange(method, path, body).unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{method} {path}: {status} {answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["value"].take()
    }

    /// The status line and the body of an answer. The driver leaves connections
    /// open, so the body is as long as its head says.
    fn exchange(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<(String, String)> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let host = format!("127.0.0.1:{}", self.port);
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", body.len());
        (&stream).write_all((head + &body).as_bytes())?;
        let mut reader = BufReader::new(&stream);
        let (mut status, mut length) = (String::new(), 0);
        reader.read_line(&mut status)?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap();
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer)?;
        Ok((status, String::from_utf8_lossy(&answer).into_owned()))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.request("POST", &format!("/session/{}{path}", self.session), Some(body))
    }

    /// Opens a page.
    pub fn go(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// What a JavaScript expression gives in the page.
    pub fn value(&self, expression: &str) -> Value {
        self.post("/execute/sync", &json!({ "script": format!("return {expression}"), "args": [] }))
    }

    /// The text of the first element that a selector finds; nothing if there is
    /// none.
    pub fn text(&self, selector: &str) -> String {
        let expression = format!("document.querySelector({})?.textContent ?? ''", json!(selector));
        self.value(&expression).as_str().unwrap().to_owned()
    }

    /// A table's rows, each cell's text.
    pub fn rows(&self, selector: &str) -> Vec<Vec<String>> {
        let rows = format!("[...document.querySelectorAll({})]", json!(format!("{selector} tbody tr")));
        let value = self.value(&format!("{rows}.map((row) => [...row.cells].map((cell) => cell.textContent))"));
        serde_json::from_value(value).unwrap()
    }

    /// Waits until `is_so`.
    #[track_caller]
    pub fn until(&self, what: &str, mut is_so: impl FnMut(&Browser) -> bool) {
        let started = Instant::now();
        while !is_so(self) {
            if started.elapsed() > DEADLINE {
                self.screenshot("failed");
                panic!("never {what}; the page says:\n{}", self.text("body"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until an element holds this text.
    #[track_caller]
    pub fn until_says(&self, selector: &str, part: &str) {
        self.until(&format!("{part:?} in {selector}"), |browser| browser.text(selector).contains(part));
    }

    /// Clicks on the first element that a selector finds, as a mouse does. A row
    /// that is clicked on must not be another one a moment later.
    pub fn click(&self, selector: &str) {
        let element = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        let element = element[ELEMENT].as_str().unwrap();
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Presses keys one after the other, wherever the focus is.
    pub fn press(&self, keys: &str) {
        let events: Vec<Value> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })))
            .collect();
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": events }] }));
    }

    /// A window of this width, and this colour scheme.
    pub fn emulate(&self, width: u32, height: u32, scheme: &str) {
        let command = |name: &str, parameters: Value| {
            self.post("/goog/cdp/execute", &json!({ "cmd": name, "params": parameters }));
        };
        let is_phone = width < 600;
        command(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone }),
        );
        command(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
    }

    /// Keeps a picture of the page in `target/browser/`.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("browser");
        std::fs::create_dir_all(&folder).unwrap();
        let taken = self.request("GET", &format!("/session/{}/screenshot", self.session), None);
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, base64(taken.as_str().unwrap())).unwrap();
        path
    }

    /// What the page complained of, beside `excepted`.
    pub fn errors(&self, excepted: &str) -> Vec<String> {
        let log = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().unwrap().iter().filter(|entry| entry["level"] == "SEVERE");
        entries.map(|entry| entry["message"].to_string()).filter(|message| !message.contains(excepted)).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its Chromium with the session.
        let _ = self.exchange("DELETE", &format!("/session/{}", self.session), None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte).map(|digit| digit as u32);
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for value in text.bytes().filter_map(digit) {
        bits = bits << 6 | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
