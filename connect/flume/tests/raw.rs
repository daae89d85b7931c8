//! A client and a server on raw sockets, for what Flume's own do not do.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use sstream::connect::varint::push_signed;
use sstream_flume::avro::{framed, push_bytes};
use sstream_flume::handshake::{FLUMES, push_request};

/// What a call of `appendBatch` is answered when it is taken: no metadata, no error, OK.
pub const OK: &[u8] = &[0, 0, 0];

/// And when it is not.
pub const FAILED: &[u8] = &[0, 0, 2];

/// A connection.
pub struct Raw(pub TcpStream);

impl Raw {
    /// Makes it.
    pub fn connect(port: u16) -> Raw {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Raw(stream)
    }

    /// The same, and is known then.
    pub fn known(port: u16) -> Raw {
        let mut raw = Raw::connect(port);
        let mut message = Vec::new();
        push_request(false, &FLUMES, &mut message);
        message.extend_from_slice(&[0, 0]);
        // Both are known, and there is nothing else to be said.
        assert_eq!(raw.exchange(&message), [0, 0, 0, 0]);
        raw
    }

    /// Sends a message in buffers of 8 KiB, as an agent does, and reads its answer.
    pub fn exchange(&mut self, message: &[u8]) -> Vec<u8> {
        let mut bytes = 7u32.to_be_bytes().to_vec();
        let buffers: Vec<&[u8]> = message.chunks(8192).collect();
        bytes.extend_from_slice(&(buffers.len() as u32).to_be_bytes());
        for buffer in buffers {
            bytes.extend_from_slice(&(buffer.len() as u32).to_be_bytes());
            bytes.extend_from_slice(buffer);
        }
        self.0.write_all(&bytes).unwrap();
        let answer = self.rest_of(12);
        assert_eq!(&answer[..8], &framed(7, &[])[..8]);
        self.rest_of(u32::from_be_bytes(answer[8..].try_into().unwrap()) as usize)
    }

    fn rest_of(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// What comes until the other end closes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset is an end too.
        let _ = self.0.read_to_end(&mut bytes);
        bytes
    }
}

/// A call of `appendBatch` with these bodies.
pub fn call(bodies: &[&str]) -> Vec<u8> {
    let mut message = vec![0];
    push_bytes(b"appendBatch", &mut message);
    push_signed(bodies.len() as i64, &mut message);
    for body in bodies {
        message.push(0);
        push_bytes(body.as_bytes(), &mut message);
    }
    message.push(0);
    message
}

/// A server that answers each call as it was told.
pub struct FalseAgent {
    /// Where it listens.
    pub port: u16,
    /// All the calls that came, when the answers are used up.
    pub calls: JoinHandle<Vec<Vec<u8>>>,
}

impl FalseAgent {
    /// Of an answer that is empty the connection's end is all that comes.
    pub fn start(answers: &[&'static [u8]]) -> FalseAgent {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, answers) = (listener.local_addr().unwrap().port(), answers.to_vec());
        let calls = std::thread::spawn(move || {
            let (mut calls, mut answers) = (Vec::new(), answers.into_iter());
            while answers.len() > 0 {
                let mut stream = listener.accept().unwrap().0;
                let mut is_known = false;
                while let Ok((serial, message)) = read(&mut stream) {
                    let answer = match is_known {
                        false => &[0, 0, 0, 0],
                        true => {
                            calls.push(message);
                            answers.next().unwrap()
                        }
                    };
                    is_known = true;
                    if answer.is_empty() || stream.write_all(&framed(serial, answer)).is_err() {
                        break;
                    }
                    if answers.len() == 0 {
                        return calls;
                    }
                }
            }
            calls
        });
        FalseAgent { port, calls }
    }
}

/// A message, and its number.
fn read(stream: &mut TcpStream) -> io::Result<(u32, Vec<u8>)> {
    let mut number = || -> io::Result<u32> {
        let mut bytes = [0; 4];
        stream.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    };
    // One buffer, as our sink sends it.
    let (serial, _, length) = (number()?, number()?, number()?);
    let mut message = vec![0; length as usize];
    stream.read_exact(&mut message)?;
    Ok((serial, message))
}
