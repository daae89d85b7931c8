//! Bodies become records.

use std::collections::HashMap;

use sstream::connect::forms::{Form, Recipe};
use sstream::connect::record::{Kind, canonicalize, elements, kind, push_string};
use sstream::connect::{Exit, Failure, duration};

use sstream_rpc::queue::Records;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Lines, each a string.
    Text,
    /// One JSON value.
    Json,
    /// JSON values, a line each.
    JsonLines,
    /// An HTML form: an object of strings.
    Form,
}

/// The types that are taken, for who sends another one.
pub const TYPES: &str = "text/plain, application/json, application/x-ndjson, application/x-www-form-urlencoded";

impl Content {
    /// By the header Content-Type; without one it is text.
    pub fn of_type(content_type: Option<&str>) -> Option<Content> {
        let Some(content_type) = content_type else { return Some(Content::Text) };
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match essence.as_str() {
            "text/plain" => Content::Text,
            "application/json" => Content::Json,
            "application/x-www-form-urlencoded" => Content::Form,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/json-lines" => Content::JsonLines,
            // As of CloudEvents, problem details and such.
            other if other.starts_with("application/") && other.ends_with("+json") => Content::Json,
            _ => return None,
        })
    }
}

/// How bodies become records.
#[derive(Clone, Debug)]
pub struct Making {
    /// A longer line is bad.
    pub max_line: usize,
    /// The elements of a JSON array are records each.
    pub open_arrays: bool,
    /// Bad records are set aside, and do not spoil the others of their body.
    pub partly: bool,
}

/// So much of a body is made into records at a time.
const PIECE: usize = 128 << 10;

impl Making {
    /// The records of a body; `prefix` stands before each, if there is one, and a `}` behind.
    ///
    /// # Errors
    /// What is wrong with the body, of which nothing is taken then.
    pub fn records(&self, content: Content, body: &[u8], prefix: &[u8]) -> Result<Records, String> {
        let mut records = Records::default();
        match content {
            Content::Text => self.lines(Form::Text, body, &mut records)?,
            Content::JsonLines => self.lines(Form::Json, body, &mut records)?,
            Content::Json => self.json(body, &mut records)?,
            Content::Form => {
                push_form(body, &mut records.block);
                records.count = 1;
            }
        }
        if !prefix.is_empty() {
            records.block = with_prefix(&records.block, records.count, prefix);
        }
        Ok(records)
    }

    fn lines(&self, form: Form, body: &[u8], records: &mut Records) -> Result<(), String> {
        let mut format = Recipe { form, ..Recipe::default() }.format(b"");
        let Records { block, count, bad } = records;
        let mut set_aside = |line: &[u8], reason: &str| match self.partly {
            true => {
                bad.push((line.to_vec(), reason.to_owned()));
                Ok(())
            }
            false => Err(Box::new(BadBody(format!("{reason}: {}", beginning(line)))) as Box<dyn Failure>),
        };
        let mut rest = body;
        while !rest.is_empty() {
            // The last line needs no end.
            let owned;
            let lines = match whole_lines(rest) {
                0 => {
                    owned = [rest, b"\n"].concat();
                    rest = &[];
                    &owned[..]
                }
                end => {
                    let lines = &rest[..end];
                    rest = &rest[end..];
                    lines
                }
            };
            *count += format
                .records(lines.into(), self.max_line, block, &mut set_aside)
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn json(&self, body: &[u8], records: &mut Records) -> Result<(), String> {
        let mut value = Vec::new();
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        if let Err(error) = canonicalize(body, &mut value) {
            return self.refuse(body, error.to_string(), records);
        }
        let opened = (self.open_arrays && kind(&value) == Some(Kind::Array)).then(|| elements(&value));
        let mut push = |record: &[u8]| -> Result<(), String> {
            if record.len() > self.max_line {
                let reason = format!("the record is longer than --max-line {}", self.max_line);
                return self.refuse(record, reason, records);
            }
            records.block.extend_from_slice(record);
            records.block.push(b'\n');
            records.count += 1;
            Ok(())
        };
        match opened {
            Some(mut elements) => elements.try_for_each(push),
            None => push(&value),
        }
    }

    fn refuse(&self, record: &[u8], reason: String, records: &mut Records) -> Result<(), String> {
        if !self.partly {
            return Err(format!("{reason}: {}", beginning(record)));
        }
        records.bad.push((record.to_vec(), reason));
        Ok(())
    }
}

/// A body that is refused ends no stage: it is told to its sender.
#[derive(Debug)]
struct BadBody(String);

impl std::fmt::Display for BadBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadBody {}

impl Failure for BadBody {
    fn exit(&self) -> Exit {
        Exit::BadRecord
    }
}

/// As much of a bad record as its sender needs to find it.
fn beginning(record: &[u8]) -> String {
    let text = String::from_utf8_lossy(&record[..record.len().min(80)]).into_owned();
    if record.len() > 80 { format!("{text}…") } else { text }
}

/// How long the next piece of whole lines is, of at least one; 0 without a whole line.
fn whole_lines(text: &[u8]) -> usize {
    let piece = &text[..text.len().min(PIECE)];
    let last = piece.iter().rposition(|byte| *byte == b'\n');
    let end = last.or_else(|| text.iter().position(|byte| *byte == b'\n'));
    end.map_or(0, |at| at + 1)
}

fn with_prefix(block: &[u8], count: u64, prefix: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(block.len() + count as usize * (prefix.len() + 1));
    for line in block.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(prefix);
        out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        out.extend_from_slice(b"}\n");
    }
    out
}

/// Appends the object of a form: a name that comes several times has an array of all its values.
fn push_form(body: &[u8], out: &mut Vec<u8>) {
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut fields: Vec<(String, Vec<String>)> = Vec::new();
    let body = body.trim_ascii_end();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        let (name, value) = (decode(name), decode(value));
        let index = *names.entry(name.clone()).or_insert(fields.len());
        match fields.get_mut(index) {
            Some((_, values)) => values.push(value),
            None => fields.push((name, vec![value])),
        }
    }
    out.push(b'{');
    for (index, (name, values)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_string(name.as_bytes(), out);
        out.push(b':');
        match &values[..] {
            [value] => push_string(value.as_bytes(), out),
            values => {
                for (index, value) in values.iter().enumerate() {
                    out.push(if index == 0 { b'[' } else { b',' });
                    push_string(value.as_bytes(), out);
                }
                out.push(b']');
            }
        }
    }
    out.extend_from_slice(b"}\n");
}

/// `a+b%21` is `a b!`. What is no code stands as it is; what is not UTF-8 becomes U+FFFD.
fn decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let code =
            (*first == b'%').then(|| behind.get(..2)).flatten().filter(|code| code.iter().all(u8::is_ascii_hexdigit));
        let byte =
            code.and_then(|code| std::str::from_utf8(code).ok()).and_then(|code| u8::from_str_radix(code, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => bytes.push(if *first == b'+' { b' ' } else { *first }),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sizes in answers.
pub fn shown(bytes: usize) -> String {
    match bytes {
        bytes if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{}MiB", bytes >> 20),
        bytes if bytes > 0 && bytes.is_multiple_of(1 << 10) => format!("{}KiB", bytes >> 10),
        bytes => format!("{bytes} bytes"),
    }
}

/// Times in answers.
pub fn shown_time(time: std::time::Duration) -> String {
    duration::show_ms(time.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn making() -> Making {
        Making { max_line: 1000, open_arrays: false, partly: false }
    }

    fn made(making: &Making, content: Content, body: &str, prefix: &str) -> Result<(String, u64), String> {
        let records = making.records(content, body.as_bytes(), prefix.as_bytes())?;
        let text = String::from_utf8(records.block).unwrap();
        assert_eq!(text.lines().count() as u64, records.count);
        Ok((text, records.bad.len() as u64))
    }

    #[test]
    fn types() {
        for (name, content) in [
            (None, Some(Content::Text)),
            (Some("Text/Plain; charset=utf-8"), Some(Content::Text)),
            (Some("application/cloudevents+json"), Some(Content::Json)),
            (Some("application/x-ndjson"), Some(Content::JsonLines)),
            (Some("application/xml"), None),
            (Some("multipart/form-data; boundary=x"), None),
        ] {
            assert_eq!(Content::of_type(name), content, "{name:?}");
        }
    }

    #[test]
    fn bodies() {
        let making = making();
        for (content, body, records) in [
            (Content::Text, "a\r\nb\"\n\nc", "\"a\"\n\"b\\\"\"\n\"\"\n\"c\"\n"),
            (Content::Text, "", ""),
            (Content::JsonLines, "{ \"a\" : 1 }\n\n[1.50]", "{\"a\":1}\n[1.50]\n"),
            (Content::Json, "{\n  \"a\": [1,\n 2]\n}\n", "{\"a\":[1,2]}\n"),
            (Content::Json, "[1,2]", "[1,2]\n"),
            (Content::Json, " ", ""),
            (Content::Form, "a=1&b=x+y%21&a=%zz&c\r\n", "{\"a\":[\"1\",\"%zz\"],\"b\":\"x y!\",\"c\":\"\"}\n"),
        ] {
            assert_eq!(made(&making, content, body, "").unwrap(), (records.to_owned(), 0), "{body}");
        }
        let open = Making { open_arrays: true, ..making.clone() };
        assert_eq!(made(&open, Content::Json, "[1, {\"a\":2}]", "").unwrap().0, "1\n{\"a\":2}\n");
        assert_eq!(made(&open, Content::Json, "{\"a\":[1]}", "").unwrap().0, "{\"a\":[1]}\n");
        let prefix = "{\"path\":\"/\",\"value\":";
        assert_eq!(
            made(&making, Content::Text, "a\nb", prefix).unwrap().0,
            "{\"path\":\"/\",\"value\":\"a\"}\n{\"path\":\"/\",\"value\":\"b\"}\n"
        );
        let many = "0123456789\n".repeat(50_000);
        assert_eq!(making.records(Content::Text, many.as_bytes(), b"").unwrap().count, 50_000);
    }

    #[test]
    fn a_bad_body_is_refused_whole_or_its_good_part_taken() {
        let strict = making();
        let partly = Making { partly: true, ..making() };
        for (content, body, good, says) in [
            (Content::JsonLines, "1\n{\n3", "1\n3\n", ": {"),
            (Content::Text, &format!("a\n{}\nb", "x".repeat(1001)), "\"a\"\n\"b\"\n", "longer than --max-line 1000"),
            (Content::Json, "[1,", "", "[1,"),
        ] {
            let error = made(&strict, content, body, "").unwrap_err();
            assert!(error.contains(says), "{error}");
            assert_eq!(made(&partly, content, body, "").unwrap(), (good.to_owned(), 1), "{body}");
        }
    }
}
