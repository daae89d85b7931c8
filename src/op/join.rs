//! `join`: pairs of two streams with the same key, batch by batch, as Spark's
//! `join`, `leftOuterJoin`, `rightOuterJoin`, `fullOuterJoin` and `cogroup`, and for
//! [`JoinType::Anti`] `RDD.subtractByKey`.
//!
//! Results come in order of the first appearance of their key, in the left
//! batch and then in the right one; those of one key in order of the left
//! record, then of the right. Keys are compared by meaning, and written as in
//! the oldest record that a result covers, the left side being the older one.
//!
//! In memory there is an index: each distinct key with some 40 bytes, and 16
//! bytes a record. The records stay where the batch is kept, which may be on
//! disk.

use super::key_table::KeyTable;
use super::sides::{Merge, Place, Whole};
use super::{OpError, Out};
use crate::frame::BatchTime;
use crate::record;

/// What is said of a record that has no key.
pub const NO_PAIR: &str = "expected a pair, an array of two: [key,value]";

/// Which keys are in the result, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinType {
    /// Keys that both sides have: `[k,[a,b]]` for every combination.
    Inner,
    /// Every key of the left side; null where the right one lacks it.
    Left,
    /// Every key of the right side; null where the left one lacks it.
    Right,
    /// Every key; null where a side lacks it.
    Full,
    /// Every key, once: `[k,[[a…],[b…]]]`.
    Cogroup,
    /// Left records whose key the right side has, as they are and in their order.
    Semi,
    /// Left records whose key it lacks.
    Anti,
}

/// Joins the two sides of each batch.
pub struct Join {
    kind: JoinType,
    index: Index,
    rows: Rows,
}

impl Join {
    /// A join of this type.
    pub fn new(kind: JoinType) -> Join {
        Join { kind, index: Index::default(), rows: Rows::default() }
    }
}

impl Merge for Join {
    fn batch(&mut self, _time: BatchTime, sides: &[&dyn Whole], out: &mut Out<'_>) -> Result<(), OpError> {
        let &[left, right] = sides else {
            return Err(OpError::Usage("a join takes two streams".to_owned()));
        };
        let Join { kind, index, rows } = self;
        let kind = *kind;
        index.clear();
        if let JoinType::Semi | JoinType::Anti = kind {
            index.add(RIGHT, right, true, out)?;
            return index.select(left, kind == JoinType::Semi, out);
        }
        index.add(LEFT, left, true, out)?;
        // A key of the right side alone is in no result of these.
        let new_keys = !matches!(kind, JoinType::Inner | JoinType::Left);
        index.add(RIGHT, right, new_keys, out)?;
        for group in &index.groups {
            if out.is_closed() {
                break;
            }
            match kind {
                JoinType::Cogroup => rows.cogroup(index, group, sides, out)?,
                _ => rows.join(kind, index, group, sides, out)?,
            }
        }
        Ok(())
    }
}

const LEFT: usize = 0;
const RIGHT: usize = 1;

/// The records of both sides by key, keys in order of first appearance.
#[derive(Default)]
struct Index {
    keys: KeyTable,
    /// Of each key, a chain of links a side.
    groups: Vec<Group>,
    links: Vec<Link>,
}

type Group = [Chain; 2];

/// First and last link, [`NONE`] if there is none.
#[derive(Clone, Copy)]
struct Chain {
    first: u32,
    last: u32,
}

/// Where a record stands, and the link of the next one of its key. As small as
/// it can be: there is one a record.
struct Link {
    block: u32,
    start: u32,
    length: u32,
    next: u32,
}

/// So many bytes of the right values of one key are copied out of the batch, to be at hand for
/// each left one.
const RIGHTS_BYTES: usize = 16 << 20;

/// The number of no link.
const NONE: u32 = u32::MAX;

impl Index {
    /// Takes a side's records; those of unseen keys only if `new_keys`.
    fn add(&mut self, side: usize, batch: &dyn Whole, new_keys: bool, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut fetched = Vec::new();
        for block in 0..batch.blocks() {
            let mut start = 0;
            for record in batch.block(block, &mut fetched)? {
                let place = Place { block, start, length: record.len() };
                start += record.len() + 1;
                let Some((key, _)) = record::pair(record) else {
                    out.bad_record(record, NO_PAIR)?;
                    continue;
                };
                let group = if new_keys { Some(self.group(key)) } else { self.keys.find(key) };
                if let Some(group) = group {
                    self.link(group, side, place)?;
                }
            }
        }
        Ok(())
    }

    /// Gives the records of a batch whose keys are here or, without `present`, are not.
    fn select(&mut self, batch: &dyn Whole, present: bool, out: &mut Out<'_>) -> Result<(), OpError> {
        let mut fetched = Vec::new();
        for block in 0..batch.blocks() {
            for record in batch.block(block, &mut fetched)? {
                match record::pair(record) {
                    _ if out.is_closed() => return Ok(()),
                    Some((key, _)) if self.keys.find(key).is_some() == present => out.record(record),
                    Some(_) => {}
                    None => out.bad_record(record, NO_PAIR)?,
                }
            }
        }
        Ok(())
    }

    /// The group of a key, which is a new one if need be.
    fn group(&mut self, key: &[u8]) -> usize {
        let (index, is_new) = self.keys.insert(key);
        if is_new {
            self.groups.push([Chain { first: NONE, last: NONE }; 2]);
        }
        index
    }

    fn clear(&mut self) {
        self.keys.clear();
        self.groups.clear();
        self.links.clear();
    }

    fn link(&mut self, group: usize, side: usize, record: Place) -> Result<(), OpError> {
        let new = small(self.links.len())?;
        let Place { block, start, length } = record;
        self.links.push(Link { block: small(block)?, start: small(start)?, length: small(length)?, next: NONE });
        let chain = &mut self.groups[group][side];
        if chain.first == NONE {
            chain.first = new;
        } else {
            self.links[chain.last as usize].next = new;
        }
        chain.last = new;
        Ok(())
    }

    /// Where the records of a group stand, in order.
    fn places(&self, group: &Group, side: usize) -> impl Iterator<Item = Place> {
        let link = |number: u32| self.links.get(number as usize);
        std::iter::successors(link(group[side].first), move |here| link(here.next)).map(|link| Place {
            block: link.block as usize,
            start: link.start as usize,
            length: link.length as usize,
        })
    }
}

/// A number of the index.
fn small(number: usize) -> Result<u32, OpError> {
    let small = u32::try_from(number).ok().filter(|number| *number != NONE);
    small.ok_or_else(|| {
        OpError::Usage("a join takes 4294967294 records a batch, of less than 4 GiB: cut shorter batches".to_owned())
    })
}

/// Buffers to build results in.
#[derive(Debug, Default)]
struct Rows {
    fetched: Vec<u8>,
    rights: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    /// The combinations of one key.
    fn join(
        &mut self,
        kind: JoinType,
        index: &Index,
        group: &Group,
        sides: &[&dyn Whole],
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let keep_left = matches!(kind, JoinType::Left | JoinType::Full);
        let keep_right = matches!(kind, JoinType::Right | JoinType::Full);
        match (group[LEFT].first != NONE, group[RIGHT].first != NONE) {
            (true, true) => self.combine(index, group, sides, out)?,
            (true, false) if keep_left => {
                for place in index.places(group, LEFT) {
                    let (key, value) = pair(sides[LEFT].part(place, &mut self.fetched)?);
                    push_row(out, key, value, b"null");
                }
            }
            (false, true) if keep_right => {
                for place in index.places(group, RIGHT) {
                    let (key, value) = pair(sides[RIGHT].part(place, &mut self.fetched)?);
                    push_row(out, key, b"null", value);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Every left record of a key with every right one.
    fn combine(
        &mut self,
        index: &Index,
        group: &Group,
        sides: &[&dyn Whole],
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        self.rights.clear();
        self.ends.clear();
        let right_bytes: usize = index.places(group, RIGHT).map(|place| place.length).sum();
        if right_bytes > RIGHTS_BYTES {
            return self.combine_far(index, group, sides, out);
        }
        for place in index.places(group, RIGHT) {
            let (_, value) = pair(sides[RIGHT].part(place, &mut self.fetched)?);
            self.rights.extend_from_slice(value);
            self.ends.push(self.rights.len());
        }
        for place in index.places(group, LEFT) {
            if out.is_closed() {
                break;
            }
            let (key, value) = pair(sides[LEFT].part(place, &mut self.fetched)?);
            let mut start = 0;
            for end in &self.ends {
                push_row(out, key, value, &self.rights[start..*end]);
                start = *end;
            }
        }
        Ok(())
    }

    /// The same where the right values are too many to be held at once: they are fetched again for
    /// each left record.
    fn combine_far(
        &mut self,
        index: &Index,
        group: &Group,
        sides: &[&dyn Whole],
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let mut left_fetched = Vec::new();
        for left in index.places(group, LEFT) {
            let (key, left_value) = pair(sides[LEFT].part(left, &mut left_fetched)?);
            for right in index.places(group, RIGHT) {
                if out.is_closed() {
                    return Ok(());
                }
                let (_, right_value) = pair(sides[RIGHT].part(right, &mut self.fetched)?);
                push_row(out, key, left_value, right_value);
            }
        }
        Ok(())
    }

    /// All values of one key, as one record.
    fn cogroup(
        &mut self,
        index: &Index,
        group: &Group,
        sides: &[&dyn Whole],
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        let mut has_key = false;
        for side in [LEFT, RIGHT] {
            let mut separator: &[u8] = if side == LEFT { b"" } else { b"],[" };
            for place in index.places(group, side) {
                let (key, value) = pair(sides[side].part(place, &mut self.fetched)?);
                let row = out.buffer();
                if !has_key {
                    has_key = true;
                    row.push(b'[');
                    row.extend_from_slice(key);
                    row.extend_from_slice(b",[[");
                }
                row.extend_from_slice(separator);
                row.extend_from_slice(value);
                separator = b",";
            }
            if side == RIGHT && separator == b"],[" {
                out.buffer().extend_from_slice(separator);
            }
        }
        out.buffer().extend_from_slice(b"]]]");
        out.finish_record();
        Ok(())
    }
}

/// Key and value of a record that is known to be a pair.
fn pair(record: &[u8]) -> (&[u8], &[u8]) {
    record::pair(record).unwrap_or((b"null", b"null"))
}

/// Gives `[key,[a,b]]`.
pub(super) fn push_row(out: &mut Out<'_>, key: &[u8], a: &[u8], b: &[u8]) {
    let row = out.buffer();
    row.push(b'[');
    row.extend_from_slice(key);
    row.extend_from_slice(b",[");
    row.extend_from_slice(a);
    row.push(b',');
    row.extend_from_slice(b);
    row.extend_from_slice(b"]]");
    out.finish_record();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::sides::testing;
    use proptest::prelude::*;

    const TYPES: [JoinType; 7] = [
        JoinType::Inner,
        JoinType::Left,
        JoinType::Right,
        JoinType::Full,
        JoinType::Cogroup,
        JoinType::Semi,
        JoinType::Anti,
    ];

    fn join(kind: JoinType, left: &[&str], right: &[&str]) -> Vec<String> {
        let sides = [left, right].map(|side| side.iter().map(|record| record.to_string()).collect::<Vec<_>>());
        let out = testing::run(&mut Join::new(kind), &sides);
        assert!(out.bad.is_empty(), "{:?}", out.bad);
        out.batches[0].1.clone()
    }

    #[test]
    fn keys_come_in_order_of_appearance_and_left_before_right() {
        let left = ["[\"b\",1]", "[\"a\",2]", "[\"b\",3]"];
        let right = ["[\"z\",4]", "[\"a\",5]", "[\"b\",6]", "[\"b\",7]", "[\"y\",8]"];
        assert_eq!(
            TYPES.map(|kind| join(kind, &left, &right).join(" ")),
            [
                r#"["b",[1,6]] ["b",[1,7]] ["b",[3,6]] ["b",[3,7]] ["a",[2,5]]"#,
                r#"["b",[1,6]] ["b",[1,7]] ["b",[3,6]] ["b",[3,7]] ["a",[2,5]]"#,
                r#"["b",[1,6]] ["b",[1,7]] ["b",[3,6]] ["b",[3,7]] ["a",[2,5]] ["z",[null,4]] ["y",[null,8]]"#,
                r#"["b",[1,6]] ["b",[1,7]] ["b",[3,6]] ["b",[3,7]] ["a",[2,5]] ["z",[null,4]] ["y",[null,8]]"#,
                r#"["b",[[1,3],[6,7]]] ["a",[[2],[5]]] ["z",[[],[4]]] ["y",[[],[8]]]"#,
                r#"["b",1] ["a",2] ["b",3]"#,
                "",
            ]
        );
        assert_eq!(join(JoinType::Anti, &right, &left), [r#"["z",4]"#, r#"["y",8]"#]);
        assert_eq!(join(JoinType::Left, &left, &[]).len(), 3);
        assert_eq!(join(JoinType::Cogroup, &left[1..2], &[]), ["[\"a\",[[2],[]]]"]);
    }

    #[test]
    fn keys_are_compared_by_meaning_and_values_kept_to_the_byte() {
        let left = [r#"[1.0,1.10]"#, r#"[{"b":1,"a":2},"x"]"#, "[12345678901234567890123,0]"];
        let right = [r#"[1,2.50]"#, r#"[{"a":2.0,"b":1},null]"#, "[12345678901234567890124,0]"];
        assert_eq!(join(JoinType::Inner, &left, &right), ["[1.0,[1.10,2.50]]", r#"[{"b":1,"a":2},["x",null]]"#]);
        assert_eq!(join(JoinType::Right, &left, &right)[2], "[12345678901234567890124,[null,0]]");
    }

    #[test]
    fn what_is_no_pair_is_set_aside() {
        let sides = [vec!["[1,2]", "7", "[1,2,3]"], vec!["\"x\"", "[1,3]"]]
            .map(|side| side.into_iter().map(str::to_owned).collect::<Vec<_>>());
        let out = testing::run(&mut Join::new(JoinType::Inner), &sides);
        assert_eq!(out.batches, [(1000, vec!["[1,[2,3]]".to_owned()])]);
        assert_eq!(out.bad.iter().map(|(record, _)| &record[..]).collect::<Vec<_>>(), ["7", "[1,2,3]", "\"x\""]);
    }

    /// By nested loops over both sides.
    fn naive(kind: JoinType, left: &[(u8, u8)], right: &[(u8, u8)]) -> Vec<String> {
        let mut keys: Vec<u8> = Vec::new();
        for (key, _) in left.iter().chain(right) {
            if !keys.contains(key) {
                keys.push(*key);
            }
        }
        let values = |side: &[(u8, u8)], key: u8| -> Vec<String> {
            side.iter().filter(|pair| pair.0 == key).map(|pair| pair.1.to_string()).collect()
        };
        let or_null = |values: Vec<String>, keep: bool| match values.is_empty() && keep {
            true => vec!["null".to_owned()],
            false => values,
        };
        let mut rows = Vec::new();
        if let JoinType::Semi | JoinType::Anti = kind {
            let meets = |key: u8| right.iter().any(|pair| pair.0 == key) == (kind == JoinType::Semi);
            let kept = left.iter().filter(|pair| meets(pair.0));
            return kept.map(|(key, value)| format!("[{key},{value}]")).collect();
        }
        for key in keys {
            let (a, b) = (values(left, key), values(right, key));
            if kind == JoinType::Cogroup {
                rows.push(format!("[{key},[[{}],[{}]]]", a.join(","), b.join(",")));
                continue;
            }
            let a = or_null(a, matches!(kind, JoinType::Right | JoinType::Full));
            let b = or_null(b, matches!(kind, JoinType::Left | JoinType::Full));
            rows.extend(a.iter().flat_map(|a| b.iter().map(move |b| format!("[{key},[{a},{b}]]"))));
        }
        rows
    }

    proptest! {
        #[test]
        fn as_by_nested_loops(
            left in prop::collection::vec((0u8..6, any::<u8>()), 0..12),
            right in prop::collection::vec((0u8..6, any::<u8>()), 0..12),
        ) {
            let text = |side: &[(u8, u8)]| side.iter().map(|(k, v)| format!("[{k},{v}]")).collect::<Vec<_>>();
            let sides = [text(&left), text(&right)];
            for kind in TYPES {
                let out = testing::run(&mut Join::new(kind), &sides);
                prop_assert_eq!(&out.batches[0].1, &naive(kind, &left, &right), "{:?}", kind);
            }
        }
    }
}
