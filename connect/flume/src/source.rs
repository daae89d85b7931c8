//! The Flume source: a server for the avro sinks of agents, that answers OK when events are safe, and FAILED where
//! there is no place.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use sstream::connect::record::{Canonicalizer, push_string};
use sstream::connect::varint::push_signed;
use sstream::connect::{OnCluster, Opened, SourceGuarantee, SourceKind, SourceParts, ToolError, ValueForm};
use sstream_rpc::framed::Input as Connection;
use sstream_rpc::{Ask, Cut, FramedArgs, Front, Intake, Message, Protocol, Reader, Records, tls_advice};

use crate::avro::{Input, Malformed, framed, push_bytes};
use crate::deflate::{Packer, Unpacker};
use crate::{Compression, FAILED, OK, handshake};

/// Buffers of a message at most: an agent's have 8 KiB.
const MOST_BUFFERS: u32 = 1 << 16;

/// Records may have so many times the bytes that a message may: events with nothing in them become longer.
const GROWTH: usize = 4;

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
    #[command(flatten)]
    framed: FramedArgs,

    /// Make objects of the value and of these, several with commas
    #[arg(long, value_enum, value_name = "FIELD,…", value_delimiter = ',', help_heading = "Flume")]
    with: Vec<Field>,

    /// How connections are packed: as the agents' sinks say by compression-type
    #[arg(long, value_enum, default_value = "none", help_heading = "Flume")]
    compression: Compression,
}

/// What else of an event is in its record, which then is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Field {
    /// The headers, an object of strings
    Headers,
    /// The address of the agent, without its port
    Client,
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-flume";

    const ABOUT: &'static str = "Events that agents of Flume send

Takes what an agent's avro sink sends: the calls append and appendBatch of Flume's Avro RPC. An event is a record: its body \
                                 as text, or with --value json as JSON. A call is answered OK when its events are safe: in the \
                                 checkpoint's log, on disk, or without --checkpoint when their batch has left. It is answered \
                                 FAILED, and nothing of it is taken, when the pipeline takes less than comes: the agent keeps \
                                 the events in its channel, and sends them again.

Listens on 127.0.0.1 unless a host is given: 0.0.0.0:4141 listens to everybody. Port 0 is any free port, which stderr tells.";

    const EXAMPLES: &'static str = "  \
  sstream-source flume 4141 --checkpoint ck | sstream-filter ERROR | sstream-sink files out/errors
  sstream-source flume 4141 --with headers --value json | sstream-reduce --by .headers.host count
";

    fn check(&self) -> Result<(), String> {
        self.framed.check()?;
        self.compression.check(self.framed.tls.is_asked())
    }

    fn identity(&self) -> String {
        let mut words = self.framed.identity();
        for (index, field) in self.with.iter().enumerate() {
            words.push_str(if index == 0 { " --with " } else { "," });
            words.push_str(field.to_possible_value().as_ref().map_or("", clap::builder::PossibleValue::get_name));
        }
        words.trim_start().to_owned()
    }

    fn on_cluster(&self) -> OnCluster {
        OnCluster::listens()
    }

    fn guarantee(&self) -> SourceGuarantee {
        SourceGuarantee::Redelivered("with what agents send then, again what was not answered OK")
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let doors = self.framed.doors("flume");
        // An object has each of its fields once.
        let mut with = self.with.clone();
        with.sort_unstable();
        with.dedup();
        let (value, most, compression) =
            (self.framed.value.open()?, self.framed.max_message.saturating_mul(GROWTH), self.compression);
        let (name, console, tls) = (doors.name(), parts.console.clone(), self.framed.tls.acceptor()?);
        Ok(Opened::Records(Box::new(Intake::open(doors, self.framed.waiting, &parts, |queue| {
            Front::new(&self.framed, tls, queue, console, name, move |client| {
                let packer = (compression == Compression::Deflate).then(Packer::default);
                let events =
                    Events { client, value: value.clone(), with: with.clone(), most, json: Canonicalizer::default() };
                Flume { packer, events, serial: 0, is_known: false }
            })
        })?)))
    }
}

/// What is spoken with an agent.
struct Flume {
    packer: Option<Packer>,
    events: Events,
    /// Of the message that was read last.
    serial: u32,
    /// Its protocol is known: calls have no handshake any more.
    is_known: bool,
}

impl Protocol for Flume {
    fn input(&mut self, stream: Connection) -> Connection {
        match self.packer {
            Some(_) => Box::new(Unpacker::new(stream)),
            None => stream,
        }
    }

    async fn read(&mut self, reader: &mut Reader, message: &mut Message) -> Result<(), Cut> {
        self.serial = reader.number().await?;
        let buffers = reader.number().await?;
        if buffers > MOST_BUFFERS {
            let packed =
                "it sends what is no message of Flume's avro sink: is its connection packed, by compression-type?";
            return Err(Cut::Malformed(tls_advice(self.serial).unwrap_or(packed).to_owned()));
        }
        for _ in 0..buffers {
            let length = reader.number().await?;
            reader.bytes(length as usize, message).await?;
        }
        Ok(())
    }

    fn ask(&mut self, message: &Message) -> Result<Ask, Cut> {
        self.call(message).map_err(|what| Cut::Malformed(format!("no call of Flume's avro sink: {what}")))
    }

    fn pack(&mut self, answer: Vec<u8>) -> Vec<u8> {
        match &mut self.packer {
            Some(packer) => packer.pack(&answer),
            None => answer,
        }
    }
}

impl Flume {
    fn call(&mut self, message: &Message) -> Result<Ask, Malformed> {
        let (mut input, mut begins) = (Input(&message.bytes), Vec::new());
        if !self.is_known {
            self.is_known = handshake::answer(&mut input, &mut begins)?;
            if !self.is_known {
                return Ok(Ask::Answer(framed(self.serial, &begins)));
            }
        }
        input.skip_map()?;
        let name = input.bytes()?;
        // An answer: its metadata, which is none, whether it is an error, and what it is.
        let answer = |is_error: bool, rest: &dyn Fn(&mut Vec<u8>)| {
            let mut answer = begins.clone();
            answer.extend_from_slice(&[0, u8::from(is_error)]);
            rest(&mut answer);
            framed(self.serial, &answer)
        };
        let error = |text: &str| {
            answer(true, &|out| {
                // The one kind of error that a call without any of its own has: a string.
                push_signed(0, out);
                push_bytes(text.as_bytes(), out);
            })
        };
        let status = |status: i64| answer(false, &|out| push_signed(status, out));
        let records = match name {
            // Whoever wants the handshake alone.
            b"" => return Ok(Ask::Answer(framed(self.serial, &begins))),
            b"append" | b"appendBatch" if message.is_full => return Ok(Ask::Busy(status(FAILED))),
            b"append" => self.events.one(&mut input),
            b"appendBatch" => self.events.several(&mut input),
            name => {
                let name = String::from_utf8_lossy(name);
                return Ok(Ask::Answer(error(&format!("there is no message {name} here"))));
            }
        };
        match records {
            Ok(records) => Ok(Ask::Take { records, taken: status(OK), later: status(FAILED) }),
            Err(what) => Ok(Ask::Answer(error(what))),
        }
    }
}

/// Makes records of events.
struct Events {
    client: SocketAddr,
    value: ValueForm,
    /// Sorted, each once.
    with: Vec<Field>,
    /// So many bytes of records at most.
    most: usize,
    json: Canonicalizer,
}

impl Events {
    fn one(&mut self, input: &mut Input<'_>) -> Result<Records, Malformed> {
        let mut records = Records::default();
        self.push(input, &mut records)?;
        Ok(records)
    }

    fn several(&mut self, input: &mut Input<'_>) -> Result<Records, Malformed> {
        let mut records = Records::default();
        input.items(|input| self.push(input, &mut records))?;
        Ok(records)
    }

    /// Appends the record of the next event.
    fn push(&mut self, input: &mut Input<'_>, records: &mut Records) -> Result<(), Malformed> {
        let before = records.block.len();
        if before > self.most {
            return Err("its records have more than four times the bytes of --max-message");
        }
        // In an order of their own, each once.
        let mut headers = BTreeMap::new();
        let has_headers = self.with.contains(&Field::Headers);
        input.items(|input| {
            let (name, value) = (input.bytes()?, input.bytes()?);
            if has_headers {
                headers.insert(name, value);
            }
            Ok(())
        })?;
        let body = input.bytes()?;
        let block = &mut records.block;
        for field in &self.with {
            block.push(if block.len() == before { b'{' } else { b',' });
            match field {
                Field::Headers => {
                    block.extend_from_slice(b"\"headers\":{");
                    for (index, (name, value)) in headers.iter().enumerate() {
                        if index > 0 {
                            block.push(b',');
                        }
                        push_string(String::from_utf8_lossy(name).as_bytes(), block);
                        block.push(b':');
                        push_string(String::from_utf8_lossy(value).as_bytes(), block);
                    }
                    block.push(b'}');
                }
                Field::Client => {
                    block.extend_from_slice(b"\"client\":");
                    push_string(self.client.ip().to_canonical().to_string().as_bytes(), block);
                }
            }
        }
        let is_object = block.len() > before;
        if is_object {
            block.extend_from_slice(b",\"value\":");
        }
        if let Err(reason) = self.value.push(body, &mut self.json, block) {
            block.truncate(before);
            records.bad.push((body.to_vec(), reason));
            return Ok(());
        }
        block.extend_from_slice(if is_object { b"}\n" } else { b"\n" });
        records.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(value: ValueForm, with: &[Field], most: usize) -> Events {
        let client = "[::ffff:10.0.0.1]:5".parse().unwrap();
        Events { client, value, with: with.to_vec(), most, json: Canonicalizer::default() }
    }

    fn batch(events: &[(&[(&str, &str)], &str)]) -> Vec<u8> {
        let mut out = Vec::new();
        push_signed(events.len() as i64, &mut out);
        for (headers, body) in events {
            push_signed(headers.len() as i64, &mut out);
            for (name, value) in *headers {
                push_bytes(name.as_bytes(), &mut out);
                push_bytes(value.as_bytes(), &mut out);
            }
            if !headers.is_empty() {
                out.push(0);
            }
            push_bytes(body.as_bytes(), &mut out);
        }
        out.push(0);
        out
    }

    fn made(events: &mut Events, bytes: &[u8]) -> (String, u64, usize) {
        for end in 0..bytes.len() {
            assert!(events.several(&mut Input(&bytes[..end])).is_err(), "{end}");
        }
        let records = events.several(&mut Input(bytes)).unwrap();
        (String::from_utf8(records.block).unwrap(), records.count, records.bad.len())
    }

    #[test]
    fn events_are_records() {
        let bytes = batch(&[(&[("host", "a\""), ("b", "c"), ("b", "d")], "one\n"), (&[], "")]);
        assert_eq!(made(&mut events(ValueForm::Text, &[], 99), &bytes), ("\"one\\n\"\n\"\"\n".to_owned(), 2, 0));
        assert_eq!(
            made(&mut events(ValueForm::Text, &[Field::Headers, Field::Client], 999), &bytes).0,
            "{\"headers\":{\"b\":\"d\",\"host\":\"a\\\"\"},\"client\":\"10.0.0.1\",\"value\":\"one\\n\"}\n\
             {\"headers\":{},\"client\":\"10.0.0.1\",\"value\":\"\"}\n"
        );
        let json = batch(&[(&[], " [1] "), (&[], "{")]);
        assert_eq!(made(&mut events(ValueForm::Json, &[], 99), &json), ("[1]\n".to_owned(), 1, 1));
    }

    /// Whatever a message is, it ends in records, or in an error.
    #[test]
    fn damaged_messages_do_no_harm() {
        let sound = batch(&[(&[("host", "a"), ("b", "c")], "one"), (&[], "two"), (&[("x", "y")], "three")]);
        let mut random = sstream_testkit::random::Random::new(1);
        let mut events = events(ValueForm::Text, &[Field::Headers], 10_000);
        for _ in 0..50_000 {
            let mut bytes = sound.clone();
            for _ in 0..random.between(1, 4) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.number() as u8;
            }
            if let Ok(records) = events.several(&mut Input(&bytes)) {
                assert!(records.count <= bytes.len() as u64);
            }
        }
    }

    /// Events of two bytes each do not become records without end.
    #[test]
    fn records_are_no_more_than_a_few_times_their_message() {
        let bytes = batch(&vec![(&[][..], ""); 1000]);
        let mut events = events(ValueForm::Text, &[Field::Client], 4000);
        assert!(events.several(&mut Input(&bytes)).is_err());
    }
}
