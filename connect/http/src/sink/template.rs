//! Records become requests.

use sstream::connect::record::{self, Kind, kind, text};
use sstream::connect::{BatchTime, Program};

use super::Per;

/// How records are written into a body, where no EXPR says what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum BodyForm {
    /// A JSON value a line
    Ndjson,
    /// A JSON array; of a single record its JSON
    Json,
    /// A line each: a string as itself, anything else as JSON
    Text,
}

/// What is sent, but for the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Behind the address.
    pub path: String,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// Makes requests.
#[derive(Debug, Default)]
pub struct Template {
    /// The form of bodies; one that fits, if it is none.
    pub form: Option<BodyForm>,
    /// What the body is.
    pub body: Option<Program>,
    /// What stands behind the address.
    pub path: Option<Program>,
}

/// The variables that EXPR may use.
pub const VARIABLES: &[&str] = &["time"];

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const LINES: &str = "application/x-ndjson";

impl Template {
    /// The request of these records, each with a newline behind it; nothing if EXPR has no result.
    ///
    /// # Errors
    /// Why they are bad.
    pub fn request(
        &mut self,
        per: Per,
        records: &[u8],
        count: u64,
        time: BatchTime,
    ) -> Result<Option<Request>, String> {
        let mut input = Vec::new();
        if self.body.is_some() || self.path.is_some() {
            match per {
                Per::Record => input.extend_from_slice(records.strip_suffix(b"\n").unwrap_or(records)),
                Per::Batch => push_array(records, &mut input),
            }
        }
        let path = match result("--path", &mut self.path, &input, time)? {
            Outcome::NoProgram => String::new(),
            Outcome::Nothing => return Ok(None),
            Outcome::Value(value) if kind(&value) == Some(Kind::String) => {
                String::from_utf8_lossy(&text(&value)).into_owned()
            }
            Outcome::Value(value) => {
                return Err(format!("--path gives {}, and a path is a string", String::from_utf8_lossy(&value)));
            }
        };
        let (content_type, body) = match result("--body", &mut self.body, &input, time)? {
            Outcome::NoProgram => self.plain(per, records, count),
            Outcome::Nothing => return Ok(None),
            Outcome::Value(value) if kind(&value) == Some(Kind::String) => (TEXT, text(&value).into_owned()),
            Outcome::Value(value) => (JSON, value),
        };
        Ok(Some(Request { path, content_type, body }))
    }

    fn plain(&self, per: Per, records: &[u8], count: u64) -> (&'static str, Vec<u8>) {
        let form = self.form.unwrap_or(match per {
            Per::Batch => BodyForm::Ndjson,
            Per::Record => BodyForm::Json,
        });
        match form {
            BodyForm::Ndjson => (LINES, records.to_vec()),
            BodyForm::Json if per == Per::Record => (JSON, records.strip_suffix(b"\n").unwrap_or(records).to_vec()),
            BodyForm::Json => {
                let mut body = Vec::with_capacity(records.len() + 2);
                push_array(records, &mut body);
                (JSON, body)
            }
            BodyForm::Text => {
                let mut body = Vec::with_capacity(records.len());
                for line in records.split(|byte| *byte == b'\n').take(count as usize) {
                    body.extend_from_slice(&record::text(line));
                    body.push(b'\n');
                }
                (TEXT, body)
            }
        }
    }
}

/// Records, each with a newline behind it, as an array: no string has a newline in it.
fn push_array(records: &[u8], out: &mut Vec<u8>) {
    out.push(b'[');
    let records = records.strip_suffix(b"\n").unwrap_or(records);
    out.extend(records.iter().map(|byte| if *byte == b'\n' { b',' } else { *byte }));
    out.push(b']');
}

/// What came of an EXPR.
enum Outcome {
    /// There is none.
    NoProgram,
    /// It has no result.
    Nothing,
    /// Its one result.
    Value(Vec<u8>),
}

fn result(option: &str, program: &mut Option<Program>, input: &[u8], time: BatchTime) -> Result<Outcome, String> {
    let Some(program) = program else { return Ok(Outcome::NoProgram) };
    let (mut results, mut value) = (0u64, Vec::new());
    let run = program.run(input, &[time.to_string().as_bytes()], &mut |result| {
        results += 1;
        if results == 1 {
            value.extend_from_slice(result);
        }
    });
    match (run, results) {
        (Err(error), _) => Err(format!("{option}: {error}")),
        (Ok(()), 0) => Ok(Outcome::Nothing),
        (Ok(()), 1) => Ok(Outcome::Value(value)),
        (Ok(()), _) => Err(format!("{option} has {results} results, and a request has one")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::program;

    fn template(form: Option<BodyForm>, body: Option<&str>, path: Option<&str>) -> Template {
        let parse = |source: &str| program("--x", source, VARIABLES).unwrap();
        Template { form, body: body.map(parse), path: path.map(parse) }
    }

    fn made(mut template: Template, per: Per, records: &str) -> Result<Option<(String, String, &'static str)>, String> {
        let count = records.lines().count() as u64;
        let request = template.request(per, records.as_bytes(), count, BatchTime(5000))?;
        Ok(request.map(|Request { path, content_type, body }| (path, String::from_utf8(body).unwrap(), content_type)))
    }

    #[test]
    fn bodies() {
        use BodyForm::{Json, Ndjson, Text};
        let records = "\"a\\\"b\"\n{\"n\":1}\n";
        for (form, per, body, content_type) in [
            (None, Per::Batch, records, LINES),
            (Some(Ndjson), Per::Batch, records, LINES),
            (Some(Json), Per::Batch, "[\"a\\\"b\",{\"n\":1}]", JSON),
            (Some(Text), Per::Batch, "a\"b\n{\"n\":1}\n", TEXT),
        ] {
            let made = made(template(form, None, None), per, records).unwrap().unwrap();
            assert_eq!(made, (String::new(), body.to_owned(), content_type), "{form:?}");
        }
        let one = |form| made(template(form, None, None), Per::Record, "\"a\"\n").unwrap().unwrap();
        assert_eq!(one(None), (String::new(), "\"a\"".into(), JSON));
        assert_eq!(one(Some(Text)), (String::new(), "a\n".into(), TEXT));
        assert_eq!(made(template(Some(Json), None, None), Per::Batch, "").unwrap().unwrap().1, "[]");
    }

    #[test]
    fn templates() {
        let body = "{text: \"\\(length) of \\($time)\", all: .}";
        let (path, text, content_type) =
            made(template(None, Some(body), Some("\"/\\(.[0])\"")), Per::Batch, "1\n2\n").unwrap().unwrap();
        assert_eq!((&path[..], &text[..], content_type), ("/1", "{\"text\":\"2 of 5000\",\"all\":[1,2]}", JSON));
        assert_eq!(
            made(template(None, Some(".a"), None), Per::Record, "{\"a\":\"x\\ny\"}\n").unwrap().unwrap().1,
            "x\ny"
        );
        assert_eq!(made(template(None, Some("empty"), None), Per::Record, "1\n"), Ok(None));
        for (body, path, says) in [
            (Some("1,2"), None, "--body has 2 results"),
            (None, Some("."), "--path gives 1"),
            (Some(".a"), None, "--body: "),
        ] {
            let error = made(template(None, body, path), Per::Record, "1\n").unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
