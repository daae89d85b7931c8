//! Bodies as they come: within a time and a size, packed or not.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use ruzstd::decoding::StreamingDecoder;

use super::answer::Refusal;
use sstream_rpc::queue::Share;

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// The codings that are taken, for who sends another one.
pub const CODINGS: &str = "gzip, zstd";

impl Coding {
    /// By the header Content-Encoding.
    pub fn of_header(header: &str) -> Option<Coding> {
        match header.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Coding::Plain),
            "gzip" | "x-gzip" => Some(Coding::Gzip),
            "zstd" => Some(Coding::Zstd),
            _ => None,
        }
    }
}

/// How long it is read on of a body that is not taken.
const READ_ON: Duration = Duration::from_secs(2);

/// Reads a body of at most so many bytes, within the time.
///
/// # Errors
/// It is larger, slower, breaks off, or there is no place for it.
pub async fn read(body: &mut Incoming, most: usize, time: Duration, share: &mut Share) -> Result<Vec<u8>, Refusal> {
    if body.size_hint().lower() > most as u64 {
        return Err(Refusal::TooLarge(most));
    }
    let announced = body.size_hint().exact().and_then(|size| usize::try_from(size).ok());
    share.set(announced.unwrap_or(0)).map_err(|_| Refusal::Full)?;
    let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(1 << 20));
    let reading = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refusal::Broken)?;
            let Some(data) = frame.data_ref() else { continue };
            if bytes.len() + data.len() > most {
                return Err(Refusal::TooLarge(most));
            }
            bytes.extend_from_slice(data);
            if announced.is_none() {
                share.set(bytes.len()).map_err(|_| Refusal::Full)?;
            }
        }
        Ok(())
    };
    tokio::time::timeout(time, reading).await.map_err(|_| Refusal::Slow(time))??;
    Ok(bytes)
}

/// Reads on, for a moment, what a client still sends of a body that is not taken. Where a connection is closed with something
/// unread in it, the system tells the client of that, and not of the answer.
pub async fn read_on(mut body: Incoming) {
    let reading = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(READ_ON, reading).await;
}

/// Unpacks a body, to at most so many bytes.
///
/// # Errors
/// It is damaged, becomes larger, or there is no place for it.
pub fn unpack(coding: Coding, packed: Vec<u8>, most: usize, share: &mut Share) -> Result<Vec<u8>, Refusal> {
    let damaged = |error: &dyn std::fmt::Display| Refusal::Bad(format!("the body cannot be unpacked: {error}"));
    match coding {
        Coding::Plain => Ok(packed),
        Coding::Gzip => read_all(&mut MultiGzDecoder::new(&packed[..]), packed.len(), most, share),
        Coding::Zstd => {
            let mut unpacked = Vec::new();
            let mut rest = &packed[..];
            // Frames one after the other.
            while !rest.is_empty() {
                let mut frame = StreamingDecoder::new(&mut rest).map_err(|error| damaged(&error))?;
                let more = read_all(&mut frame, packed.len() + unpacked.len(), most - unpacked.len(), share)?;
                unpacked.extend_from_slice(&more);
            }
            Ok(unpacked)
        }
    }
}

/// Reads to the end, beside `held` bytes that are there already.
fn read_all(from: &mut dyn Read, held: usize, most: usize, share: &mut Share) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    let mut piece = [0; 64 << 10];
    loop {
        let count =
            from.read(&mut piece).map_err(|error| Refusal::Bad(format!("the body cannot be unpacked: {error}")))?;
        if count == 0 {
            return Ok(bytes);
        }
        if bytes.len() + count > most {
            return Err(Refusal::TooLarge(most));
        }
        bytes.extend_from_slice(&piece[..count]);
        share.set(held + bytes.len()).map_err(|_| Refusal::Full)?;
    }
}
