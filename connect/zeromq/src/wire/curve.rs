//! CURVE (ZeroMQ's RFC 26): who the other end is, and boxes that only it opens.
//!
//! Each connection has keys of its own, by which messages are shut in, so that what was recorded stays
//! shut when the long-term keys become known later.

use std::ops::Range;

use crypto_box::aead::AeadInPlace as _;
use crypto_box::{Nonce, PublicKey, SalsaBox};

use super::command::{self, SocketKind};
use super::error::{Broken, ZeromqError};
use super::frame;
use super::keys::{KeyPair, random};
use super::link::Link;

const TAG: usize = 16;
/// What a message has beside its own bytes: name, number, tag and flags.
const AROUND: usize = 8 + 8 + TAG + 1;

/// Shuts in what we send and opens what comes.
pub struct Boxes {
    keys: SalsaBox,
    /// What numbers begin with: ours, and the other end's.
    begin: [&'static [u8; 16]; 2],
    /// The number of what was sent last, and received.
    sent: u64,
    received: u64,
}

impl Boxes {
    /// Appends a frame with a part in it.
    pub fn push(&mut self, flags: u8, part: &[u8], out: &mut Vec<u8>) {
        self.sent += 1;
        frame::push_head(0, AROUND + part.len(), out);
        out.extend_from_slice(b"\x07MESSAGE");
        out.extend(self.sent.to_be_bytes());
        let tag = out.len();
        out.extend([0; TAG]);
        // The same bits as in a frame, but for commands.
        out.push(if flags & frame::COMMAND != 0 { 2 } else { flags });
        out.extend_from_slice(part);
        shut(&self.keys, &short(self.begin[0], self.sent), &mut out[tag..]);
    }

    /// Opens a frame's body where it is: its flags, and where the part is in it.
    ///
    /// # Errors
    /// It was not the other end that shut it, or it came before.
    pub fn open(&mut self, body: &mut [u8]) -> Result<(u8, Range<usize>), Broken> {
        if body.len() < AROUND || !body.starts_with(b"\x07MESSAGE") {
            return Err(Broken::passing("what came is no message of CURVE"));
        }
        let number = number(&body[8..16]);
        if number <= self.received {
            return Err(Broken::passing("a message of CURVE came a second time"));
        }
        self.received = number;
        open(&self.keys, &short(self.begin[1], number), &mut body[16..])?;
        let flags = body[AROUND - 1];
        let is_command = if flags & 2 != 0 { frame::COMMAND } else { 0 };
        Ok((flags & frame::MORE | is_command, AROUND..body.len()))
    }
}

/// Lets us in at a server, and makes sure that it is this one.
///
/// # Errors
/// It is not, or does not let us in.
pub async fn client(link: &mut Link, kind: SocketKind, own: &KeyPair, server: &PublicKey) -> Result<Boxes, Broken> {
    let ours = passing_key()?;
    let mut hello = b"\x05HELLO\x01\x00".to_vec();
    hello.extend([0; 72]);
    hello.extend_from_slice(ours.public.as_bytes());
    hello.extend(1u64.to_be_bytes());
    let to_server = SalsaBox::new(server, &ours.secret);
    hello.extend(shut_in(&to_server, &short(b"CurveZMQHELLO---", 1), &[0; 64]));
    link.push_command(&hello);
    link.flush().await?;

    let mut welcome = link.command().await?;
    let rest = command::expect("WELCOME", &welcome)?.len();
    let begin = welcome.len() - rest;
    let content = &mut welcome[begin..];
    if content.len() != 16 + TAG + 32 + 96 {
        return Err(Broken::passing("what came is no welcome of CURVE"));
    }
    let nonce = long(b"WELCOME-", &content[..16]);
    open(&to_server, &nonce, &mut content[16..])?;
    let (theirs, cookie) = content[16 + TAG..].split_at(32);
    let theirs = key(theirs)?;

    let vouch_nonce = random::<16>().map_err(failed)?;
    let vouch = [&ours.public.as_bytes()[..], server.as_bytes()].concat();
    let vouch = shut_in(&SalsaBox::new(&theirs, &own.secret), &long(b"VOUCH---", &vouch_nonce), &vouch);
    let content = [&own.public.as_bytes()[..], &vouch_nonce, &vouch, &command::metadata(kind)].concat();
    let keys = SalsaBox::new(&theirs, &ours.secret);
    let mut initiate = [b"\x08INITIATE", cookie, &2u64.to_be_bytes()].concat();
    initiate.extend(shut_in(&keys, &short(b"CurveZMQINITIATE", 2), &content));
    link.push_command(&initiate);
    link.flush().await?;

    let mut ready = link.command().await?;
    let begin = ready.len() - command::expect("READY", &ready)?.len();
    let content = &mut ready[begin..];
    let (nonce, content) = content.split_at_mut_checked(8).ok_or(Broken::passing("what came is no READY of CURVE"))?;
    let received = number(nonce);
    let metadata = open(&keys, &short(b"CurveZMQREADY---", received), content)?;
    command::check_metadata(kind, metadata)?;
    Ok(Boxes { keys, begin: [b"CurveZMQMESSAGEC", b"CurveZMQMESSAGES"], sent: 2, received })
}

/// Lets a client in, one of these if there are any.
///
/// # Errors
/// It does not know our key, or we do not know its.
pub async fn server(
    link: &mut Link,
    kind: SocketKind,
    own: &KeyPair,
    clients: Option<&[PublicKey]>,
) -> Result<Boxes, Broken> {
    let mut hello = link.command().await?;
    let begin = hello.len() - command::expect("HELLO", &hello)?.len();
    let content = &mut hello[begin..];
    if content.len() != 2 + 72 + 32 + 8 + TAG + 64 || content[0] != 1 {
        return Err(Broken::passing("what came is no HELLO of CURVE"));
    }
    let theirs = key(&content[74..106])?;
    let nonce = short(b"CurveZMQHELLO---", number(&content[106..114]));
    let to_client = SalsaBox::new(&theirs, &own.secret);
    open(&to_client, &nonce, &mut content[114..]).map_err(|_| stranger("does not know our public key"))?;

    // We have not forgotten this connection when the client goes on: so the cookie need hold nothing.
    let (ours, cookie, nonce) = (passing_key()?, random::<96>().map_err(failed)?, random::<16>().map_err(failed)?);
    let content = [&ours.public.as_bytes()[..], &cookie].concat();
    let mut welcome = [b"\x07WELCOME", &nonce[..]].concat();
    welcome.extend(shut_in(&to_client, &long(b"WELCOME-", &nonce), &content));
    link.push_command(&welcome);
    link.flush().await?;

    let mut initiate = link.command().await?;
    let begin = initiate.len() - command::expect("INITIATE", &initiate)?.len();
    let content = &mut initiate[begin..];
    if content.len() < 96 + 8 + TAG + 32 + 16 + TAG + 64 || content[..96] != cookie {
        return Err(Broken::passing("what came is no INITIATE of CURVE"));
    }
    let received = number(&content[96..104]);
    let keys = SalsaBox::new(&theirs, &ours.secret);
    let content = open(&keys, &short(b"CurveZMQINITIATE", received), &mut content[104..])?;
    let (client, rest) = content.split_at_mut(32);
    let (nonce, rest) = rest.split_at_mut(16);
    let (vouch, metadata) = rest.split_at_mut(TAG + 64);
    let client = key(client)?;
    let vouched = open(&SalsaBox::new(&client, &ours.secret), &long(b"VOUCH---", nonce), vouch)?;
    if vouched[..32] != *theirs.as_bytes() || vouched[32..] != *own.public.as_bytes() {
        return Err(stranger("is not who it says"));
    }
    if clients.is_some_and(|clients| !clients.contains(&client)) {
        link.push_command(b"\x05ERROR\x03400");
        link.flush().await?;
        return Err(stranger("has a key that is not in --curve-clients"));
    }
    command::check_metadata(kind, metadata)?;
    let mut ready = [b"\x05READY", &1u64.to_be_bytes()[..]].concat();
    ready.extend(shut_in(&keys, &short(b"CurveZMQREADY---", 1), &command::metadata(kind)));
    link.push_command(&ready);
    link.flush().await?;
    Ok(Boxes { keys, begin: [b"CurveZMQMESSAGES", b"CurveZMQMESSAGEC"], sent: 1, received })
}

fn stranger(does: &str) -> Broken {
    Broken::Refused(format!("a client {does}"))
}

fn failed(error: ZeromqError) -> Broken {
    Broken::Passing(error.to_string())
}

/// The keys of one connection.
fn passing_key() -> Result<KeyPair, Broken> {
    KeyPair::random().map_err(failed)
}

fn key(bytes: &[u8]) -> Result<PublicKey, Broken> {
    PublicKey::from_slice(bytes).map_err(|_| Broken::passing("what came is no key of CURVE"))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn short(begin: &[u8; 16], number: u64) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[..16].copy_from_slice(begin);
    nonce[16..].copy_from_slice(&number.to_be_bytes());
    nonce
}

fn long(begin: &[u8; 8], rest: &[u8]) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[..8].copy_from_slice(begin);
    nonce[8..].copy_from_slice(rest);
    nonce
}

/// Shuts in what stands behind room for a tag.
fn shut(keys: &SalsaBox, nonce: &Nonce, tag_and_text: &mut [u8]) {
    let (tag, text) = tag_and_text.split_at_mut(TAG);
    // It fails for texts of 256 GiB alone, and then the other end does not open it.
    if let Ok(made) = keys.encrypt_in_place_detached(nonce, b"", text) {
        tag.copy_from_slice(&made);
    }
}

fn shut_in(keys: &SalsaBox, nonce: &Nonce, text: &[u8]) -> Vec<u8> {
    let mut out = vec![0; TAG + text.len()];
    out[TAG..].copy_from_slice(text);
    shut(keys, nonce, &mut out);
    out
}

/// Opens a box where it is; what is in it.
fn open<'b>(keys: &SalsaBox, nonce: &Nonce, tag_and_text: &'b mut [u8]) -> Result<&'b mut [u8], Broken> {
    let not_ours = || Broken::passing("a box of CURVE that our key does not open");
    let (tag, text) = tag_and_text.split_at_mut_checked(TAG).ok_or_else(not_ours)?;
    let opened = keys.decrypt_in_place_detached(nonce, b"", text, (&*tag).into());
    opened.map(|()| text).map_err(|_| not_ours())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Boxes, Boxes) {
        let (one, other) = (KeyPair::from([7; 32]), KeyPair::from([9; 32]));
        let begin: [&'static [u8; 16]; 2] = [b"CurveZMQMESSAGEC", b"CurveZMQMESSAGES"];
        let boxes = |keys, begin| Boxes { keys, begin, sent: 2, received: 1 };
        let client = boxes(SalsaBox::new(&other.public, &one.secret), begin);
        (client, boxes(SalsaBox::new(&one.public, &other.secret), [begin[1], begin[0]]))
    }

    #[test]
    fn what_is_shut_in_is_opened_once() {
        let (mut client, mut server) = pair();
        let mut out = Vec::new();
        client.push(frame::MORE, b"part", &mut out);
        let body = frame::read(&out, 1000).unwrap().unwrap().body;
        let (mut first, mut again, mut changed) =
            (out[body.clone()].to_vec(), out[body.clone()].to_vec(), out[body].to_vec());
        *changed.last_mut().unwrap() ^= 1;
        assert!(pair().1.open(&mut changed).is_err(), "a bit is another one");
        let (flags, part) = server.open(&mut first).unwrap();
        assert_eq!((flags, &first[part]), (frame::MORE, &b"part"[..]));
        assert!(server.open(&mut again).unwrap_err().to_string().contains("second time"));
        assert!(server.open(&mut []).is_err());
    }
}
