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

/// Joins a stream with a table.
pub struct Lookup<T> {
    tables: T,
    /// Records whose key the table lacks come out too, with null.
    keep_unmatched: bool,
    /// The table of the open batch, once it has begun.
    table: Option<Rc<Table>>,
    normal: Vec<u8>,
}

impl<T: Beside<Table>> Lookup<T> {
    /// An inner join or, with `keep_unmatched`, a left one.
    pub fn new(tables: T, keep_unmatched: bool) -> Lookup<T> {
        Lookup { tables, keep_unmatched, table: None, normal: Vec::new() }
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
            if others.is_empty() && self.keep_unmatched {
                push_row(out, key, value, b"null");
            }
            others.iter().for_each(|other| push_row(out, key, value, other));
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

    fn run(keep_unmatched: bool, tables: &[&[&'static str]], batches: &[Vec<&str>]) -> testing::Collected {
        let tables = Scripted(tables.iter().map(|table| table.to_vec()).collect());
        testing::run(&mut Lookup::new(tables, keep_unmatched), batches)
    }

    #[test]
    fn records_keep_their_order_and_meet_every_value_of_their_key() {
        let table: &[&str] = &["[\"a\",1]", "[2.0,\"x\"]", "[\"a\",1.50]"];
        let batch = vec!["[\"b\",0]", "[2,null]", "[\"a\",7]", "[2e0,8]"];
        let inner = run(false, &[table], std::slice::from_ref(&batch)).batches.remove(0).1;
        assert_eq!(inner, ["[2,[null,\"x\"]]", "[\"a\",[7,1]]", "[\"a\",[7,1.50]]", "[2e0,[8,\"x\"]]"]);
        let left = run(true, &[table], &[batch]).batches.remove(0).1;
        assert_eq!((&left[0][..], &left[1..]), ("[\"b\",[0,null]]", &inner[..]));
    }

    #[test]
    fn one_table_holds_for_a_whole_batch() {
        let batch = || vec!["[1,1]", "[1,2]", "[1,3]"];
        let out = run(false, &[&["[1,\"old\"]"], &["[1,\"new\"]"]], &[batch(), vec![], batch()]);
        let of = |value: &str| [1, 2, 3].map(|n| format!("[1,[{n},\"{value}\"]]")).to_vec();
        assert_eq!(out.batches, [(1000, of("old")), (2000, vec![]), (3000, of("new"))]);
    }

    #[test]
    fn what_is_no_pair_is_set_aside() {
        let out = run(true, &[&[]], &[vec!["7", "[1,2]"]]);
        assert_eq!(out.batches, [(1000, vec!["[1,[2,null]]".to_owned()])]);
        assert!(out.bad.len() == 1 && out.bad[0].1.contains("--input json"));
    }
}
