//! What is asked of a server, and what it says of statements and rows.

use clap::ValueEnum;
use sstream::connect::Secret;

use crate::frame::{Body, push_long_string, push_short, push_string};
use crate::types::CqlType;

/// How many replicas have to have a row before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Consistency {
    /// One replica, or a hint to it at the server that is asked
    Any,
    /// One replica
    One,
    /// Two replicas
    Two,
    /// Three replicas
    Three,
    /// Most of all replicas
    Quorum,
    /// All replicas
    All,
    /// Most of the replicas in the data centre of the server that is asked
    LocalQuorum,
    /// Most of the replicas in each data centre
    EachQuorum,
    /// One replica in the data centre of the server that is asked
    LocalOne,
}

impl Consistency {
    fn code(self) -> usize {
        match self {
            Consistency::Any => 0,
            Consistency::One => 1,
            Consistency::Two => 2,
            Consistency::Three => 3,
            Consistency::Quorum => 4,
            Consistency::All => 5,
            Consistency::LocalQuorum => 6,
            Consistency::EachQuorum => 7,
            Consistency::LocalOne => 10,
        }
    }
}

/// Flags of a request: it has values, and a time for what is written.
const HAS_VALUES: u8 = 0x01;
const HAS_TIMESTAMP: u8 = 0x20;

/// Flags of a description: one table for all, and no columns.
const ONE_TABLE: i32 = 0x01;
const HAS_MORE: i32 = 0x02;
const NO_COLUMNS: i32 = 0x04;

const UNLOGGED: u8 = 1;
const COUNTER: u8 = 2;

/// What a RESULT is.
const ROWS: i32 = 2;
const PREPARED: i32 = 4;

/// Tells who we are.
pub fn startup() -> Vec<u8> {
    let mut body = Vec::new();
    let words = [("CQL_VERSION", "3.0.0"), ("DRIVER_NAME", "sstream"), ("DRIVER_VERSION", env!("CARGO_PKG_VERSION"))];
    push_short(words.len(), &mut body);
    for (name, value) in words {
        push_string(name, &mut body);
        push_string(value, &mut body);
    }
    body
}

/// A login by SASL's PLAIN.
pub fn login(user: &str, password: &Secret) -> Vec<u8> {
    let token = format!("\0{user}\0{}", password.reveal());
    let mut body = Vec::new();
    push_long_string(&token, &mut body);
    body
}

/// A statement with these texts for its `?`.
pub fn query(statement: &str, values: &[&str]) -> Vec<u8> {
    let mut body = Vec::new();
    push_long_string(statement, &mut body);
    push_short(Consistency::One.code(), &mut body);
    body.push(if values.is_empty() { 0 } else { HAS_VALUES });
    if !values.is_empty() {
        push_short(values.len(), &mut body);
        values.iter().for_each(|value| push_long_string(value, &mut body));
    }
    body
}

/// A statement to be prepared.
pub fn prepare(statement: &str) -> Vec<u8> {
    let mut body = Vec::new();
    push_long_string(statement, &mut body);
    body
}

/// How rows are written.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// How many replicas have to have them.
    pub consistency: Consistency,
    /// Whether they are counted up.
    pub is_counter: bool,
    /// When they were written, in µs; the server's own time without.
    pub timestamp: Option<i64>,
}

/// One prepared statement with its values, of which there are `columns`.
pub fn execute(id: &[u8], manner: Manner, columns: usize, values: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(values.len() + 64);
    push_short(id.len(), &mut body);
    body.extend_from_slice(id);
    push_short(manner.consistency.code(), &mut body);
    body.push(HAS_VALUES | if manner.timestamp.is_some() { HAS_TIMESTAMP } else { 0 });
    push_short(columns, &mut body);
    body.extend_from_slice(values);
    manner.timestamp.iter().for_each(|timestamp| body.extend_from_slice(&timestamp.to_be_bytes()));
    body
}

/// The same of several rows in one request.
pub fn batch<'r>(id: &[u8], manner: Manner, columns: usize, rows: impl ExactSizeIterator<Item = &'r [u8]>) -> Vec<u8> {
    let mut body = vec![if manner.is_counter { COUNTER } else { UNLOGGED }];
    push_short(rows.len(), &mut body);
    for values in rows {
        // A prepared one.
        body.push(1);
        push_short(id.len(), &mut body);
        body.extend_from_slice(id);
        push_short(columns, &mut body);
        body.extend_from_slice(values);
    }
    push_short(manner.consistency.code(), &mut body);
    body.push(if manner.timestamp.is_some() { HAS_TIMESTAMP } else { 0 });
    manner.timestamp.iter().for_each(|timestamp| body.extend_from_slice(&timestamp.to_be_bytes()));
    body
}

/// A parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name of its column, or its own.
    pub name: String,
    /// What it takes.
    pub kind: CqlType,
}

/// A statement that a server knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The server's id for it.
    pub id: Vec<u8>,
    /// Keyspace and table, where it says which.
    pub table: Option<(String, String)>,
    /// What is to be told, in this order.
    pub parameters: Vec<Parameter>,
    /// The places of the partition key's parts among these; none where one of them is no parameter.
    pub partition: Vec<usize>,
}

impl Prepared {
    /// Reads a RESULT; nothing if it is no such one.
    pub fn read(result: &[u8]) -> Option<Prepared> {
        let mut body = Body(result);
        if body.int()? != PREPARED {
            return None;
        }
        let id = body.short_bytes()?.to_vec();
        let (flags, count, parts) = (body.int()?, body.count()?, body.count()?);
        let partition: Vec<usize> = (0..parts).map(|_| body.short().map(usize::from)).collect::<Option<_>>()?;
        let (table, parameters) = columns(&mut body, flags, count)?;
        partition.iter().all(|place| *place < parameters.len()).then_some(Prepared { id, table, parameters, partition })
    }
}

/// Keyspace and table, and what columns there are.
type Columns = (Option<(String, String)>, Vec<Parameter>);

fn columns(body: &mut Body<'_>, flags: i32, count: usize) -> Option<Columns> {
    let mut table = None;
    if flags & NO_COLUMNS != 0 {
        return Some((None, Vec::new()));
    }
    if flags & ONE_TABLE != 0 {
        table = Some((body.string()?, body.string()?));
    }
    let mut parameters = Vec::new();
    for _ in 0..count {
        if flags & ONE_TABLE == 0 {
            table = Some((body.string()?, body.string()?));
        }
        parameters.push(Parameter { name: body.string()?, kind: CqlType::read(body)? });
    }
    Some((table, parameters))
}

/// The rows of a RESULT, each value as text; nothing if it has none.
pub fn rows(result: &[u8]) -> Option<Vec<Vec<String>>> {
    let mut body = Body(result);
    if body.int()? != ROWS {
        return None;
    }
    let (flags, count) = (body.int()?, body.count()?);
    if flags & HAS_MORE != 0 {
        body.bytes()?;
    }
    columns(&mut body, flags, count)?;
    let value = |body: &mut Body<'_>| Some(String::from_utf8_lossy(body.bytes()?).into_owned());
    (0..body.count()?).map(|_| (0..count).map(|_| value(&mut body)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::push_int;

    fn described(kind: i32, flags: i32) -> Vec<u8> {
        let mut body = kind.to_be_bytes().to_vec();
        if kind == PREPARED {
            body.extend_from_slice(b"\0\x02id");
        }
        body.extend_from_slice(&flags.to_be_bytes());
        push_int(2, &mut body);
        if kind == PREPARED {
            body.extend_from_slice(b"\0\0\0\x01\0\x01");
        }
        let table = |body: &mut Vec<u8>| ["ks", "t"].iter().for_each(|name| push_string(name, body));
        if flags & ONE_TABLE != 0 {
            table(&mut body);
        }
        for name in ["a", "b"] {
            if flags & ONE_TABLE == 0 {
                table(&mut body);
            }
            push_string(name, &mut body);
            body.extend_from_slice(b"\0\x0D");
        }
        body
    }

    #[test]
    fn statements_that_a_server_knows() {
        for flags in [0, ONE_TABLE] {
            let bytes = described(PREPARED, flags);
            let prepared = Prepared::read(&bytes).unwrap();
            assert_eq!((&prepared.id[..], &prepared.partition[..]), (&b"id"[..], &[1][..]));
            assert_eq!(prepared.table, Some(("ks".to_owned(), "t".to_owned())));
            assert_eq!(prepared.parameters[1], Parameter { name: "b".to_owned(), kind: CqlType::Text });
            assert!((0..bytes.len()).all(|end| Prepared::read(&bytes[..end]).is_none()));
        }
        assert_eq!(Prepared::read(&described(ROWS, 0)), None);
    }

    #[test]
    fn rows_of_texts() {
        let mut bytes = described(ROWS, ONE_TABLE);
        bytes.extend_from_slice(b"\0\0\0\x01\0\0\0\x01x\xFF\xFF\xFF\xFF");
        assert_eq!(rows(&bytes), Some(vec![vec!["x".to_owned(), String::new()]]));
        assert!((0..bytes.len()).all(|end| rows(&bytes[..end]).is_none()));
        // So many rows are not made room for before they are there.
        let end = bytes.len() - 9 - 4;
        bytes[end..end + 4].copy_from_slice(&i32::MAX.to_be_bytes());
        assert_eq!(rows(&bytes), None);
    }

    #[test]
    fn requests() {
        let manner = Manner { consistency: Consistency::LocalQuorum, is_counter: false, timestamp: Some(7) };
        assert_eq!(execute(b"id", manner, 1, b"VALUES"), b"\0\x02id\0\x06\x21\0\x01VALUES\0\0\0\0\0\0\0\x07");
        let counter = Manner { consistency: Consistency::One, is_counter: true, timestamp: None };
        let rows = [&b"V1"[..], b"V2"];
        assert_eq!(
            batch(b"id", counter, 3, rows.into_iter()),
            b"\x02\0\x02\x01\0\x02id\0\x03V1\x01\0\x02id\0\x03V2\0\x01\0"
        );
        assert_eq!(query("Q", &["a"]), b"\0\0\0\x01Q\0\x01\x01\0\x01\0\0\0\x01a");
        let secret = Secret::from("pw".to_owned());
        assert_eq!(login("ann", &secret), b"\0\0\0\x07\0ann\0pw");
    }
}
