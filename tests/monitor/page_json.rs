//! What the page's server says to programs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

/// The head and the body of an answer.
pub fn request(address: &str, path: &str, accept: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// A JSON answer.
pub fn get(url: &str, path: &str) -> Value {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    serde_json::from_str(&request(address, &format!("/{path}"), "application/json").1).unwrap()
}
