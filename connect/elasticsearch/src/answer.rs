//! What a server says: of each operation, and of a whole request.

use sstream::connect::record::{elements, field, members, text};
use sstream_tables::Fault;

use crate::document::Op;

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The document is there.
    Taken,
    /// The server had no room, or others were in the way: it may be there later.
    Again(String),
    /// It will never be there, for what is in the record.
    Bad(String),
    /// Nothing will be taken before somebody does something.
    Hopeless(String),
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// All documents are there.
    Taken,
    /// Of each operation, in their order.
    Each(Vec<Verdict>),
    /// Nothing was done: it has too many bytes.
    TooLarge(String),
    /// Nothing was done: something in it is not to be read.
    Malformed(String),
}

/// Kinds of errors that pass by themselves, whatever their status: nodes that go and come, a disk that is full.
const PASSING: &[&str] = &[
    "cluster_block_exception",
    "cluster_manager_not_discovered_exception",
    "connect_transport_exception",
    "master_not_discovered_exception",
    "node_closed_exception",
    "node_disconnected_exception",
    "node_not_connected_exception",
    "process_cluster_event_timeout_exception",
    "receive_timeout_transport_exception",
];

/// What `errors` and `items` of an answer say; nothing if it is none of `_bulk`.
pub fn of_body(op: Op, json: &[u8]) -> Option<Answer> {
    match field(json, b"errors")? {
        b"false" => Some(Answer::Taken),
        b"true" => Some(Answer::Each(elements(field(json, b"items")?).map(|item| verdict(op, item)).collect())),
        _ => None,
    }
}

fn verdict(op: Op, item: &[u8]) -> Verdict {
    // The operation's name, and what came of it.
    let result = members(item).next().map_or(&b""[..], |(_, result)| result);
    let status = field(result, b"status").and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
    let error = field(result, b"error").unwrap_or_default();
    let kind = string(error, "type");
    let words = words(error);
    match status.unwrap_or(0) {
        200..=299 => Verdict::Taken,
        // It is there from the time before.
        409 if op == Op::Create => Verdict::Taken,
        409 | 429 | 502..=504 => Verdict::Again(words),
        _ if PASSING.contains(&kind.as_str()) => Verdict::Again(words),
        400 if is_about_all(&kind, &words) => Verdict::Hopeless(words),
        400 => Verdict::Bad(words),
        // The processor of a pipeline that is there to refuse documents.
        500 if kind == "fail_processor_exception" => Verdict::Bad(words),
        401 | 403 => Verdict::Hopeless(format!("{words}: {LOGIN}")),
        404 => Verdict::Hopeless(format!("{words}: create the index, or let the server do so")),
        status => Verdict::Hopeless(format!("{status}: {words}")),
    }
}

const LOGIN: &str = "see --api-key-file, --basic-file or --bearer-file, and what they are allowed to";

/// Whether an error with the status of a bad document is one that each document would meet.
fn is_about_all(kind: &str, words: &str) -> bool {
    // There are as many shards as are allowed; an index that takes documents no more.
    ["validation_exception", "index_closed_exception"].contains(&kind)
        || words.contains("pipeline with id [")
        || words.contains("op_type of create are allowed in data streams")
}

/// What an answer means that is not 2xx, with this body.
///
/// # Errors
/// It is about more than this request.
pub fn of_status(status: u16, body: &[u8]) -> Result<Answer, Fault> {
    let shown = match words(field(body, b"error").unwrap_or_default()) {
        words if words.is_empty() => status.to_string(),
        words => format!("{status}: {words}"),
    };
    match status {
        400 => Ok(Answer::Malformed(shown)),
        413 => Ok(Answer::TooLarge(shown)),
        408 | 425 | 429 | 500..=599 => Err(Fault::Away(shown)),
        401 | 403 | 407 => Err(Fault::Hopeless(format!("{shown}: {LOGIN}"))),
        300..=399 => Err(Fault::Hopeless(format!("{shown}: it has moved: give its new address"))),
        _ => Err(Fault::Hopeless(format!("{shown}: is this an Elasticsearch or OpenSearch?"))),
    }
}

/// An error in the server's words: its kind, why, and what was the cause.
fn words(error: &[u8]) -> String {
    let mut words = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let (kind, reason) = (string(error, "type"), string(error, "reason"));
        if !kind.is_empty() {
            words.push_str(if words.is_empty() { "" } else { ": caused by " });
            words.push_str(&format!("{kind}: {reason}"));
        }
        next = field(error, b"caused_by");
    }
    if words.is_empty() {
        // Some say but a word.
        words = String::from_utf8_lossy(&text(error)).into_owned();
    }
    words.chars().take(1000).collect()
}

fn string(object: &[u8], name: &str) -> String {
    String::from_utf8_lossy(&text(field(object, name.as_bytes()).unwrap_or_default())).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_item(op: Op, status: u16, kind: &str, reason: &str) -> Verdict {
        let error = format!(r#"{{"type":"{kind}","reason":"{reason}"}}"#);
        verdict(op, format!(r#"{{"{}":{{"status":{status},"error":{error}}}}}"#, op.name()).as_bytes())
    }

    #[test]
    fn what_is_said_of_an_operation() {
        use Verdict::{Again, Bad, Hopeless, Taken};
        assert_eq!(verdict(Op::Index, br#"{"index":{"status":201}}"#), Taken);
        assert_eq!(of_item(Op::Create, 409, "version_conflict_engine_exception", "there"), Taken);
        for (op, status, kind) in [
            (Op::Update, 409, "version_conflict_engine_exception"),
            (Op::Create, 429, "rejected_execution_exception"),
            (Op::Create, 503, "unavailable_shards_exception"),
            (Op::Create, 403, "cluster_block_exception"),
            (Op::Create, 500, "node_closed_exception"),
        ] {
            assert_eq!(of_item(op, status, kind, "why"), Again(format!("{kind}: why")), "{status}");
        }
        assert_eq!(
            of_item(Op::Index, 400, "mapper_parsing_exception", "no"),
            Bad("mapper_parsing_exception: no".into())
        );
        assert!(matches!(of_item(Op::Index, 500, "fail_processor_exception", "no"), Bad(_)));
        for (status, kind, reason) in [
            (400, "validation_exception", "maximum shards open"),
            (400, "illegal_argument_exception", "pipeline with id [x] does not exist"),
            (400, "index_closed_exception", "closed"),
            (403, "security_exception", "no permissions"),
            (404, "index_not_found_exception", "no such index [x]"),
            (500, "null_pointer_exception", ""),
        ] {
            let verdict = of_item(Op::Index, status, kind, reason);
            assert!(matches!(&verdict, Hopeless(words) if words.contains(kind)), "{verdict:?}");
        }
        assert!(matches!(verdict(Op::Index, b"{}"), Hopeless(_)));
    }

    #[test]
    fn what_is_said_of_a_request() {
        assert_eq!(of_body(Op::Index, br#"{"errors":false}"#), Some(Answer::Taken));
        let mixed = br#"{"errors":true,"items":[{"index":{"status":201}},{"index":{"status":429,"error":"busy"}}]}"#;
        assert_eq!(
            of_body(Op::Index, mixed),
            Some(Answer::Each(vec![Verdict::Taken, Verdict::Again("busy".to_owned())]))
        );
        for strange in [&b"{}"[..], br#"{"errors":1}"#, br#"{"errors":true}"#, b"\"a page\""] {
            assert_eq!(of_body(Op::Index, strange), None);
        }
        let error = br#"{"error":{"type":"a","reason":"b","caused_by":{"type":"c","reason":"d"}},"status":400}"#;
        assert_eq!(of_status(400, error), Ok(Answer::Malformed("400: a: b: caused by c: d".to_owned())));
        assert_eq!(of_status(413, b""), Ok(Answer::TooLarge("413".to_owned())));
        assert_eq!(of_status(503, br#"{"error":"later"}"#), Err(Fault::Away("503: later".to_owned())));
        for (status, says) in [(401, "--api-key-file"), (302, "it has moved"), (404, "is this an Elasticsearch")] {
            let fault = of_status(status, b"");
            assert!(matches!(&fault, Err(Fault::Hopeless(words)) if words.contains(says)), "{fault:?}");
        }
    }
}
