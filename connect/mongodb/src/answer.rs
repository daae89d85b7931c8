//! What a server says: of a whole command, and of each document.

use sstream::connect::record::{elements, field, members, text};
use sstream_tables::Fault;

use crate::connection::LOGIN;
use crate::document::Op;

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is there, from the time before.
    Taken,
    /// Perhaps it is there: a key of it is, and the server does not say which.
    Unclear(String),
    /// Others were in the way: it may be there later.
    Again(String),
    /// There is a document with this key, which was not there when it was looked for.
    Duplicate(String),
    /// It will never be there, for what is in the record.
    Bad(String),
    /// Nothing will be taken before somebody does something.
    Hopeless(String),
}

/// What became of a command that writes documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All are there but these, in their order. Of an ordered command those behind the first of these were not tried.
    Done(Vec<(usize, Verdict)>),
    /// Nothing was done: something in one of the documents is not to be read.
    Malformed(String),
    /// Nothing was done: no collection may have this name.
    NoName(String),
}

/// A command that was not done at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: i64,
    words: String,
    /// Whether the server itself says that the same may go well next time.
    may_pass: bool,
}

/// Codes of what passes by itself, or on another server: servers that go and come, elections, conflicts.
const PASSING: &[i64] = &[
    6, 7, 24, 46, 50, 63, 64, 89, 91, 112, 133, 134, 150, 189, 202, 262, 317, 9001, 10058, 10107, 11600, 11601, 11602,
    13388, 13435, 13436, 14031, 16500,
];

/// Of these, those of a server that takes writes no more: another one has to be found.
const NOT_PRIMARY: &[i64] = &[91, 189, 10058, 10107, 11600, 11602, 13435, 13436];

/// Codes of what is wrong with a document, though the whole command is refused: names, types, sizes, numbers.
const OF_A_DOCUMENT: &[i64] = &[2, 9, 14, 15, 22, 28, 40, 52, 53, 54, 55, 56, 57, 66, 121, 10334, 17280, 17419, 17420];

/// Unauthorized, no such user or password, no login at all.
const NO_ACCESS: &[i64] = &[13, 18, 8000];

const DUPLICATE: &[i64] = &[11000, 11001, 12582];
const NO_NAME: i64 = 73;

impl Refusal {
    /// What an answer refuses; nothing if it does not.
    pub fn of(answer: &[u8]) -> Option<Refusal> {
        let is_done =
            field(answer, b"ok").and_then(|ok| std::str::from_utf8(ok).ok()?.parse::<f64>().ok()) == Some(1.0);
        (!is_done).then(|| {
            let labels = field(answer, b"errorLabels").map(elements).into_iter().flatten();
            let may_pass = labels.into_iter().any(|label| label == b"\"RetryableWriteError\"");
            Refusal { code: code(answer), words: words(answer), may_pass }
        })
    }

    /// What it means for the sink.
    pub fn fault(self) -> Fault {
        let Refusal { code, words, may_pass } = self;
        match may_pass || PASSING.contains(&code) {
            true => Fault::Away(words),
            false if NO_ACCESS.contains(&code) => Fault::Hopeless(format!("{words}: {LOGIN}")),
            false => Fault::Hopeless(words),
        }
    }
}

/// What an answer to a command says that writes documents; `key` are the fields of `--key`.
///
/// # Errors
/// It is about more than these documents: the same has to be sent again, perhaps to another server, or not at all.
pub fn of_write(op: Op, key: &[String], answer: &[u8]) -> Result<Answer, Fault> {
    if let Some(refusal) = Refusal::of(answer) {
        return match refusal.code {
            NO_NAME => Ok(Answer::NoName(refusal.words)),
            code if OF_A_DOCUMENT.contains(&code) && !refusal.may_pass => Ok(Answer::Malformed(refusal.words)),
            _ => Err(refusal.fault()),
        };
    }
    if let Some(error) = field(answer, b"writeConcernError") {
        // Written, but not as safely as is wanted: once more, until it is.
        let words = format!("--write-concern: {}", words(error));
        return Err(if [79, 100].contains(&code(error)) { Fault::Hopeless(words) } else { Fault::Away(words) });
    }
    let mut verdicts = Vec::new();
    for error in field(answer, b"writeErrors").map(elements).into_iter().flatten() {
        if NOT_PRIMARY.contains(&code(error)) {
            return Err(Fault::Away(words(error)));
        }
        let index = field(error, b"index").and_then(|index| std::str::from_utf8(index).ok()?.parse().ok());
        let Some(index) = index else {
            return Err(Fault::Hopeless("the answer does not say which document it is about".to_owned()));
        };
        verdicts.push((index, verdict(op, key, error)));
    }
    verdicts.sort_by_key(|(index, _)| *index);
    Ok(Answer::Done(verdicts))
}

fn verdict(op: Op, key: &[String], error: &[u8]) -> Verdict {
    let words = words(error);
    match code(error) {
        code if DUPLICATE.contains(&code) => match index_of(error) {
            Some(index) if index == ["_id"] && op == Op::Insert => Verdict::Taken,
            Some(index) if op != Op::Insert && (index == ["_id"] || index == key) => Verdict::Duplicate(words),
            None if op == Op::Insert => Verdict::Unclear(words),
            _ => Verdict::Bad(words),
        },
        code if PASSING.contains(&code) => Verdict::Again(words),
        code if NO_ACCESS.contains(&code) => Verdict::Hopeless(format!("{words}: {LOGIN}")),
        _ => Verdict::Bad(words),
    }
}

/// The fields of the index that has such a key already.
fn index_of(error: &[u8]) -> Option<Vec<String>> {
    if let Some(pattern) = field(error, b"keyPattern") {
        let name = |(key, _): (&[u8], &[u8])| String::from_utf8_lossy(&text(key)).into_owned();
        return Some(members(pattern).map(name).collect());
    }
    // Older servers, and others that speak as they do, name it in words alone.
    let words = words(error);
    let name = words.split("index: ").nth(1)?.split(' ').next()?;
    Some(vec![if name == "_id_" { "_id" } else { name }.to_owned()])
}

fn code(error: &[u8]) -> i64 {
    field(error, b"code").and_then(|code| std::str::from_utf8(code).ok()?.parse().ok()).unwrap_or(0)
}

/// An error in the server's words, with what a schema says of a document that does not suit it.
fn words(error: &[u8]) -> String {
    let string = |name: &str| {
        field(error, name.as_bytes())
            .map(|value| String::from_utf8_lossy(&text(value)).into_owned())
            .unwrap_or_default()
    };
    let (mut words, name, info) = (string("errmsg"), string("codeName"), string("errInfo"));
    if words.is_empty() {
        words = format!("error {}", code(error));
    }
    for (part, between) in [(name, " ("), (info, ": ")] {
        if !part.is_empty() {
            words.push_str(between);
            words.push_str(&part);
            words.push_str(if between == " (" { ")" } else { "" });
        }
    }
    words.chars().take(1000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(op: Op, answer: &str) -> Result<Answer, Fault> {
        of_write(op, &["k".to_owned()], answer.as_bytes())
    }

    #[test]
    fn all_is_done() {
        assert_eq!(of(Op::Insert, r#"{"n":3,"ok":1.0}"#), Ok(Answer::Done(vec![])));
        assert_eq!(of(Op::Insert, r#"{"n":3,"ok":1}"#), Ok(Answer::Done(vec![])));
    }

    #[test]
    fn of_each_document() {
        let duplicate = r#"{"ok":1,"writeErrors":[
            {"index":4,"code":121,"errmsg":"Document failed validation","errInfo":{"a":1}},
            {"index":0,"code":11000,"errmsg":"E11000 dup","keyPattern":{"_id":1}},
            {"index":1,"code":11000,"errmsg":"E11000 duplicate key error collection: d.c index: _id_ dup key: { _id: 1 }"},
            {"index":2,"code":11000,"errmsg":"E11000 dup","keyPattern":{"k":1}},
            {"index":3,"code":11000,"errmsg":"E11000 dup index: mail_1 dup key"},
            {"index":5,"code":112,"errmsg":"WriteConflict"},{"index":6,"code":13,"errmsg":"no"}]}"#
            .replace("\n            ", "");
        let shown = |answer: Result<Answer, Fault>| match answer {
            Ok(Answer::Done(verdicts)) => verdicts.into_iter().map(|(_, verdict)| verdict).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let inserted = shown(of(Op::Insert, &duplicate));
        assert_eq!(inserted[..2], [Verdict::Taken, Verdict::Taken]);
        assert_eq!(inserted[2], Verdict::Bad("E11000 dup".to_owned()));
        assert!(matches!(&inserted[3], Verdict::Bad(words) if words.contains("mail_1")));
        let unclear = r#"{"ok":1,"writeErrors":[{"index":0,"code":11000,"errmsg":"E11000 dup"}]}"#;
        assert_eq!(shown(of(Op::Insert, unclear)), [Verdict::Unclear("E11000 dup".to_owned())]);
        assert_eq!(inserted[4], Verdict::Bad("Document failed validation: {\"a\":1}".to_owned()));
        assert_eq!(inserted[5], Verdict::Again("WriteConflict".to_owned()));
        assert!(matches!(&inserted[6], Verdict::Hopeless(words) if words.contains("--password-file")));
        let replaced = shown(of(Op::Replace, &duplicate));
        assert!(replaced[..3].iter().all(|verdict| matches!(verdict, Verdict::Duplicate(_))));
    }

    #[test]
    fn of_a_whole_command() {
        let away = |words: &str| Err(Fault::Away(words.to_owned()));
        for not_primary in [
            r#"{"ok":0,"code":10107,"errmsg":"not primary"}"#,
            r#"{"ok":0,"code":1,"errmsg":"not primary","errorLabels":["RetryableWriteError"]}"#,
            r#"{"ok":1,"writeErrors":[{"index":0,"code":11602,"errmsg":"not primary"}]}"#,
        ] {
            assert_eq!(of(Op::Insert, not_primary), away("not primary"));
        }
        let concern = r#"{"ok":1,"writeConcernError":{"code":64,"errmsg":"waiting for replication timed out"}}"#;
        assert_eq!(of(Op::Insert, concern), away("--write-concern: waiting for replication timed out"));
        assert!(matches!(of(Op::Insert, &concern.replace("64", "79")), Err(Fault::Hopeless(_))));
        assert!(matches!(of(Op::Insert, r#"{"ok":0,"code":73,"errmsg":"x"}"#), Ok(Answer::NoName(_))));
        let malformed = of(Op::Insert, r#"{"ok":0,"code":2,"codeName":"BadValue","errmsg":"x"}"#);
        assert_eq!(malformed, Ok(Answer::Malformed("x (BadValue)".to_owned())));
        for hopeless in [r#"{"ok":0,"code":13,"errmsg":"x"}"#, r#"{"ok":0,"code":59,"errmsg":"no such command"}"#, "{}"]
        {
            assert!(matches!(of(Op::Insert, hopeless), Err(Fault::Hopeless(_))), "{hopeless}");
        }
    }
}
