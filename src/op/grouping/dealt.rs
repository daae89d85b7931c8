//! Items on their way to the part of a cluster that has their key: `[KEY, RECORD, VALUE, RANKED]`. What is
//! missing at the end is as what stands before it.

use super::Item;
use crate::record;

/// Writes an item as a record.
pub fn push(item: &Item<'_>, out: &mut Vec<u8>) {
    let parts = [item.key, item.record, item.value, item.ranked];
    let is_short = |count: &usize| parts[*count..].iter().all(|part| *part == parts[count - 1]);
    let count = [2, 3].into_iter().find(is_short).unwrap_or(parts.len());
    out.push(b'[');
    for (index, part) in parts[..count].iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(part);
    }
    out.push(b']');
}

/// Key, record, value, and what `top` gives out, of what [`push`] has written; none if it has not.
pub fn read(dealt: &[u8]) -> Option<[&[u8]; 4]> {
    if dealt.first() != Some(&b'[') {
        return None;
    }
    let mut parts = record::elements(dealt);
    let (key, record) = (parts.next()?, parts.next()?);
    let value = parts.next().unwrap_or(record);
    Some([key, record, value, parts.next().unwrap_or(value)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_as_the_part_before_it_is_left_out() {
        for (parts, dealt) in [
            (["1", "{\"a\":1}", "{\"a\":1}", "{\"a\":1}"], "[1,{\"a\":1}]"),
            (["1", "[1,2]", "2", "2"], "[1,[1,2],2]"),
            (["\"k\"", "[1]", "1", "[1]"], "[\"k\",[1],1,[1]]"),
            (["1", "2", "2", "3"], "[1,2,2,3]"),
        ] {
            let [key, record, value, ranked] = parts.map(str::as_bytes);
            let mut out = Vec::new();
            push(&Item { key, is_normal: false, outer: b"", hash: None, value, ranked, record, nth: 0 }, &mut out);
            assert_eq!(out, dealt.as_bytes());
            assert_eq!(read(&out), Some([key, record, value, ranked]));
        }
        assert_eq!((read(b"[1]"), read(b"{}")), (None, None));
    }
}
