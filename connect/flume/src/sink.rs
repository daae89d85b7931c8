//! The Flume sink: a batch is calls of `appendBatch` to an agent's avro source.

use std::io::{self, Read as _, Write as _};

use clap::Args;
use sstream::connect::record::text;
use sstream::connect::varint::push_signed;
use sstream::connect::{
    Program, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, ToolError, only_result, program,
};
use sstream_rpc::outlet::away;
use sstream_rpc::{Calls, OutletArgs, Peer, RpcSink};
use sstream_tables::Fault;
use sstream_tls::stream::Stream;

use crate::avro::{Input, Malformed, framed, push_bytes};
use crate::deflate::{Packer, Unpacker};
use crate::handshake::{self, Match};
use crate::{Compression, FAILED, OK};

/// An answer is a few bytes, or a handshake.
const LONGEST_ANSWER: u32 = 1 << 20;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    #[command(flatten)]
    outlet: OutletArgs,

    /// Events of a call at most: no more than the transactionCapacity of the agent's channel, which is 100 unless told
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Calls")]
    per_call: u32,

    /// A header of every event, and the jq program that gives its value: a string its text, anything else
    /// JSON; without a result the event has none. Several times for several
    #[arg(long, value_name = "NAME=EXPR", value_parser = parse_header, help_heading = "Flume")]
    header: Vec<(String, String)>,

    /// The body: the result of a jq program; no event without a result [default: the record]
    #[arg(long, value_name = "EXPR", help_heading = "Flume")]
    value: Option<String>,

    /// How the connection is packed: as the agent's source says by compression-type
    #[arg(long, value_enum, default_value = "none", help_heading = "Flume")]
    compression: Compression,
}

fn parse_header(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, source)) if !name.is_empty() => Ok((name.to_owned(), source.to_owned())),
        _ => Err("a header is as NAME=EXPR, as host=.host".to_owned()),
    }
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-flume";

    const ABOUT: &'static str = "Events to an agent of Flume

A record is an event: a string its text, anything else its JSON text. A batch is calls of appendBatch to the agent's avro \
                                 source; nothing is sent before its end has come, and it is done with when all of its calls were \
                                 answered OK. An agent that is away, or answers FAILED (its channel is full), is asked again, \
                                 later and later up to every 10 s; of several the next one is.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink flume localhost:4141
  … | sstream-sink flume one:4141 other:4141 --header host=.host --value .message --compression deflate
";

    const DOES: &'static str = "sends every record as an event";

    fn check(&self) -> Result<(), String> {
        for (index, (name, _)) in self.header.iter().enumerate() {
            if self.header[..index].iter().any(|(other, _)| other == name) {
                return Err(format!("--header {name}: an event has each header once"));
            }
        }
        self.compression.check(self.outlet.is_tls())
    }

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::AtLeastOnce("the events of a call that had no answer come again")
    }

    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::Partitions
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let headers: Result<Vec<(String, Program)>, ToolError> = self
            .header
            .into_iter()
            .map(|(name, source)| Ok((name.clone(), program(&format!("--header {name}"), &source, &[])?)))
            .collect();
        let value = self.value.as_deref().map(|source| program("--value", source, &[])).transpose()?;
        let events = Events { headers: headers?, value, compression: self.compression };
        Ok(Box::new(RpcSink::new("flume", self.outlet, self.per_call, events, parts)?))
    }
}

/// Makes events.
struct Events {
    headers: Vec<(String, Program)>,
    value: Option<Program>,
    compression: Compression,
}

impl Calls for Events {
    type Peer = Agent;

    fn greet(&self, stream: Box<dyn Stream>) -> Result<Agent, Fault> {
        let line = match self.compression {
            Compression::None => Line::Plain(stream),
            Compression::Deflate => Line::Packed(Unpacker::new(stream), Packer::default()),
        };
        let mut agent = Agent { line, serial: 0 };
        agent.greet()?;
        Ok(agent)
    }

    fn push(&mut self, record: &[u8], call: &mut Vec<u8>) -> Result<bool, String> {
        let value = match &mut self.value {
            None => None,
            Some(program) => match only_result("--value", program, record)? {
                None => return Ok(false),
                value => value,
            },
        };
        let mut headers = Vec::new();
        for (name, program) in &mut self.headers {
            if let Some(value) = only_result(&format!("--header {name}"), program, record)? {
                headers.push((name.as_bytes(), value));
            }
        }
        if !headers.is_empty() {
            push_signed(headers.len() as i64, call);
        }
        for (name, value) in &headers {
            push_bytes(name, call);
            push_bytes(&text(value), call);
        }
        push_signed(0, call);
        push_bytes(&text(value.as_deref().unwrap_or(record)), call);
        Ok(true)
    }
}

/// A connection to an agent.
struct Agent {
    line: Line,
    /// Of the last call.
    serial: u32,
}

/// How messages go there and answers come.
enum Line {
    Plain(Box<dyn Stream>),
    Packed(Unpacker<Box<dyn Stream>>, Packer),
}

impl Line {
    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let (stream, packed) = match self {
            Line::Plain(stream) => (stream, None),
            Line::Packed(unpacker, packer) => (unpacker.inner(), Some(packer.pack(message))),
        };
        stream.write_all(packed.as_deref().unwrap_or(message))?;
        stream.flush()
    }

    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        match self {
            Line::Plain(stream) => stream.read_exact(bytes),
            Line::Packed(unpacker, _) => unpacker.read_exact(bytes),
        }
    }
}

impl Peer for Agent {
    fn call(&mut self, items: u32, call: &[u8]) -> Result<(), Fault> {
        // No metadata, the name, and an array of one block.
        let mut message = Vec::with_capacity(call.len() + 32);
        message.push(0);
        push_bytes(b"appendBatch", &mut message);
        push_signed(i64::from(items), &mut message);
        message.extend_from_slice(call);
        message.push(0);
        let answer = self.exchange(&message)?;
        judge(&answer).map_err(malformed)?
    }
}

impl Agent {
    /// Makes ourselves known, by a call of nothing.
    fn greet(&mut self) -> Result<(), Fault> {
        let mut server = handshake::FLUMES;
        for is_asked in [false, true] {
            let mut message = Vec::new();
            handshake::push_request(is_asked, &server, &mut message);
            // No metadata, no name.
            message.extend_from_slice(&[0, 0]);
            let answer = self.exchange(&message)?;
            let (matched, hash) = handshake::read_answer(&mut Input(&answer)).map_err(malformed)?;
            if matched != Match::None {
                return Ok(());
            }
            server = hash.unwrap_or(server);
        }
        Err(Fault::Hopeless("it does not know the protocol of Flume's avro source".to_owned()))
    }

    /// Sends a message, and reads its answer.
    fn exchange(&mut self, message: &[u8]) -> Result<Vec<u8>, Fault> {
        self.serial = self.serial.wrapping_add(1);
        self.line.send(&framed(self.serial, message)).map_err(away)?;
        let serial = self.number()?;
        let buffers = self.number()?;
        if serial != self.serial {
            return Err(malformed("its answer is to another message: is the connection packed, at one end alone?"));
        }
        let mut answer = Vec::new();
        for _ in 0..buffers {
            let (length, before) = (self.number()?, answer.len());
            if before + length as usize > LONGEST_ANSWER as usize {
                return Err(malformed("its answer is too long"));
            }
            answer.resize(before + length as usize, 0);
            self.line.read_exact(&mut answer[before..]).map_err(away)?;
        }
        Ok(answer)
    }

    fn number(&mut self) -> Result<u32, Fault> {
        let mut bytes = [0; 4];
        self.line.read_exact(&mut bytes).map_err(away)?;
        Ok(u32::from_be_bytes(bytes))
    }
}

fn malformed(what: Malformed) -> Fault {
    Fault::Hopeless(format!("it answers as no avro source of Flume: {what}"))
}

/// What an answer means.
fn judge(answer: &[u8]) -> Result<Result<(), Fault>, Malformed> {
    let mut input = Input(answer);
    input.skip_map()?;
    if input.take(1)? != [0] {
        input.long()?;
        let words = String::from_utf8_lossy(input.bytes()?).chars().take(200).collect::<String>();
        return Ok(Err(Fault::Again(format!("it fails: {words}"))));
    }
    Ok(match input.long()? {
        OK => Ok(()),
        FAILED => Err(Fault::Again(
            "it says FAILED: its channel is full, or takes fewer events at a time than --per-call".to_owned(),
        )),
        status => Err(Fault::Again(format!("it answers with the status {status}"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        assert_eq!(judge(&[0, 0, 0]), Ok(Ok(())));
        assert!(matches!(judge(&[0, 0, 2]), Ok(Err(Fault::Again(_)))));
        assert_eq!(judge(b"\0\x01\0\x08full"), Ok(Err(Fault::Again("it fails: full".to_owned()))));
        for end in 0..8 {
            assert!(judge(&b"\0\x01\0\x08full"[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn records_are_events() {
        let parse = |source: &str| program("--x", source, &[]).unwrap();
        let headers = vec![("h".to_owned(), parse(".h // empty")), ("n".to_owned(), parse("1.50"))];
        let mut events = Events { headers, value: Some(parse(".v // empty")), compression: Compression::None };
        let mut call = Vec::new();
        assert_eq!(events.push(br#"{"h":"x","v":[1]}"#, &mut call), Ok(true));
        assert_eq!(call, b"\x04\x02h\x02x\x02n\x081.50\0\x06[1]");
        call.clear();
        assert_eq!(events.push(br#"{"v":"text"}"#, &mut call), Ok(true));
        assert_eq!(call, b"\x02\x02n\x081.50\0\x08text");
        assert_eq!(events.push(b"{}", &mut call), Ok(false));
        assert!(events.push(b"1", &mut call).is_err());
    }

    #[test]
    fn headers_have_names() {
        assert_eq!(parse_header("a=.b=1"), Ok(("a".to_owned(), ".b=1".to_owned())));
        assert!(parse_header("=.a").is_err() && parse_header("a").is_err());
    }
}
