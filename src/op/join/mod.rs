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

mod index;
mod rows;
#[cfg(test)]
mod tests;

pub(super) use rows::push_row;

use super::sides::{Merge, Whole};
use super::{OpError, Out};
use crate::frame::BatchTime;
use index::{Index, LEFT, RIGHT};
use rows::Rows;

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
