//! The Scribe source: a server that answers OK when entries are safe, and TRY_LATER where there is no place.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use sstream::connect::record::{Canonicalizer, push_string};
use sstream::connect::{OnCluster, Opened, SourceGuarantee, SourceKind, SourceParts, ToolError, ValueForm};
use sstream_rpc::{Ask, Cut, FramedArgs, Front, Intake, Message, Protocol, Reader, Records, tls_advice};

use crate::thrift::{self, Head, I32, I64, Input, LIST, LONGEST_FRAME, MAP, MessageKind, STRING, STRUCT, push_field};

/// What `Log` is answered when its entries are safe.
pub const OK: i32 = 0;

/// What it is answered when they are to be sent again.
pub const TRY_LATER: i32 = 1;

/// What fb303 says of a server that is well.
const ALIVE: i32 = 2;

/// Thrift's number of an exception: there is no such method.
pub const UNKNOWN_METHOD: i32 = 1;

/// And: what stands in a call is not what the method takes.
const PROTOCOL_ERROR: i32 = 7;

/// What the source takes.
#[derive(Args, Debug)]
pub struct SourceArgs {
    #[command(flatten)]
    framed: FramedArgs,

    /// Make objects of the value and of these, several with commas
    #[arg(long, value_enum, value_name = "FIELD,…", value_delimiter = ',', help_heading = "Scribe")]
    with: Vec<Field>,
}

/// What else of an entry is in its record, which then is an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Field {
    /// The category
    Category,
    /// The address of the client, without its port
    Client,
}

impl SourceKind for SourceArgs {
    const TOOL: &'static str = "sstream-source-scribe";

    const ABOUT: &'static str = "Log entries that others send by Scribe

Takes the calls of Scribe, Log(list of category and message), in Thrift's framed transport and binary protocol, strict \
                                 or not. A call is answered OK when its entries are safe: in the checkpoint's log, on \
                                 disk, or without --checkpoint when their batch has left. It is answered TRY_LATER, and \
                                 nothing of it is taken, when the pipeline takes less than comes: clients send it again.

Listens on 127.0.0.1 unless a host is given: 0.0.0.0:1463 listens to everybody. Port 0 is any free port, which stderr tells.";

    const EXAMPLES: &'static str = "  \
  sstream-source scribe 1463 --checkpoint ck | sstream-filter ERROR | sstream-sink files out/errors
  sstream-source scribe 1463 --with category --value json | sstream-reduce --by .category count
";

    fn check(&self) -> Result<(), String> {
        self.framed.check()
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
        SourceGuarantee::Redelivered("with what clients send then, again what was not answered OK")
    }

    fn open(&self, parts: SourceParts) -> Result<Opened, ToolError> {
        let doors = self.framed.doors("scribe");
        // An object has each of its fields once.
        let mut with = self.with.clone();
        with.sort_unstable();
        with.dedup();
        let (value, since) = (self.framed.value.open()?, now_s());
        let (name, console, tls) = (doors.name(), parts.console.clone(), self.framed.tls.acceptor()?);
        Ok(Opened::Records(Box::new(Intake::open(doors, self.framed.waiting, &parts, |queue| {
            Front::new(&self.framed, tls, queue, console, name, move |client| Scribe {
                client,
                value: value.clone(),
                with: with.clone(),
                since,
                json: Canonicalizer::default(),
            })
        })?)))
    }
}

fn now_s() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs() as i64)
}

/// What is spoken with a client.
struct Scribe {
    client: SocketAddr,
    value: ValueForm,
    /// Sorted, each once.
    with: Vec<Field>,
    /// When the server began, in s.
    since: i64,
    json: Canonicalizer,
}

impl Protocol for Scribe {
    async fn read(&mut self, reader: &mut Reader, message: &mut Message) -> Result<(), Cut> {
        let length = reader.number().await?;
        if length > LONGEST_FRAME {
            // How a strict message begins.
            let unframed = match length & 0xFFFF_0000 == 0x8001_0000 {
                true => "it does not send frames: its transport is to be Thrift's framed one",
                false => "it sends what is no frame of Thrift",
            };
            return Err(Cut::Malformed(unframed.to_owned()));
        }
        let read = reader.bytes(length as usize, message).await;
        read.map_err(|cut| match (&cut, tls_advice(length)) {
            (Cut::TooLarge(_), Some(advice)) => Cut::Malformed(advice.to_owned()),
            _ => cut,
        })
    }

    fn ask(&mut self, message: &Message) -> Result<Ask, Cut> {
        let mut input = Input(&message.bytes);
        let head = input.head().map_err(|what| Cut::Malformed(format!("no message of Thrift: {what}")))?;
        if !matches!(head.kind, MessageKind::Call | MessageKind::Oneway) {
            return Err(Cut::Malformed("it sends an answer, and nobody has asked".to_owned()));
        }
        match head.name {
            b"Log" if message.is_full => Ok(Ask::Busy(result(head, TRY_LATER))),
            b"Log" => match self.records(&mut input) {
                Ok(records) => Ok(Ask::Take { records, taken: result(head, OK), later: result(head, TRY_LATER) }),
                Err(what) => Ok(Ask::Answer(thrift::exception(head, PROTOCOL_ERROR, what))),
            },
            _ if head.kind == MessageKind::Oneway => Ok(Ask::Answer(Vec::new())),
            _ => Ok(Ask::Answer(self.tell(head))),
        }
    }
}

impl Scribe {
    /// The records of the arguments of `Log`.
    fn records(&mut self, input: &mut Input<'_>) -> Result<Records, &'static str> {
        let mut records = Records::default();
        while let Some((kind, id)) = input.field()? {
            if (kind, id) != (LIST, 1) {
                input.skip(kind)?;
                continue;
            }
            let (kind, count) = input.list()?;
            if kind != STRUCT {
                return Err("Log takes a list of structs");
            }
            for _ in 0..count {
                let (mut category, mut message) = (None, None);
                while let Some(field) = input.field()? {
                    match field {
                        (STRING, 1) => category = Some(input.string()?),
                        (STRING, 2) => message = Some(input.string()?),
                        (kind, _) => input.skip(kind)?,
                    }
                }
                // Of one byte each, entries without either would be many times as long as records.
                let (Some(category), Some(message)) = (category, message) else {
                    return Err("an entry has a category and a message");
                };
                self.push(category, message, &mut records);
            }
        }
        Ok(records)
    }

    fn push(&mut self, category: &[u8], message: &[u8], records: &mut Records) {
        let before = records.block.len();
        let block = &mut records.block;
        for field in &self.with {
            block.push(if block.len() == before { b'{' } else { b',' });
            match field {
                Field::Category => {
                    block.extend_from_slice(b"\"category\":");
                    push_string(String::from_utf8_lossy(category).as_bytes(), block);
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
        // Whoever logs lines may send their ends with them.
        let end = message.strip_suffix(b"\n").filter(|_| !self.value.is_binary());
        if let Err(reason) = self.value.push(end.unwrap_or(message), &mut self.json, block) {
            block.truncate(before);
            records.bad.push((message.to_vec(), reason));
            return;
        }
        block.extend_from_slice(if is_object { b"}\n" } else { b"\n" });
        records.count += 1;
    }

    /// What fb303, which every server of Scribe has, asks for.
    fn tell(&self, call: Head<'_>) -> Vec<u8> {
        let text = |text: &'static str| reply(call, STRING, |out| thrift::push_string(text.as_bytes(), out));
        let number = |number: i64| reply(call, I64, |out| out.extend_from_slice(&number.to_be_bytes()));
        match call.name {
            b"getName" => text("sstream"),
            b"getVersion" => text(env!("CARGO_PKG_VERSION")),
            b"getStatus" => result(call, ALIVE),
            b"getStatusDetails" => text(""),
            b"aliveSince" => number(self.since),
            b"getCounter" => number(0),
            // Of strings, or of numbers: there are none.
            b"getCounters" => reply(call, MAP, |out| out.extend_from_slice(&[STRING, I64, 0, 0, 0, 0])),
            b"getOptions" => reply(call, MAP, |out| out.extend_from_slice(&[STRING, STRING, 0, 0, 0, 0])),
            name => {
                let name = String::from_utf8_lossy(name);
                thrift::exception(call, UNKNOWN_METHOD, &format!("there is no method {name} here"))
            }
        }
    }
}

fn reply(call: Head<'_>, kind: u8, value: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    thrift::frame(Head { kind: MessageKind::Reply, ..call }, |out| {
        push_field(kind, 0, out);
        value(out);
    })
}

fn result(call: Head<'_>, code: i32) -> Vec<u8> {
    // Nobody waits for it.
    if call.kind == MessageKind::Oneway {
        return Vec::new();
    }
    reply(call, I32, |out| out.extend_from_slice(&code.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scribe(value: ValueForm, with: &[Field]) -> Scribe {
        let client = "[::ffff:10.0.0.1]:5".parse().unwrap();
        Scribe { client, value, with: with.to_vec(), since: 5, json: Canonicalizer::default() }
    }

    fn made(scribe: &mut Scribe, entries: &[(&str, &str)]) -> (String, u64, usize) {
        let mut bytes = Vec::new();
        push_field(LIST, 1, &mut bytes);
        bytes.push(STRUCT);
        bytes.extend_from_slice(&(entries.len() as u32).to_be_bytes());
        for (category, message) in entries {
            for (id, text) in [(1, category), (2, message)] {
                push_field(STRING, id, &mut bytes);
                thrift::push_string(text.as_bytes(), &mut bytes);
            }
            bytes.push(0);
        }
        bytes.push(0);
        for end in 0..bytes.len() {
            assert!(scribe.records(&mut Input(&bytes[..end])).is_err(), "{end}");
        }
        let records = scribe.records(&mut Input(&bytes)).unwrap();
        (String::from_utf8(records.block).unwrap(), records.count, records.bad.len())
    }

    #[test]
    fn entries_are_records() {
        let entries = [("a", "one\n"), ("b\"", "two\nlines"), ("c", "")];
        assert_eq!(
            made(&mut scribe(ValueForm::Text, &[]), &entries),
            ("\"one\"\n\"two\\nlines\"\n\"\"\n".to_owned(), 3, 0)
        );
        assert_eq!(
            made(&mut scribe(ValueForm::Json, &[Field::Category, Field::Client]), &[("a\"", " [1] "), ("b", "{")]),
            ("{\"category\":\"a\\\"\",\"client\":\"10.0.0.1\",\"value\":[1]}\n".to_owned(), 1, 1)
        );
    }

    /// Whatever ends a line in text, in bytes it is a byte like others: here the number ten.
    #[test]
    fn what_is_no_text_has_no_lines_end() {
        let entries = [("a", "\n"), ("b", "\u{1}")];
        assert_eq!(made(&mut scribe(ValueForm::Msgpack, &[]), &entries), ("10\n1\n".to_owned(), 2, 0));
    }

    /// Whatever a message is, it ends in an answer, an error, or fewer records than it has bytes.
    #[test]
    fn damaged_messages_do_no_harm() {
        let call = Head { is_strict: true, kind: MessageKind::Call, name: b"Log", number: 1 };
        let sound = thrift::frame(call, |out| {
            push_field(LIST, 1, out);
            out.extend_from_slice(&[STRUCT, 0, 0, 0, 2]);
            for text in ["one", "two"] {
                push_field(STRING, 1, out);
                thrift::push_string(b"c", out);
                push_field(STRING, 2, out);
                thrift::push_string(text.as_bytes(), out);
                out.push(0);
            }
        });
        let mut random = sstream_testkit::random::Random::new(1);
        let mut scribe = scribe(ValueForm::Text, &[Field::Category]);
        for _ in 0..50_000 {
            let mut bytes = sound[4..].to_vec();
            for _ in 0..random.between(1, 4) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.number() as u8;
            }
            let mut input = Input(&bytes);
            if input.head().is_ok()
                && let Ok(records) = scribe.records(&mut input)
            {
                assert!(records.count <= bytes.len() as u64);
            }
        }
    }

    /// A list that says that it has more than there are bytes for costs nothing.
    #[test]
    fn a_list_of_two_thousand_million_is_an_error() {
        let bytes = [LIST, 0, 1, STRUCT, 0x7F, 0xFF, 0xFF, 0xFF];
        assert!(scribe(ValueForm::Text, &[]).records(&mut Input(&bytes)).is_err());
    }
}
