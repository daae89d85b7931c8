//! Control lines: head, block header, end and close, read and written.

use std::fmt;
use std::io::Write as _;

use serde_json::{Map, Value};

use crate::error::{Exit, printable};
use crate::interval::Interval;

/// The version of the stream format that this library writes and reads.
pub const VERSION: u64 = 1;

/// A batch's time: the end of its interval, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchTime(pub u64);

impl BatchTime {
    /// The time of the batch after this one.
    pub fn after(self, interval: impl Into<Interval>) -> BatchTime {
        BatchTime(self.0.saturating_add(interval.into().length(self.0)))
    }
}

impl fmt::Display for BatchTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far the records' own time has come: no record is expected any more that is older. In
/// milliseconds since the Unix epoch, before which it may lie.
///
/// ```
/// use sstream::connect::Watermark;
///
/// /// Whether a record of this moment comes too late, behind this end of a batch.
/// fn is_late(moment_ms: i64, watermark: Option<Watermark>) -> bool {
///     watermark.is_some_and(|watermark| moment_ms < watermark.0)
/// }
///
/// assert!(is_late(999, Some(Watermark(1000))) && !is_late(999, None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Watermark(pub i64);

impl fmt::Display for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The first line of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// How far apart the batches of this stream are.
    pub interval: Interval,
    /// What each stage so far was: a string a stage; behind a join or union
    /// `[left's, right's, own]`.
    pub stages: Vec<Value>,
    /// Every other key, known (see [`keys`](super::keys)) or not.
    pub other: Map<String, Value>,
}

impl Head {
    /// The head of a stream that begins here.
    pub fn new(interval: impl Into<Interval>) -> Head {
        Head { interval: interval.into(), stages: Vec::new(), other: Map::new() }
    }

    /// The line, with its newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut object = Map::new();
        object.insert("interval".into(), self.interval.ms().into());
        if let Interval::Calendar(calendar) = self.interval {
            object.insert("calendar".into(), calendar.to_string().into());
        }
        object.insert("stages".into(), Value::Array(self.stages.clone()));
        object.extend(self.other.clone());
        write_object(out, &format!("{{\"sstream\":{VERSION}"), &object);
    }

    /// The stage that the stream came from last, for messages: the first tool
    /// of the pipeline is what set the interval.
    pub fn first_stage(&self) -> &str {
        fn first(value: &Value) -> &str {
            match value {
                Value::String(text) => text,
                Value::Array(items) => items.first().map_or("", first),
                _ => "",
            }
        }
        self.stages.first().map_or("", first)
    }
}

/// The end of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The batch that is complete now.
    pub time: BatchTime,
    /// Its records over all blocks.
    pub records: u64,
    /// How far the records' own time has come by the end of this batch; none before a record
    /// had a time, and where nobody asked for it.
    pub watermark: Option<Watermark>,
    /// One entry a stage so far, absent under `--no-trace`.
    pub trace: Option<Vec<Value>>,
    /// Every other key.
    pub other: Map<String, Value>,
}

impl End {
    /// The end of a batch, with nothing but its time and its count.
    pub fn new(time: BatchTime, records: u64) -> End {
        End { time, records, watermark: None, trace: None, other: Map::new() }
    }

    /// The line, with its newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = format!("{{\"end\":{},\"records\":{}", self.time, self.records);
        let mut object = Map::new();
        if let Some(Watermark(ms)) = self.watermark {
            object.insert("watermark".into(), ms.into());
        }
        if let Some(trace) = &self.trace {
            object.insert("trace".into(), Value::Array(trace.clone()));
        }
        object.extend(self.other.clone());
        write_object(out, &start, &object);
    }
}

/// Why a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The input ended.
    Eof,
    /// Somebody asked it to stop.
    Stop,
    /// A stage failed.
    Error {
        /// The failed stage's exit code, which every later stage ends with too.
        exit: Exit,
        /// What it said.
        message: String,
    },
}

/// The last line of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Close {
    /// Why it ended.
    pub reason: Reason,
    /// Every other key.
    pub other: Map<String, Value>,
}

impl Close {
    /// A close with nothing but its reason.
    pub fn new(reason: Reason) -> Close {
        Close { reason, other: Map::new() }
    }

    /// The close of a stage that failed.
    pub fn error(exit: Exit, message: impl Into<String>) -> Close {
        let message = printable(&message.into()).into_owned();
        Close::new(Reason::Error { exit, message })
    }

    /// Writes the line, with its newline; `headless` as the only line of a
    /// stream whose head was never written.
    pub fn write(&self, out: &mut Vec<u8>, headless: bool) {
        let start = if headless { format!("{{\"sstream\":{VERSION},\"close\":") } else { "{\"close\":".to_owned() };
        let mut object = Map::new();
        let word = match &self.reason {
            Reason::Eof => "\"eof\"",
            Reason::Stop => "\"stop\"",
            Reason::Error { exit, message } => {
                object.insert("exit".into(), exit.code().into());
                object.insert("message".into(), message.as_str().into());
                "\"error\""
            }
        };
        object.extend(self.other.clone());
        write_object(out, &format!("{start}{word}"), &object);
    }
}

/// `start` is an object's beginning, up to and without the next comma.
fn write_object(out: &mut Vec<u8>, start: &str, more: &Map<String, Value>) {
    out.extend_from_slice(start.as_bytes());
    for (key, value) in more {
        // Writing JSON to a Vec cannot fail.
        let _ = write!(out, ",{}:{}", Value::from(key.as_str()), value);
    }
    out.extend_from_slice(b"}\n");
}

/// A control line, parsed.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// The first line.
    Head(Head),
    /// The header of a block.
    Block {
        /// Its batch.
        time: BatchTime,
        /// How many records follow.
        records: u64,
        /// How many bytes they take.
        bytes: usize,
    },
    /// The end of a batch.
    End(End),
    /// The last line.
    Close(Close),
}

impl Control {
    /// Parses a control line, without its newline. The error is what was
    /// expected in its place.
    pub fn parse(line: &[u8]) -> Result<Control, &'static str> {
        if let Some(block) = parse_block(line) {
            return Ok(block);
        }
        let kind = ["{\"batch\":", "{\"end\":", "{\"close\":", "{\"sstream\":"]
            .into_iter()
            .find(|start| line.starts_with(start.as_bytes()))
            .ok_or("a control line: {\"batch\":…, {\"end\":… or {\"close\":…")?;
        let Ok(Value::Object(mut object)) = serde_json::from_slice(line) else {
            return Err("a control line that is one JSON object");
        };
        match kind {
            "{\"batch\":" => Ok(Control::Block {
                time: BatchTime(number(&mut object, "batch").ok_or("\"batch\" to be a time in ms")?),
                records: number(&mut object, "records").ok_or("\"records\" of the block, a number")?,
                bytes: number(&mut object, "bytes").ok_or("\"bytes\" of the block, a number")? as usize,
            }),
            "{\"end\":" => {
                let time = BatchTime(number(&mut object, "end").ok_or("\"end\" to be a time in ms")?);
                let records = number(&mut object, "records").ok_or("\"records\" of the batch, a number")?;
                let trace = match object.shift_remove("trace") {
                    None => None,
                    Some(Value::Array(entries)) => Some(entries),
                    Some(_) => return Err("\"trace\" to be an array"),
                };
                let watermark = match object.shift_remove("watermark") {
                    None => None,
                    Some(ms) => Some(Watermark(ms.as_i64().ok_or("\"watermark\" to be a time in ms")?)),
                };
                Ok(Control::End(End { time, records, watermark, trace, other: object }))
            }
            "{\"close\":" => close(object).map(Control::Close),
            _ => head(object),
        }
    }
}

/// Times, counts and lengths. Half of the range is refused, so that sums of two
/// of them cannot overflow.
fn number(object: &mut Map<String, Value>, key: &str) -> Option<u64> {
    object.shift_remove(key)?.as_u64().filter(|number| i64::try_from(*number).is_ok())
}

fn head(mut object: Map<String, Value>) -> Result<Control, &'static str> {
    if number(&mut object, "sstream") != Some(VERSION) {
        return Err("a stream of version 1: this tool knows no other, is one of the stages newer?");
    }
    if object.contains_key("close") {
        return close(object).map(Control::Close);
    }
    let interval_ms =
        number(&mut object, "interval").filter(|ms| *ms > 0).ok_or("\"interval\", the milliseconds between batches")?;
    let interval = match object.shift_remove("calendar") {
        None => Interval::Fixed(interval_ms),
        Some(calendar) => calendar
            .as_str()
            .and_then(|text| Interval::parse_calendar(text).ok())
            .ok_or("\"calendar\" to be a length and a zone that is known here, as 1d,Europe/Berlin")?,
    };
    let Some(Value::Array(stages)) = object.shift_remove("stages") else {
        return Err("\"stages\", an array");
    };
    Ok(Control::Head(Head { interval, stages, other: object }))
}

fn close(mut object: Map<String, Value>) -> Result<Close, &'static str> {
    let reason = match object.shift_remove("close").as_ref().and_then(Value::as_str) {
        Some("eof") => Reason::Eof,
        Some("stop") => Reason::Stop,
        Some("error") => {
            let code = number(&mut object, "exit").filter(|code| *code > 0).ok_or("\"exit\" of the failed stage")?;
            let message = match object.shift_remove("message") {
                Some(Value::String(message)) => message,
                _ => return Err("\"message\" of the failed stage"),
            };
            Reason::Error { exit: Exit::from_code(code), message }
        }
        _ => return Err("\"close\" to be \"eof\", \"stop\" or \"error\""),
    };
    Ok(Close { reason, other: object })
}

/// The common form of a block header, read without a JSON parser: at batches of
/// a millisecond headers are most of the stream.
fn parse_block(line: &[u8]) -> Option<Control> {
    fn digits(line: &[u8]) -> Option<(u64, &[u8])> {
        let end = line.iter().position(|b| !b.is_ascii_digit())?;
        if end == 0 || end > 18 || (line[0] == b'0' && end > 1) {
            return None;
        }
        let value = line[..end].iter().fold(0, |n, b| n * 10 + u64::from(b - b'0'));
        Some((value, &line[end..]))
    }
    let (time, rest) = digits(line.strip_prefix(b"{\"batch\":")?)?;
    let (records, rest) = digits(rest.strip_prefix(b",\"records\":")?)?;
    let (bytes, rest) = digits(rest.strip_prefix(b",\"bytes\":")?)?;
    (rest == b"}").then_some(Control::Block { time: BatchTime(time), records, bytes: bytes as usize })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(control: &Control) -> String {
        let mut out = Vec::new();
        match control {
            Control::Head(head) => head.write(&mut out),
            Control::End(end) => end.write(&mut out),
            Control::Close(close) => close.write(&mut out, false),
            Control::Block { .. } => unreachable!(),
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn unknown_keys_and_number_digits_survive() {
        for text in [
            r#"{"sstream":1,"interval":1000,"stages":["source stdin",["a","b"]],"name":"x","future":[1.10,{"b":1,"a":2}]}"#,
            r#"{"end":2000,"records":7,"trace":[["filter",7,7,0,1.5,2000]],"other":100.0}"#,
            r#"{"close":"error","exit":4,"message":"bad \"record\"","more":null}"#,
            r#"{"close":"stop"}"#,
            r#"{"sstream":1,"interval":86400000,"calendar":"1d,Europe/Berlin","stages":["source stdin"],"name":"x"}"#,
        ] {
            let control = Control::parse(text.as_bytes()).unwrap();
            assert_eq!(line(&control), format!("{text}\n"));
        }
    }

    #[test]
    fn a_block_header_reads_the_same_by_hand_and_by_parser() {
        let fast = Control::parse(br#"{"batch":1469283110000,"records":2,"bytes":68}"#).unwrap();
        let slow = Control::parse(br#"{"batch":1469283110000, "records":2,"bytes":68,"new":1}"#).unwrap();
        assert_eq!(fast, slow);
        assert_eq!(fast, Control::Block { time: BatchTime(1_469_283_110_000), records: 2, bytes: 68 });
    }

    #[test]
    fn what_is_malformed_is_told() {
        for (text, expected) in [
            (r#"{"sstream":2,"interval":1000,"stages":[]}"#, "version"),
            (r#"{"sstream":1,"interval":0,"stages":[]}"#, "interval"),
            (r#"{"sstream":1,"interval":1000}"#, "stages"),
            (r#"{"sstream":1,"interval":86400000,"calendar":"1d,Europe/Nowhere","stages":[]}"#, "calendar"),
            (r#"{"sstream":1,"interval":86400000,"calendar":7,"stages":[]}"#, "calendar"),
            (r#"{"batch":-1,"records":2,"bytes":68}"#, "batch"),
            (r#"{"batch":1,"records":2,"bytes":18446744073709551615}"#, "bytes"),
            (r#"{"end":18446744073709551615,"records":2}"#, "end"),
            (r#"{"batch":1,"records":2}"#, "bytes"),
            (r#"{"end":1}"#, "records"),
            (r#"{"close":"maybe"}"#, "close"),
            (r#"{"close":"error","exit":0,"message":""}"#, "exit"),
            (r#"{"batch":1,"records":2,"bytes":68"#, "JSON object"),
            (r#" {"batch":1,"records":2,"bytes":68}"#, "control line"),
            (r#""a record""#, "control line"),
        ] {
            let error = Control::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
