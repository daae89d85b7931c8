//! A WebSocket (RFC 6455), as far as a server needs it that sends texts: what comes from the other
//! side is answered where it asks for an answer, and is of no interest otherwise.

use std::io;

use base64::Engine as _;
use http_body_util::{BodyExt as _, Empty};
use hyper::StatusCode;
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::mpsc;

use super::follow::{Follower, QUIET};
use super::history::News;
use crate::net::http::{self, Request, Response};

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A frame that asks for an answer carries no more than this.
const MOST_OF_CONTROL: u64 = 125;

/// The answer that makes a WebSocket of a connection; none if it was not asked for.
pub fn accept(request: &Request) -> Option<Response> {
    let asks = |name: &str, word: &str| {
        http::header(request, name).split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let key = http::header(request, "sec-websocket-key");
    if !asks("upgrade", "websocket") || !asks("connection", "upgrade") || key.is_empty() {
        return None;
    }
    if http::header(request, "sec-websocket-version") != "13" {
        return None;
    }
    let mut response = Response::new(Empty::new().boxed_unsync());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert("sec-websocket-accept", HeaderValue::from_str(&answer_to(key)).ok()?);
    Some(response)
}

/// What a server answers to a client's key: that it is no other server.
fn answer_to(key: &str) -> String {
    let digest = Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    base64::engine::general_purpose::STANDARD.encode(digest)
}

/// A whole frame.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    match payload.len() {
        length @ 0..126 => frame.push(length as u8),
        length @ 126..0x1_0000 => {
            frame.push(126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// Sends what comes, until the stream or the client ends.
pub async fn send(stream: Upgraded, mut follower: Follower) -> io::Result<()> {
    let (read, mut write) = tokio::io::split(TokioIo::new(stream));
    // One answer may wait; who asks for more before it is sent waits.
    let (answers, mut asked) = mpsc::channel(1);
    let reading = listen(read, answers);
    let writing = async {
        loop {
            let out = tokio::select! {
                answer = asked.recv() => match answer {
                    Some((CLOSE, payload)) => return close(&mut write, &payload).await,
                    Some((kind, payload)) => frame(kind, &payload),
                    None => return Ok(()),
                },
                news = tokio::time::timeout(QUIET, follower.next()) => match news {
                    Err(_) => frame(PING, b""),
                    Ok(News::Batch(entry)) => frame(TEXT, &entry.json),
                    Ok(News::Dropped(batches)) => frame(TEXT, format!("{{\"dropped\":{batches}}}").as_bytes()),
                    // 1000: all is well, and done.
                    Ok(News::End) => return close(&mut write, &1000u16.to_be_bytes()).await,
                },
            };
            write.write_all(&out).await?;
            write.flush().await?;
        }
    };
    tokio::select! {
        gone = reading => gone,
        done = writing => done,
    }
}

async fn close(write: &mut WriteHalf<TokioIo<Upgraded>>, payload: &[u8]) -> io::Result<()> {
    write.write_all(&frame(CLOSE, payload)).await?;
    write.shutdown().await
}

/// Reads frames, and hands on what is to be answered; ends when the client does.
async fn listen(mut read: ReadHalf<TokioIo<Upgraded>>, answers: mpsc::Sender<(u8, Vec<u8>)>) -> io::Result<()> {
    loop {
        let (kind, payload) = read_frame(&mut read).await?;
        let answer = match kind {
            PING => (PONG, payload),
            CLOSE => (CLOSE, payload),
            _ => continue,
        };
        if answers.send(answer).await.is_err() {
            return Ok(());
        }
    }
}

/// The kind of the next frame, and what a frame of control carries; what others do is passed over.
async fn read_frame(read: &mut (impl AsyncRead + Unpin)) -> io::Result<(u8, Vec<u8>)> {
    let (first, second) = (read.read_u8().await?, read.read_u8().await?);
    let length = match second & 0x7f {
        126 => u64::from(read.read_u16().await?),
        127 => read.read_u64().await?,
        length => u64::from(length),
    };
    let kind = first & 0x0f;
    let is_control = kind >= CLOSE;
    // A client masks all that it sends, and a frame of control is short.
    if second & 0x80 == 0 || (is_control && length > MOST_OF_CONTROL) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut mask = [0; 4];
    read.read_exact(&mut mask).await?;
    if !is_control {
        tokio::io::copy(&mut read.take(length), &mut tokio::io::sink()).await?;
        return Ok((kind, Vec::new()));
    }
    let mut payload = vec![0; length as usize];
    read.read_exact(&mut payload).await?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Ok((kind, payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_that_of_the_standard() {
        assert_eq!(answer_to("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn frames_of_every_length() {
        assert_eq!(frame(TEXT, b"Hello"), b"\x81\x05Hello");
        assert_eq!(frame(TEXT, &[0; 256])[..4], [0x81, 126, 1, 0]);
        assert_eq!(frame(TEXT, &[0; 65536])[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_client_s_frames_are_read() {
        let read = |bytes: &[u8]| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let mut rest = bytes;
            runtime.block_on(read_frame(&mut rest)).map_err(|error| error.kind())
        };
        let ping = [0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(read(&ping), Ok((PING, b"Hello".to_vec())));
        assert_eq!(read(&[0x81, 0x81, 1, 2, 3, 4, 5]), Ok((TEXT, Vec::new())), "of no interest");
        assert_eq!(read(&[0x89, 0x00]), Err(io::ErrorKind::InvalidData), "not masked");
        assert_eq!(read(&[0x89, 0xfe, 1, 0]), Err(io::ErrorKind::InvalidData), "too long for a ping");
        assert_eq!(read(&[0x81]), Err(io::ErrorKind::UnexpectedEof));
    }
}
