//! Results of one key.

use super::JoinType;
use super::index::{Group, Index, LEFT, NONE, RIGHT};
use crate::op::sides::Whole;
use crate::op::{OpError, Out};
use crate::record;

/// So many bytes of the right values of one key are copied out of the batch, to be at hand for
/// each left one.
const RIGHTS_BYTES: usize = 16 << 20;

/// Buffers to build results in.
#[derive(Debug, Default)]
pub(super) struct Rows {
    fetched: Vec<u8>,
    rights: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    /// The combinations of one key.
    pub(super) fn join(
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
    pub(super) fn combine(
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
    pub(super) fn combine_far(
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
    pub(super) fn cogroup(
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
pub(in crate::op) fn push_row(out: &mut Out<'_>, key: &[u8], a: &[u8], b: &[u8]) {
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
