//! A record becomes an operation on a document: two lines of a request.

use std::borrow::Cow;

use sstream::connect::record::{Kind, kind, push_string, text};
use sstream::connect::{BatchTime, NamePattern, Program, TimeOf, only_result_with};

/// The variables that EXPR may use.
pub const VARIABLES: &[&str] = &["time"];

/// The server takes no longer ids and values of routing, in bytes.
const LONGEST: usize = 512;

/// What is done with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Op {
    /// Write it, unless there is one with this id
    Create,
    /// Write it, in the place of one with this id
    Index,
    /// Put its fields into the one with this id, or write it
    Update,
}

impl Op {
    /// As a request has it.
    pub fn name(self) -> &'static str {
        match self {
            Op::Create => "create",
            Op::Index => "index",
            Op::Update => "update",
        }
    }
}

/// Makes operations of records.
#[derive(Debug)]
pub struct Template {
    /// What is done.
    pub op: Op,
    /// The index.
    pub index: NamePattern,
    /// The time of a record, for the index; that of the batch, if it is none.
    pub moment: Option<TimeOf>,
    /// The document's id; one of `ids` and of the record's place, if it is none.
    pub id: Option<Program>,
    /// The document; the record, if it is none.
    pub document: Option<Program>,
    /// What chooses the shard.
    pub routing: Option<Program>,
    /// How ids begin that are made here: no other sink's do so.
    pub ids: String,
}

/// Both lines of an operation, each with its newline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// What is done, with which id, in which index.
    pub action: Vec<u8>,
    /// The document.
    pub document: Vec<u8>,
}

impl Template {
    /// Makes the operation of the record at this place of a batch; false where `--doc` has no result, and there
    /// is nothing to do.
    ///
    /// # Errors
    /// Why the record is a bad one.
    pub fn make(
        &mut self,
        record: &[u8],
        time: BatchTime,
        place: u64,
        operation: &mut Operation,
    ) -> Result<bool, String> {
        let batch_ms = time.to_string();
        let variables = &[batch_ms.as_bytes()];
        let document = match &mut self.document {
            None => Cow::Borrowed(record),
            Some(program) => match only_result_with("--doc", program, variables, record)? {
                Some(document) => Cow::Owned(document),
                None => return Ok(false),
            },
        };
        if kind(&document) != Some(Kind::Object) {
            return Err("a document is an object: --doc makes one, as '{message: .}'".to_owned());
        }
        let moment_ms = match &mut self.moment {
            None => i64::try_from(time.0).unwrap_or(i64::MAX),
            Some(moment) => moment.read(record).map_err(|error| error.to_string())?,
        };
        let action = &mut operation.action;
        action.clear();
        action.extend_from_slice(format!("{{\"{}\":{{\"_index\":", self.op.name()).as_bytes());
        push_string(self.index.name(record, moment_ms, variables[0])?.as_bytes(), action);
        action.extend_from_slice(b",\"_id\":");
        match &mut self.id {
            None => push_name("the id", format!("{}-{time}-{place}", self.ids).as_bytes(), action)?,
            Some(program) => push_result("--id", program, variables, record, action)?,
        }
        if let Some(program) = &mut self.routing {
            action.extend_from_slice(b",\"routing\":");
            push_result("--routing", program, variables, record, action)?;
        }
        action.extend_from_slice(b"}}\n");

        let (before, behind): (&[u8], &[u8]) = match self.op {
            Op::Create | Op::Index => (b"", b"\n"),
            Op::Update => (b"{\"doc\":", b",\"doc_as_upsert\":true}\n"),
        };
        operation.document.clear();
        for part in [before, &document, behind] {
            operation.document.extend_from_slice(part);
        }
        Ok(true)
    }
}

/// Appends what a program says of a record, as a JSON string.
fn push_result(
    option: &str,
    program: &mut Program,
    variables: &[&[u8]],
    record: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), String> {
    match only_result_with(option, program, variables, record)? {
        None => Err(format!("{option} has no result")),
        Some(value) if kind(&value) == Some(Kind::Null) => Err(format!("{option} gives null")),
        Some(value) => push_name(option, &text(&value), out),
    }
}

fn push_name(what: &str, name: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    match name.len() {
        1..=LONGEST => {
            push_string(name, out);
            Ok(())
        }
        bytes => Err(format!("{what} has {bytes} bytes, and 1 to {LONGEST} are taken")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::{TimeForm, program};

    fn template(op: Op, index: &str) -> Template {
        let index = NamePattern::parse("--index", index).unwrap();
        Template { op, index, moment: None, id: None, document: None, routing: None, ids: "j-s".to_owned() }
    }

    fn parse(source: &str) -> Option<Program> {
        Some(program("--x", source, VARIABLES).unwrap())
    }

    fn made(template: &mut Template, record: &str) -> Result<Option<String>, String> {
        let mut operation = Operation::default();
        let is_made = template.make(record.as_bytes(), BatchTime(86_400_000), 7, &mut operation)?;
        let text = String::from_utf8([operation.action, operation.document].concat()).unwrap();
        Ok(is_made.then_some(text))
    }

    #[test]
    fn operations() {
        let is = |text: &str| Ok(Some(text.to_owned()));
        let mut plain = template(Op::Create, "logs-%Y.%m.%d");
        assert_eq!(
            made(&mut plain, r#"{"n":1.50}"#),
            is("{\"create\":{\"_index\":\"logs-1970.01.02\",\"_id\":\"j-s-86400000-7\"}}\n{\"n\":1.50}\n")
        );
        let time = Some(TimeOf::new(program("--time", ".at", &[]).unwrap(), TimeForm::default()));
        let mut timed = Template { moment: time, ..template(Op::Create, "l-%Y") };
        let of_2016 = made(&mut timed, r#"{"at":"2016-07-23T14:11:50Z"}"#).unwrap().unwrap();
        assert!(of_2016.contains("\"l-2016\""), "{of_2016}");
        assert!(made(&mut timed, r#"{"at":"soon"}"#).unwrap_err().contains("is no time"));

        let mut full = Template {
            id: parse(".[0]"),
            routing: parse(".[1].shop"),
            document: parse("{word: .[0], at: $time}"),
            ..template(Op::Update, "{.[1].shop}")
        };
        assert_eq!(
            made(&mut full, r#"["a\"b",{"shop":3}]"#),
            is("{\"update\":{\"_index\":\"3\",\"_id\":\"a\\\"b\",\"routing\":\"3\"}}\n\
                {\"doc\":{\"word\":\"a\\\"b\",\"at\":86400000},\"doc_as_upsert\":true}\n")
        );
        let mut none = Template { document: parse("empty"), ..template(Op::Index, "i") };
        assert_eq!(made(&mut none, "1"), Ok(None));
    }

    #[test]
    fn what_makes_no_document_is_bad() {
        let long = format!(r#"{{"k":"{}"}}"#, "é".repeat(257));
        for (id, document, record, says) in [
            (None, None, "\"a line\"", "'{message: .}'"),
            (None, parse(".a"), r#"{"a":[]}"#, "a document is an object"),
            (None, parse(".[]"), r#"[{},{}]"#, "2 results"),
            (parse(".k"), None, "{}", "--id gives null"),
            (parse("empty"), None, "{}", "--id has no result"),
            (parse(".k"), None, r#"{"k":""}"#, "--id has 0 bytes"),
            (parse(".k"), None, &long, "--id has 514 bytes"),
        ] {
            let error = made(&mut Template { id, document, ..template(Op::Index, "i") }, record).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
