//! Packets of MQTT 3.1.1 and 5, as bytes.
//!
//! A packet is a byte of type and flags, its length in seven bits a byte, and its content. Version 5 has
//! properties in most of them, in front of the payload: what nothing here asks for is passed over.

use std::fmt;

use sstream::connect::varint;

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Version {
    /// 3.1.1
    #[value(name = "3.1.1")]
    V3,
    /// 5
    #[default]
    #[value(name = "5")]
    V5,
}

/// A message's acknowledgements, or their step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ack {
    /// PUBACK: a message of QoS 1 is taken.
    Taken,
    /// PUBREC: one of QoS 2 is received.
    Received,
    /// PUBREL: it may be forgotten by who received it.
    Release,
    /// PUBCOMP: it is.
    Complete,
}

impl Ack {
    fn first_byte(self) -> u8 {
        match self {
            Ack::Taken => 0x40,
            Ack::Received => 0x50,
            // Its flags are fixed.
            Ack::Release => 0x62,
            Ack::Complete => 0x70,
        }
    }
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publish {
    /// Its topic.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// 0, 1 or 2.
    pub qos: u8,
    /// It was kept for who subscribes later; or is to be.
    pub retain: bool,
    /// It may have come before.
    pub dup: bool,
    /// Its number on this connection; none with QoS 0.
    pub id: u16,
    /// User properties (version 5).
    pub properties: Vec<(String, String)>,
}

impl Publish {
    /// How long it is as a packet with no properties, in bytes, or a few more.
    pub fn length(&self) -> usize {
        self.topic.len() + self.payload.len() + 16
    }
}

/// What begins a connection.
#[derive(Clone, Debug)]
pub struct Connect<'c> {
    /// Who we are.
    pub client_id: &'c str,
    /// Begin with no session of before.
    pub clean: bool,
    /// How long the broker keeps the session after us, in s (version 5).
    pub session_expiry_s: u32,
    /// How many messages of QoS 1 and 2 we hold unacknowledged (version 5).
    pub receive_maximum: u16,
    /// The longest silence, in s; 0 is any.
    pub keep_alive_s: u16,
    /// User and password.
    pub user: Option<(&'c str, &'c str)>,
    /// What the broker is to tell others when we are gone and have not said good-bye.
    pub will: Option<&'c Will>,
}

/// A last will: a message of QoS 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: String,
    /// It is kept for who subscribes later.
    pub retain: bool,
}

/// A packet that a broker sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// The answer to a connect.
    Connected {
        /// The broker still had the session.
        session: bool,
        /// 0, or why not.
        code: u8,
        /// How many messages of QoS 1 and 2 it takes unacknowledged.
        receive_maximum: u16,
        /// The longest packet that it takes, in bytes.
        longest: usize,
    },
    /// A message.
    Publish(Publish),
    /// A step of an acknowledgement, with the message's number and, from 0x80 on, why it failed.
    Ack(Ack, u16, u8),
    /// The answer to a subscribe: a code for each filter.
    Subscribed(Vec<u8>),
    /// The answer to a ping.
    Pong,
    /// The broker ends the connection, for this reason (version 5).
    Disconnect(u8),
}

/// What came is no packet that a broker may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "what came is no MQTT: {}", self.0)
    }
}

/// The longest packet that there is, in bytes.
pub const LONGEST: usize = 268_435_455;

impl Version {
    /// Appends a CONNECT.
    pub fn push_connect(self, connect: &Connect<'_>, out: &mut Vec<u8>) {
        let mut content = Vec::new();
        push_text("MQTT", &mut content);
        content.push(if self == Version::V5 { 5 } else { 4 });
        let will = connect.will.map_or(0, |will| 0x0C | u8::from(will.retain) << 5);
        let flags = if connect.user.is_some() { 0xC0 } else { 0 } | will | u8::from(connect.clean) << 1;
        content.push(flags);
        content.extend(connect.keep_alive_s.to_be_bytes());
        if self == Version::V5 {
            content.extend([8, 0x11]);
            content.extend(connect.session_expiry_s.to_be_bytes());
            content.push(0x21);
            content.extend(connect.receive_maximum.to_be_bytes());
        }
        push_text(connect.client_id, &mut content);
        if let Some(will) = connect.will {
            if self == Version::V5 {
                content.push(0);
            }
            push_text(&will.topic, &mut content);
            push_text(&will.payload, &mut content);
        }
        if let Some((user, password)) = connect.user {
            push_text(user, &mut content);
            push_text(password, &mut content);
        }
        push_packet(0x10, &content, out);
    }

    /// Appends a SUBSCRIBE, number 1.
    pub fn push_subscribe(self, filters: &[String], qos: u8, out: &mut Vec<u8>) {
        let mut content = vec![0, 1];
        if self == Version::V5 {
            content.push(0);
        }
        for filter in filters {
            push_text(filter, &mut content);
            content.push(qos);
        }
        push_packet(0x82, &content, out);
    }

    /// Appends a message.
    pub fn push_publish(self, message: &Publish, out: &mut Vec<u8>) {
        let mut content = Vec::with_capacity(message.topic.len() + message.payload.len() + 8);
        push_text(&message.topic, &mut content);
        if message.qos > 0 {
            content.extend(message.id.to_be_bytes());
        }
        if self == Version::V5 {
            let mut properties = Vec::new();
            for (name, value) in &message.properties {
                properties.push(0x26);
                push_text(name, &mut properties);
                push_text(value, &mut properties);
            }
            varint::push(properties.len() as u64, &mut content);
            content.extend(properties);
        }
        content.extend_from_slice(&message.payload);
        let first = 0x30 | u8::from(message.dup) << 3 | message.qos << 1 | u8::from(message.retain);
        push_packet(first, &content, out);
    }

    /// Reads the first packet of `bytes`, and says how long it was; nothing if it is not whole yet.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(self, bytes: &[u8]) -> Result<Option<(Packet, usize)>, Malformed> {
        let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
        let Some((length, taken)) = length(rest)? else { return Ok(None) };
        let Some(content) = rest.get(taken..taken + length) else { return Ok(None) };
        let packet = self.parse(*first, Content(content))?;
        Ok(Some((packet, 1 + taken + length)))
    }

    fn parse(self, first: u8, mut content: Content<'_>) -> Result<Packet, Malformed> {
        let is_new = self == Version::V5;
        Ok(match first >> 4 {
            2 => {
                let (session, code) = (content.byte()? & 1 == 1, content.byte()?);
                let (mut receive_maximum, mut longest) = (u16::MAX, LONGEST);
                if is_new && !content.0.is_empty() {
                    content.properties(|id, mut value| {
                        match id {
                            0x21 => receive_maximum = value.number()?,
                            0x27 => longest = usize::from(value.number()?) << 16 | usize::from(value.number()?),
                            _ => {}
                        }
                        Ok(())
                    })?;
                }
                Packet::Connected { session, code, receive_maximum, longest }
            }
            3 => {
                let (dup, qos, retain) = (first & 8 != 0, first >> 1 & 3, first & 1 != 0);
                if qos > 2 {
                    return Err(Malformed("a QoS of 3"));
                }
                let topic = content.text()?;
                let id = if qos > 0 { content.number()? } else { 0 };
                let mut properties = Vec::new();
                if is_new {
                    content.properties(|id, mut value| {
                        if id == 0x26 {
                            properties.push((value.text()?, value.text()?));
                        }
                        Ok(())
                    })?;
                }
                Packet::Publish(Publish { topic, payload: content.0.to_vec(), qos, retain, dup, id, properties })
            }
            kind @ 4..=7 => {
                let ack = [Ack::Taken, Ack::Received, Ack::Release, Ack::Complete][usize::from(kind - 4)];
                let id = content.number()?;
                Packet::Ack(ack, id, if is_new { content.byte().unwrap_or(0) } else { 0 })
            }
            9 => {
                content.number()?;
                if is_new {
                    content.properties(|_, _| Ok(()))?;
                }
                Packet::Subscribed(content.0.to_vec())
            }
            13 => Packet::Pong,
            14 if is_new => Packet::Disconnect(content.byte().unwrap_or(0)),
            _ => return Err(Malformed("a packet of another type")),
        })
    }
}

/// Appends a step of an acknowledgement.
pub fn push_ack(ack: Ack, id: u16, out: &mut Vec<u8>) {
    push_packet(ack.first_byte(), &id.to_be_bytes(), out);
}

/// Appends a PINGREQ.
pub fn push_ping(out: &mut Vec<u8>) {
    push_packet(0xC0, &[], out);
}

/// Appends a DISCONNECT, after which the session is kept as it was agreed.
pub fn push_disconnect(out: &mut Vec<u8>) {
    push_packet(0xE0, &[], out);
}

fn push_packet(first: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(first);
    varint::push(content.len() as u64, out);
    out.extend_from_slice(content);
}

/// A text has two bytes of length: what is longer is refused before it comes here.
fn push_text(text: &str, out: &mut Vec<u8>) {
    let text = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
    out.extend((text.len() as u16).to_be_bytes());
    out.extend_from_slice(text);
}

/// A length in seven bits a byte, and how many bytes that took.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, Malformed> {
    let begin = &bytes[..bytes.len().min(4)];
    let mut rest = begin;
    match varint::take(&mut rest) {
        Some(length) => Ok(Some((length as usize, begin.len() - rest.len()))),
        None if begin.len() < 4 => Ok(None),
        None => Err(Malformed("a length of more than four bytes")),
    }
}

/// What is left of a packet's content.
#[derive(Clone, Copy)]
struct Content<'p>(&'p [u8]);

impl<'p> Content<'p> {
    fn take(&mut self, count: usize) -> Result<&'p [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed("a packet that is too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> Result<u16, Malformed> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn text(&mut self) -> Result<String, Malformed> {
        let length = self.number()?;
        let bytes = self.take(usize::from(length))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn length(&mut self) -> Result<usize, Malformed> {
        let (length, taken) = length(self.0)?.ok_or(Malformed("a packet that is too short"))?;
        self.take(taken)?;
        Ok(length)
    }

    /// Each property, and what its value begins with.
    fn properties(&mut self, mut each: impl FnMut(u8, Content<'p>) -> Result<(), Malformed>) -> Result<(), Malformed> {
        let length = self.length()?;
        let mut rest = Content(self.take(length)?);
        while !rest.0.is_empty() {
            let id = rest.byte()?;
            each(id, rest)?;
            match id {
                0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2A => drop(rest.take(1)?),
                0x13 | 0x21 | 0x22 | 0x23 => drop(rest.take(2)?),
                0x02 | 0x11 | 0x18 | 0x27 => drop(rest.take(4)?),
                0x0B => drop(rest.length()?),
                0x03 | 0x08 | 0x09 | 0x12 | 0x15 | 0x16 | 0x1A | 0x1C | 0x1F => {
                    let length = rest.number()?;
                    rest.take(usize::from(length))?;
                }
                0x26 => {
                    for _ in 0..2 {
                        let length = rest.number()?;
                        rest.take(usize::from(length))?;
                    }
                }
                _ => return Err(Malformed("a property that there is not")),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
