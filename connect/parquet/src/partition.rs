//! Which folder a record belongs to, as Hive lays out partitions: `dt=2016-07-23/country=DE`.
//!
//! `--partition` is one or more parts `NAME=VALUE` with `/` between them. In a value there are places for times, as
//! strftime has them, and jq programs in braces for the record's own values. A value that is null or empty is
//! [`NOTHING`]; characters that would mean something in a path are written as `%XX`.

use std::collections::HashMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use sstream::connect::record::{Kind, kind, unescape};
use sstream::connect::{BatchTime, Program, TimeOf, only_result};

/// What Hive calls a partition without a value.
pub const NOTHING: &str = "__HIVE_DEFAULT_PARTITION__";

/// The longest name that file systems have, in bytes.
const LONGEST_NAME: usize = 255;

/// So many moments are remembered with their text.
const MOST_REMEMBERED: usize = 4096;

/// `--partition`, parsed.
#[derive(Clone, Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    name: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    /// Text with places for a time, or without.
    Text { format: String, has_time: bool },
    /// A jq program.
    Program(Box<Program>),
}

impl Template {
    /// Parses it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Template, String> {
        let parts = split(text)?.into_iter().map(parse_part).collect::<Result<Vec<_>, _>>()?;
        for (at, part) in parts.iter().enumerate() {
            if parts[..at].iter().any(|other| other.name == part.name) {
                return Err(format!("two folders are called {}=", part.name));
            }
        }
        Ok(Template { parts })
    }

    /// The names of the folders, as columns that readers find in them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|part| part.name.as_str())
    }

    /// Whether a folder has exactly the value of this key of a record.
    pub fn is_value_of(&self, name: &str) -> bool {
        let is_path = |source: &str| {
            source.trim().strip_prefix('.').is_some_and(|key| key == name || key == format!("\"{name}\""))
        };
        self.parts.iter().any(|part| match part.pieces.as_slice() {
            [Piece::Program(program)] => part.name == name && is_path(program.source()),
            _ => false,
        })
    }

    /// Whether there is a place for a time.
    pub fn has_time(&self) -> bool {
        self.pieces().any(|piece| matches!(piece, Piece::Text { has_time: true, .. }))
    }

    /// Whether all records of a batch belong to the same folder, by its time.
    fn is_of_batch(&self, time: Option<&TimeOf>) -> bool {
        time.is_none() && !self.pieces().any(|piece| matches!(piece, Piece::Program(_)))
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.parts.iter().flat_map(|part| &part.pieces)
    }
}

/// Parts at each `/` outside of braces.
fn split(text: &str) -> Result<Vec<&str>, String> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'{' => at = end_of_program(text, at)?,
            b'/' => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&text[start..]);
    // One at the end is what people write behind folders.
    if parts.len() > 1 && parts.last() == Some(&"") {
        parts.pop();
    }
    Ok(parts)
}

/// Where the brace is that closes the one at `start`: braces of a program come in pairs, but for those in strings.
fn end_of_program(text: &str, start: usize) -> Result<usize, String> {
    let (mut depth, mut is_string, mut is_escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b'{' if !is_string => depth += 1,
            b'}' if !is_string => {
                depth -= 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
            _ => {}
        }
    }
    Err(format!("'{}' has no brace that closes it", &text[start..]))
}

fn parse_part(part: &str) -> Result<Part, String> {
    let (name, mut rest) = match part.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() && !name.contains(['{', '%']) => (name, value),
        _ => return Err(format!("'{part}' is not NAME=VALUE, as dt=%Y-%m-%d or country={{.country}}")),
    };
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let Some(start) = rest.find('{') else {
            pieces.push(parse_text(rest)?);
            break;
        };
        if start > 0 {
            pieces.push(parse_text(&rest[..start])?);
        }
        let end = end_of_program(rest, start)?;
        let program = Program::parse(&rest[start + 1..end], &[]).map_err(|error| error.to_string())?;
        pieces.push(Piece::Program(Box::new(program)));
        rest = &rest[end + 1..];
    }
    Ok(Part { name: name.to_owned(), pieces })
}

fn parse_text(format: &str) -> Result<Piece, String> {
    let shown = strtime::format(format, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
    shown.map_err(|error| format!("'{format}': {error}"))?;
    Ok(Piece::Text { format: format.to_owned(), has_time: format.contains('%') })
}

/// Says which folder records belong to.
#[derive(Debug)]
pub struct Partitioner {
    template: Template,
    time: Option<TimeOf>,
    zone: TimeZone,
    /// What is made of a moment: the texts of all pieces that are no programs.
    remembered: HashMap<i64, Vec<String>>,
    /// How long a moment is that has the same text, in milliseconds.
    step_ms: i64,
    folder: String,
    /// The batch that the folder is of, if all of its records are.
    batch: Option<BatchTime>,
}

impl Partitioner {
    /// By the batch's time, or by that of a record.
    pub fn new(template: Template, time: Option<TimeOf>, zone: TimeZone) -> Partitioner {
        // An hour of UTC has one text, unless that tells minutes.
        let is_coarse = |piece: &Piece| match piece {
            Piece::Text { format, .. } => {
                let mut directives = format.split('%').skip(1).filter_map(|directive| directive.chars().next());
                directives.all(|directive| "YmdHjybBaAGVUWuwF".contains(directive))
            }
            Piece::Program(_) => true,
        };
        let step_ms = if zone == TimeZone::UTC && template.pieces().all(is_coarse) { 3_600_000 } else { 1 };
        Partitioner { template, time, zone, remembered: HashMap::new(), step_ms, folder: String::new(), batch: None }
    }

    /// The names of the folders.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The folder of a record, as a path with `/`.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn folder(&mut self, record: &[u8], batch: BatchTime) -> Result<&str, String> {
        if self.batch == Some(batch) {
            return Ok(&self.folder);
        }
        self.batch = None;
        let ms = match &mut self.time {
            Some(time) => time.read(record).map_err(|reason| reason.to_string())?,
            None => batch.0.cast_signed(),
        };
        let texts = self.texts(ms)?;
        let mut texts = texts.into_iter();
        self.folder.clear();
        for part in &mut self.template.parts {
            let (mut value, mut is_nothing) = (String::new(), false);
            for piece in &mut part.pieces {
                match piece {
                    Piece::Text { .. } => value.push_str(&texts.next().unwrap_or_default()),
                    Piece::Program(program) => match value_of(program, record)? {
                        Some(text) => value.push_str(&text),
                        None => is_nothing = true,
                    },
                }
            }
            let value = if is_nothing || value.is_empty() { NOTHING } else { &value };
            let start = if self.folder.is_empty() { 0 } else { self.folder.len() + 1 };
            if start > 0 {
                self.folder.push('/');
            }
            escape(&part.name, &mut self.folder);
            self.folder.push('=');
            escape(value, &mut self.folder);
            let length = self.folder.len() - start;
            if length > LONGEST_NAME {
                return Err(format!(
                    "its folder {}=… has a name of {length} bytes, and {LONGEST_NAME} are the most",
                    part.name
                ));
            }
        }
        if self.template.is_of_batch(self.time.as_ref()) {
            self.batch = Some(batch);
        }
        Ok(&self.folder)
    }

    /// The texts of a moment.
    fn texts(&mut self, ms: i64) -> Result<Vec<String>, String> {
        let key = ms.div_euclid(self.step_ms);
        if let Some(texts) = self.remembered.get(&key) {
            return Ok(texts.clone());
        }
        let moment = Timestamp::from_millisecond(ms).map_err(|error| error.to_string())?.to_zoned(self.zone.clone());
        let text = |piece: &Piece| match piece {
            Piece::Program(_) => None,
            Piece::Text { format, has_time: false } => Some(Ok(format.clone())),
            Piece::Text { format, .. } => Some(strtime::format(format, &moment).map_err(|error| error.to_string())),
        };
        let texts = self.template.pieces().filter_map(text).collect::<Result<Vec<_>, _>>()?;
        if self.remembered.len() >= MOST_REMEMBERED {
            self.remembered.clear();
        }
        self.remembered.insert(key, texts.clone());
        Ok(texts)
    }
}

/// What a program gives for a record, as text; nothing for null.
fn value_of(program: &mut Program, record: &[u8]) -> Result<Option<String>, String> {
    let Some(result) = only_result("--partition", program, record)? else { return Ok(None) };
    match kind(&result) {
        Some(Kind::Null) | None => Ok(None),
        Some(Kind::String) => Ok(Some(String::from_utf8_lossy(&unescape(&result)).into_owned())),
        Some(Kind::Array | Kind::Object) => Err(format!(
            "--partition {{{}}} gives an array or an object, which no folder is called after",
            program.source()
        )),
        Some(_) => Ok(Some(String::from_utf8_lossy(&result).into_owned())),
    }
}

/// Appends text as Hive writes it into a path.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        let means_something = character.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(character);
        if means_something {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{:02X}", u32::from(character));
        } else {
            out.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::{TimeForm, program};

    fn folder(template: &str, time: Option<&str>, record: &str) -> Result<String, String> {
        let time = time.map(|time| TimeOf::new(program("--time", time, &[]).unwrap(), TimeForm::default()));
        let mut partitioner = Partitioner::new(Template::parse(template)?, time, TimeZone::UTC);
        let batch = BatchTime(1_469_283_110_123);
        // What is remembered is the same.
        let first = partitioner.folder(record.as_bytes(), batch).map(str::to_owned);
        assert_eq!(partitioner.folder(record.as_bytes(), batch).map(str::to_owned), first);
        first
    }

    #[test]
    fn folders_are_those_of_hive() {
        for (template, time, record, want) in [
            ("dt=%Y-%m-%d/hour=%H", None, "{}", "dt=2016-07-23/hour=14"),
            ("dt=%Y-%m-%d/", Some(".t"), "{\"t\":\"2020-02-29T23:59:59Z\"}", "dt=2020-02-29"),
            ("ms=%Y%m%dT%H:%M:%S%.3f", None, "{}", "ms=20160723T14%3A11%3A50.123"),
            ("c={.c}", None, "{\"c\":\"a/b=c d%é\\n\"}", "c=a%2Fb%3Dc d%25é%0A"),
            ("c={.c}", None, "{\"c\":12}", "c=12"),
            ("c={.c}", None, "{}", "c=__HIVE_DEFAULT_PARTITION__"),
            ("c={.c}", None, "{\"c\":\"\"}", "c=__HIVE_DEFAULT_PARTITION__"),
            ("c=x{.c}y", None, "{\"c\":true}", "c=xtruey"),
            ("c={if .c == \"}\" then {a:1}.a else \"/\" end}/d=%Y", None, "{\"c\":\"}\"}", "c=1/d=2016"),
            ("c={.c}", None, "{\"c\":\"..\"}", "c=.."),
        ] {
            assert_eq!(folder(template, time, record).as_deref(), Ok(want), "{template}");
        }
    }

    #[test]
    fn what_is_no_folder_is_refused() {
        for (template, says) in [
            ("", "NAME=VALUE"),
            ("%Y-%m", "NAME=VALUE"),
            ("a=1//b=2", "NAME=VALUE"),
            ("a=", "NAME=VALUE"),
            ("a={.x", "no brace"),
            ("a={.x |}", "jq program"),
            ("a=%Y/a=%m", "two folders"),
            ("a=%!", "%!"),
        ] {
            let error = Template::parse(template).unwrap_err();
            assert!(error.contains(says), "{template}: {error}");
        }
        let long = format!("{{\"c\":\"{}\"}}", "x".repeat(254));
        for (template, record, says) in [
            ("c={.c}", "{\"c\":[1]}", "an array"),
            ("c={.c}", long.as_str(), "256 bytes"),
            ("c={.c,1}", "{}", "2 results"),
            ("c={.c}", "5", "--partition"),
        ] {
            let error = folder(template, None, record).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        assert!(folder("dt=%Y", Some(".t"), "{}").unwrap_err().contains("--time"));
    }

    #[test]
    fn a_folder_may_have_the_value_of_a_key() {
        let template = Template::parse("c={.c}/d=%Y/e={.f}/g={.\"g\"}").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["c", "d", "e", "g"]);
        assert_eq!(["c", "d", "e", "f", "g"].map(|name| template.is_value_of(name)), [true, false, false, false, true]);
    }
}
