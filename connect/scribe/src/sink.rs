//! The Scribe sink: a batch is calls of `Log`.

use std::io::{Read as _, Write as _};

use clap::Args;
use sstream::connect::record::{Kind, kind, text};
use sstream::connect::{
    Program, Sink, SinkGuarantee, SinkKind, SinkOnCluster, SinkParts, ToolError, only_result, program,
};
use sstream_rpc::{Calls, OutletArgs, Peer, RpcSink, outlet::away};
use sstream_tables::Fault;
use sstream_tls::stream::Stream;

use crate::source::{OK, TRY_LATER, UNKNOWN_METHOD};
use crate::thrift::{self, Head, I32, Input, LIST, MessageKind, STRING, STRUCT, push_field, push_string};

/// An answer is a few bytes.
const LONGEST_ANSWER: u32 = 1 << 20;

/// What the sink takes.
#[derive(Args, Debug)]
pub struct SinkArgs {
    #[command(flatten)]
    outlet: OutletArgs,

    /// Entries of a call at most
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Calls")]
    per_call: u32,

    /// The category: the result, a string, of a jq program; no entry without a result. One category for all
    /// is '"alerts"'
    #[arg(long, value_name = "EXPR", help_heading = "Scribe")]
    category: String,

    /// The message: the result of a jq program; no entry without a result [default: the record]
    #[arg(long, value_name = "EXPR", help_heading = "Scribe")]
    value: Option<String>,
}

impl SinkKind for SinkArgs {
    const TOOL: &'static str = "sstream-sink-scribe";

    const ABOUT: &'static str = "Log entries to Scribe

A record is an entry: a string its text, anything else its JSON text. A batch is calls of Log, in Thrift's framed \
                                 transport and strict binary protocol; nothing is sent before its end has come, and it is done with \
                                 when all of its calls were answered OK. A server that is away, or answers TRY_LATER, is asked \
                                 again, later and later up to every 10 s; of several the next one is.";

    const EXAMPLES: &'static str = "  \
  … | sstream-sink scribe localhost:1463 --category '\"alerts\"'
  … | sstream-sink scribe one:1463 other:1463 --category .category --value .value
";

    const DOES: &'static str = "sends every record as a log entry";

    fn guarantee(&self) -> SinkGuarantee {
        SinkGuarantee::AtLeastOnce("the entries of a call that had no answer come again")
    }

    fn on_cluster(&self) -> SinkOnCluster {
        SinkOnCluster::Partitions
    }

    fn open<'a>(self, parts: SinkParts<'a>) -> Result<Box<dyn Sink + 'a>, ToolError> {
        let category = program("--category", &self.category, &[]).map_err(|error| match error {
            ToolError::Usage(message) => {
                let category = &self.category;
                ToolError::Usage(format!("{message} (it is a jq program: one category for all is '\"{category}\"')"))
            }
            other => other,
        })?;
        let value = self.value.as_deref().map(|source| program("--value", source, &[])).transpose()?;
        Ok(Box::new(RpcSink::new("scribe", self.outlet, self.per_call, Entries { category, value }, parts)?))
    }
}

/// Makes entries.
struct Entries {
    category: Program,
    value: Option<Program>,
}

impl Calls for Entries {
    type Peer = Scribe;

    fn greet(&self, stream: Box<dyn Stream>) -> Result<Scribe, Fault> {
        Ok(Scribe { stream, number: 0 })
    }

    fn push(&mut self, record: &[u8], call: &mut Vec<u8>) -> Result<bool, String> {
        let Some(category) = only_result("--category", &mut self.category, record)? else { return Ok(false) };
        if kind(&category) != Some(Kind::String) || category == b"\"\"" {
            let shown = String::from_utf8_lossy(&category).into_owned();
            return Err(format!("--category gives {shown}, and a category is a string that is not empty"));
        }
        let value = match &mut self.value {
            None => None,
            Some(program) => match only_result("--value", program, record)? {
                None => return Ok(false),
                value => value,
            },
        };
        push_field(STRING, 1, call);
        push_string(&text(&category), call);
        push_field(STRING, 2, call);
        push_string(&text(value.as_deref().unwrap_or(record)), call);
        call.push(0);
        Ok(true)
    }
}

/// A connection to a server.
struct Scribe {
    stream: Box<dyn Stream>,
    /// Of the last call.
    number: i32,
}

impl Peer for Scribe {
    fn call(&mut self, items: u32, call: &[u8]) -> Result<(), Fault> {
        self.number = self.number.wrapping_add(1);
        let head = Head { is_strict: true, kind: MessageKind::Call, name: b"Log", number: self.number };
        let message = thrift::frame(head, |out| {
            push_field(LIST, 1, out);
            out.push(STRUCT);
            out.extend_from_slice(&items.to_be_bytes());
            out.extend_from_slice(call);
        });
        self.stream.write_all(&message).and_then(|()| self.stream.flush()).map_err(away)?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).map_err(away)?;
        let length = u32::from_be_bytes(length);
        if length > LONGEST_ANSWER {
            return Err(Fault::Hopeless("it answers with what is no frame of Thrift".to_owned()));
        }
        let mut answer = vec![0; length as usize];
        self.stream.read_exact(&mut answer).map_err(away)?;
        judge(&answer, self.number)
    }
}

/// What an answer means.
fn judge(answer: &[u8], number: i32) -> Result<(), Fault> {
    let hopeless = |what: &str| Fault::Hopeless(format!("it answers with no answer of Scribe: {what}"));
    let mut input = Input(answer);
    let head = input.head().map_err(hopeless)?;
    if head.number != number {
        return Err(Fault::Away(format!("it answers call {}, and was asked {number}", head.number)));
    }
    let (mut code, mut words) = (None, String::new());
    while let Some(field) = input.field().map_err(hopeless)? {
        match (head.kind, field) {
            (MessageKind::Reply, (I32, 0)) | (MessageKind::Exception, (I32, 2)) => {
                code = Some(input.i32().map_err(hopeless)?)
            }
            (MessageKind::Exception, (STRING, 1)) => {
                words = String::from_utf8_lossy(input.string().map_err(hopeless)?).chars().take(200).collect();
            }
            (_, (kind, _)) => input.skip(kind).map_err(hopeless)?,
        }
    }
    match (head.kind, code) {
        (MessageKind::Reply, Some(OK)) => Ok(()),
        (MessageKind::Reply, Some(TRY_LATER)) => Err(Fault::Again("it says TRY_LATER".to_owned())),
        (MessageKind::Exception, Some(UNKNOWN_METHOD)) => {
            Err(Fault::Hopeless(format!("it has no method Log: {words}")))
        }
        (MessageKind::Exception, _) => Err(Fault::Again(format!("it fails: {words}"))),
        (_, Some(code)) => Err(hopeless(&format!("the result {code}"))),
        (_, None) => Err(hopeless("there is no result")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let call = Head { is_strict: false, kind: MessageKind::Call, name: b"Log", number: 7 };
        let result = |code: i32| {
            thrift::frame(Head { kind: MessageKind::Reply, ..call }, |out| {
                push_field(I32, 0, out);
                out.extend_from_slice(&code.to_be_bytes());
            })
        };
        assert_eq!(judge(&result(OK)[4..], 7), Ok(()));
        assert!(matches!(judge(&result(TRY_LATER)[4..], 7), Err(Fault::Again(_))));
        assert!(matches!(judge(&result(5)[4..], 7), Err(Fault::Hopeless(_))));
        assert!(matches!(judge(&result(OK)[4..], 8), Err(Fault::Away(_))));
        let unknown = thrift::exception(call, UNKNOWN_METHOD, "no Log");
        assert_eq!(judge(&unknown[4..], 7), Err(Fault::Hopeless("it has no method Log: no Log".to_owned())));
        let failed = thrift::exception(call, 6, "disk full");
        assert_eq!(judge(&failed[4..], 7), Err(Fault::Again("it fails: disk full".to_owned())));
        for end in 4..failed.len() - 1 {
            assert!(judge(&failed[4..end], 7).is_err(), "{end}");
        }
    }

    #[test]
    fn records_are_entries() {
        let parse = |source: &str| program("--x", source, &[]).unwrap();
        let mut entries = Entries { category: parse(".c?"), value: Some(parse(".v")) };
        let mut call = Vec::new();
        assert_eq!(entries.push(br#"{"c":"a","v":[1.50]}"#, &mut call), Ok(true));
        assert_eq!(call, b"\x0B\0\x01\0\0\0\x01a\x0B\0\x02\0\0\0\x06[1.50]\0");
        assert_eq!(entries.push(b"1", &mut call), Ok(false));
        for wrong in [r#"{"c":1}"#, r#"{"c":""}"#] {
            assert!(entries.push(wrong.as_bytes(), &mut call).is_err(), "{wrong}");
        }
    }
}
