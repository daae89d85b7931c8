//! How both ends know that they speak the same protocol: each has a hash of its text, and who does not know
//! the other's hash is sent the text.
//!
//! The hash of Flume's own text, which has not changed since its first version, is known; so that against
//! Flume one hash each way is enough. Somebody else's text is looked at for whether its events are Flume's.

use sstream::connect::record::{canonicalize, elements, field};
use sstream::connect::varint::push_signed;

use crate::avro::{Input, Malformed, push_bytes};

/// Of Flume's own text of the protocol (MD5).
pub const FLUMES: [u8; 16] = 0x86aa_dae2_c454_74c0_fe93_ffd0_f235_0a65_u128.to_be_bytes();

/// Our text of it.
pub const TEXT: &str = include_str!("protocol.json");

/// And its hash.
pub const OURS: [u8; 16] = 0x30da_5405_9df7_2d95_84b8_67d5_202e_2069_u128.to_be_bytes();

/// What the server says of the client's hash, and of what the client thinks to be the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// Both are right.
    Both = 0,
    /// The client is known; the server has another hash.
    Client = 1,
    /// The client is not known: it is to send its text.
    None = 2,
}

/// Reads what a client says at first; what it is answered, and whether it is known now.
///
/// # Errors
/// It is malformed, or its protocol is not Flume's.
pub fn answer(input: &mut Input<'_>, out: &mut Vec<u8>) -> Result<bool, Malformed> {
    let client = input.take(16)?;
    let text = input.optional(Input::bytes)?;
    let server = input.take(16)?;
    input.optional(Input::skip_map)?;
    let is_known = match text {
        Some(text) if !is_flumes(text) => return Err("its protocol has no append of Flume's events"),
        Some(_) => true,
        None => client == FLUMES || client == OURS,
    };
    let matched = match (is_known, server == FLUMES || server == OURS) {
        (true, true) => Match::Both,
        (true, false) => Match::Client,
        (false, _) => Match::None,
    };
    push_signed(matched as i64, out);
    if matched == Match::Both {
        out.extend_from_slice(&[0, 0]);
    } else {
        push_signed(1, out);
        push_bytes(TEXT.as_bytes(), out);
        push_signed(1, out);
        out.extend_from_slice(&OURS);
    }
    out.push(0);
    Ok(is_known)
}

/// Appends what a client says at first: with our text once it is asked for.
pub fn push_request(is_asked: bool, server: &[u8; 16], out: &mut Vec<u8>) {
    match is_asked {
        false => {
            out.extend_from_slice(&FLUMES);
            push_signed(0, out);
        }
        true => {
            out.extend_from_slice(&OURS);
            push_signed(1, out);
            push_bytes(TEXT.as_bytes(), out);
        }
    }
    out.extend_from_slice(server);
    push_signed(0, out);
}

/// Reads what a server answers: whether we are known, and its hash if it is another one than we thought.
///
/// # Errors
/// It is malformed, or its protocol is not Flume's.
pub fn read_answer(input: &mut Input<'_>) -> Result<(Match, Option<[u8; 16]>), Malformed> {
    let matched = match input.long()? {
        0 => Match::Both,
        1 => Match::Client,
        2 => Match::None,
        _ => return Err("a handshake's answer that is not known"),
    };
    let text = input.optional(Input::bytes)?;
    let hash = input.optional(|input| input.take(16))?;
    input.optional(Input::skip_map)?;
    if text.is_some_and(|text| !is_flumes(text)) {
        return Err("its protocol has no append of Flume's events");
    }
    Ok((matched, hash.and_then(|hash| hash.try_into().ok())))
}

/// Whether a protocol's events are Flume's, however else it is written.
fn is_flumes(text: &[u8]) -> bool {
    let mut json = Vec::new();
    if canonicalize(text, &mut json).is_err() {
        return false;
    }
    // A type is its name, or an object that has it.
    let is = |of: Option<&[u8]>, name: &[u8]| {
        of.is_some_and(|of| of == name || of.first() == Some(&b'{') && field(of, b"type") == Some(name))
    };
    let types = field(&json, b"types").unwrap_or_default();
    let Some(event) = elements(types).find(|one| field(one, b"name") == Some(b"\"AvroFlumeEvent\"")) else {
        return false;
    };
    let mut fields = elements(field(event, b"fields").unwrap_or_default());
    let (headers, body) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    let map = field(headers, b"type");
    field(headers, b"name") == Some(b"\"headers\"")
        && is(map, b"\"map\"")
        && is(map.and_then(|map| field(map, b"values")), b"\"string\"")
        && field(body, b"name") == Some(b"\"body\"")
        && is(field(body, b"type"), b"\"bytes\"")
        && fields.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(client: &[u8; 16], text: Option<&str>, server: &[u8; 16]) -> Result<(bool, Match), Malformed> {
        let mut request = client.to_vec();
        push_signed(i64::from(text.is_some()), &mut request);
        text.into_iter().for_each(|text| push_bytes(text.as_bytes(), &mut request));
        request.extend_from_slice(server);
        push_signed(0, &mut request);
        for end in 0..request.len() {
            assert!(answer(&mut Input(&request[..end]), &mut Vec::new()).is_err(), "{end}");
        }
        let mut out = Vec::new();
        let is_known = answer(&mut Input(&request), &mut out)?;
        let mut input = Input(&out);
        let (matched, hash) = read_answer(&mut input).unwrap();
        assert_eq!((input.0.len(), hash), (0, (matched != Match::Both).then_some(OURS)));
        Ok((is_known, matched))
    }

    #[test]
    fn who_is_known_is_let_in_and_who_is_not_sends_its_text() {
        assert_eq!(asked(&FLUMES, None, &FLUMES), Ok((true, Match::Both)));
        assert_eq!(asked(&FLUMES, None, &[7; 16]), Ok((true, Match::Client)));
        assert_eq!(asked(&[7; 16], None, &FLUMES), Ok((false, Match::None)));
        assert_eq!(asked(&[7; 16], Some(TEXT), &OURS), Ok((true, Match::Both)));
        assert!(asked(&[7; 16], Some("{\"protocol\":\"Mail\",\"types\":[]}"), &OURS).is_err());
        assert!(asked(&[7; 16], Some("{"), &OURS).is_err());
    }

    #[test]
    fn a_client_says_what_a_server_reads() {
        for is_asked in [false, true] {
            let (mut request, mut out) = (Vec::new(), Vec::new());
            push_request(is_asked, &FLUMES, &mut request);
            let mut input = Input(&request);
            assert_eq!((answer(&mut input, &mut out), input.0.len()), (Ok(true), 0));
        }
    }

    #[test]
    fn events_are_flumes_however_they_are_written() {
        // As a compiler for Java writes it.
        let java =
            TEXT.replace("\"values\":\"string\"", "\"values\": {\"type\":\"string\",\"avro.java.string\":\"String\"}");
        assert!(is_flumes(java.as_bytes()) && java != TEXT);
        for (from, to) in [("\"bytes\"", "\"string\""), ("headers", "header"), ("\"map\"", "\"array\"")] {
            assert!(!is_flumes(TEXT.replace(from, to).as_bytes()), "{from}");
        }
    }
}
