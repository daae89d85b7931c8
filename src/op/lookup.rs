//! `join --static`: each pair of the stream with the pairs of a table that have
//! its key. Every record is looked up by itself, so records keep their order
//! and no batch is held.

use std::rc::Rc;

use super::beside::Beside;
use super::join::{NO_PAIR, push_row};
use super::key_table::KeyTable;
use super::{OpError, Operator, Out};
use crate::frame::{BatchTime, Block};
use crate::record::{self, key};

/// Pairs by key; several of one key in the order in which they were added.
#[derive(Default)]
pub struct Table {
    keys: KeyTable,
    /// The values of each key.
    values: Vec<Vec<Box<[u8]>>>,
}

impl Table {
    /// Adds a pair, canonical JSON; whether it is one.
    pub fn add(&mut self, record: &[u8]) -> bool {
        let Some((key, value)) = record::pair(record) else { return false };
        let (index, is_new) = self.keys.insert(key);
        if is_new {
            self.values.push(Vec::new());
        }
        self.values[index].push(value.into());
        true
    }

    /// The values of a key, none of one that is not there; `normal` is room for
    /// the key's normal form.
    pub fn values(&self, key: &[u8], normal: &mut Vec<u8>) -> &[Box<[u8]>] {
        let index = self.keys.find_normal(key::normal_key_in(key, normal));
        index.map_or(&[], |index| &self.values[index])
    }
}

/// Which records of the stream come out, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupType {
    /// With each value that the table has of their key.
    Inner,
    /// The same, and with null those whose key it lacks.
    Left,
    /// As they are, those whose key the table has.
    Semi,
    /// As they are, those whose key it lacks.
    Anti,
}

/// Joins a stream with a table.
pub struct Lookup<T> {
    tables: T,
    kind: LookupType,
    /// The table of the open batch, once it has begun.
    table: Option<Rc<Table>>,
    normal: Vec<u8>,
}

impl<T: Beside<Table>> Lookup<T> {
    /// A join of this type.
    pub fn new(tables: T, kind: LookupType) -> Lookup<T> {
        Lookup { tables, kind, table: None, normal: Vec::new() }
    }
}

impl<T: Beside<Table>> Operator for Lookup<T> {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let tables = &mut self.tables;
        let table = self.table.get_or_insert_with(|| tables.current());
        for record in block {
            if out.is_closed() {
                break;
            }
            let Some((key, value)) = record::pair(record) else {
                out.bad_record(record, &format!("{NO_PAIR}; --input json reads raw lines as JSON"))?;
                continue;
            };
            let others = table.values(key, &mut self.normal);
            match (self.kind, others.is_empty()) {
                (LookupType::Left, true) => push_row(out, key, value, b"null"),
                (LookupType::Inner | LookupType::Left, _) => {
                    others.iter().for_each(|other| push_row(out, key, value, other));
                }
                (LookupType::Semi, false) | (LookupType::Anti, true) => out.record(record),
                (LookupType::Semi, true) | (LookupType::Anti, false) => {}
            }
        }
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.table = None;
        out.end(time);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::testing;

    /// Another table each batch.
    struct Scripted(Vec<Vec<&'static str>>);

    impl Beside<Table> for Scripted {
        fn current(&mut self) -> Rc<Table> {
            let mut table = Table::default();
            assert!(self.0.remove(0).into_iter().all(|pair| table.add(pair.as_bytes())));
            Rc::new(table)
        }
    }

    fn run(kind: LookupType, tables: &[&[&'static str]], batches: &[Vec<&str>]) -> testing::Collected {
        let tables = Scripted(tables.iter().map(|table| table.to_vec()).collect());
        testing::run(&mut Lookup::new(tables, kind), batches)
    }

    #[test]
    fn records_keep_their_order_and_meet_every_value_of_their_key() {
        let table: &[&str] = &["[\"a\",1]", "[2.0,\"x\"]", "[\"a\",1.50]"];
        let batch = vec!["[\"b\",0]", "[2,null]", "[\"a\",7]", "[2e0,8]"];
        let inner = run(LookupType::Inner, &[table], std::slice::from_ref(&batch)).batches.remove(0).1;
        assert_eq!(inner, ["[2,[null,\"x\"]]", "[\"a\",[7,1]]", "[\"a\",[7,1.50]]", "[2e0,[8,\"x\"]]"]);
        let left = run(LookupType::Left, &[table], std::slice::from_ref(&batch)).batches.remove(0).1;
        assert_eq!((&left[0][..], &left[1..]), ("[\"b\",[0,null]]", &inner[..]));
        let semi = run(LookupType::Semi, &[table], std::slice::from_ref(&batch)).batches.remove(0).1;
        let anti = run(LookupType::Anti, &[table], std::slice::from_ref(&batch)).batches.remove(0).1;
        assert_eq!(
            (&semi[..], &anti[..]),
            (&batch[1..].iter().map(|record| record.to_string()).collect::<Vec<_>>()[..], &[batch[0].to_owned()][..])
        );
    }

    #[test]
    fn one_table_holds_for_a_whole_batch() {
        let batch = || vec!["[1,1]", "[1,2]", "[1,3]"];
        let out = run(LookupType::Inner, &[&["[1,\"old\"]"], &["[1,\"new\"]"]], &[batch(), vec![], batch()]);
        let of = |value: &str| [1, 2, 3].map(|n| format!("[1,[{n},\"{value}\"]]")).to_vec();
        assert_eq!(out.batches, [(1000, of("old")), (2000, vec![]), (3000, of("new"))]);
    }

    #[test]
    fn what_is_no_pair_is_set_aside() {
        let out = run(LookupType::Left, &[&[]], &[vec!["7", "[1,2]"]]);
        assert_eq!(out.batches, [(1000, vec!["[1,[2,null]]".to_owned()])]);
        assert!(out.bad.len() == 1 && out.bad[0].1.contains("--input json"));
    }
}
