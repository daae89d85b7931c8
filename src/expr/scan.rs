//! Finding a value inside a canonical record, with no tree and no look at
//! anything behind it.
//!
//! Records are valid, but nothing here fails badly on bytes that are not: a
//! search ends with `None`.

use wide::u8x16;

use crate::record::skip_value;

/// So many bytes are looked at together.
const LANES: usize = 16;

/// Where the member's value begins whose key is `name` (the text between the
/// quotes, as it stands in a canonical record), in the object that begins at
/// `at`.
#[inline]
pub(super) fn find_member(bytes: &[u8], at: usize, name: &[u8]) -> Option<usize> {
    if at == 0
        && let Some(found) = find_flat(bytes, name)
    {
        return found;
    }
    step_to_member(bytes, at, name)
}

/// As [`find_member`], in the object that `bytes` are, with a look at 16 bytes at a time. None if a bracket stands
/// before the member, or there are too few bytes: then it has to be found step by step.
///
/// What looks like the member is it. A quote behind a `{` or `,` is in no string, and it ends none, since no name
/// that is looked for here begins as what may stand behind a string; so `"name":` is a key. Where no bracket opens
/// before it, it is one of this object.
#[inline]
fn find_flat(bytes: &[u8], name: &[u8]) -> Option<Option<usize>> {
    if matches!(name, [] | [b',' | b':' | b']' | b'}', ..]) {
        return None;
    }
    let to_colon = name.len() + 2;
    // Behind it a vector has no room before its colons.
    let last = bytes.len().checked_sub(to_colon + LANES).filter(|last| *last > 0)?;
    let mut place = 1;
    loop {
        let from = last.min(place);
        let here = u8x16::new(*bytes.get(from..)?.first_chunk()?);
        let ahead = u8x16::new(*bytes.get(from + to_colon..)?.first_chunk()?);
        let keys = here.simd_eq(u8x16::splat(b'"')) & ahead.simd_eq(u8x16::splat(b':'));
        // `[` and `{` differ in this bit.
        let brackets = (here | u8x16::splat(0x20)).simd_eq(u8x16::splat(b'{')).to_bitmask();
        let mut keys = keys.to_bitmask();
        while keys != 0 {
            if brackets.trailing_zeros() < keys.trailing_zeros() {
                return None;
            }
            let key = from + keys.trailing_zeros() as usize;
            let is_begun = matches!(bytes[key - 1], b'{' | b',');
            if is_begun && bytes[key + 1..].starts_with(name) && bytes[key + to_colon - 1] == b'"' {
                return Some(Some(key + to_colon + 1));
            }
            keys &= keys - 1;
        }
        if brackets != 0 {
            return None;
        }
        if place >= last {
            return Some(None);
        }
        place += LANES;
    }
}

/// As [`find_member`], from one member to the next.
fn step_to_member(bytes: &[u8], at: usize, name: &[u8]) -> Option<usize> {
    let mut at = at + 1;
    while bytes.get(at) == Some(&b'"') {
        let key = at + 1;
        let key_end = key + name.len();
        let found = bytes.get(key_end..key_end + 2) == Some(b"\":") && &bytes[key..key_end] == name;
        if found {
            return Some(key_end + 2);
        }
        let colon = skip_value(bytes, at)?;
        at = skip_value(bytes, colon + 1)?;
        if bytes.get(at) == Some(&b',') {
            at += 1;
        }
    }
    None
}

/// Where the item with index `index` begins in the array that begins at `at`;
/// a negative index counts from the end.
#[inline]
pub(super) fn find_item(bytes: &[u8], at: usize, index: i64) -> Option<usize> {
    let wanted = match usize::try_from(index) {
        Ok(index) => index,
        Err(_) => {
            let length = Items { bytes, at: at + 1 }.count();
            length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
        }
    };
    Items { bytes, at: at + 1 }.nth(wanted)
}

/// The places where the items of an array begin.
struct Items<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Iterator for Items<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let start = self.at;
        if matches!(self.bytes.get(start), None | Some(b']')) {
            return None;
        }
        let end = skip_value(self.bytes, start)?;
        self.at = end + usize::from(self.bytes.get(end) == Some(&b','));
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::canon::tests::any_json;
    use proptest::prelude::*;
    use serde_json::Value;

    fn member<'a>(record: &'a str, name: &str) -> Option<&'a str> {
        let start = find_member(record.as_bytes(), 0, name.as_bytes())?;
        Some(&record[start..skip_value(record.as_bytes(), start)?])
    }

    #[test]
    fn members_are_found_at_their_own_level_only() {
        let record = r#"{"x\"a":0,"o":{"a":1},"s":"\"a\":2","l":[{"a":3}],"a":4,"":5}"#;
        assert_eq!(member(record, "a"), Some("4"));
        assert_eq!(member(record, ""), Some("5"));
        assert_eq!(member(record, "o"), Some(r#"{"a":1}"#));
        assert_eq!(member(record, "s"), Some(r#""\"a\":2""#));
        assert_eq!(member(record, "b"), None);
        assert_eq!(member("{}", "a"), None);
    }

    proptest! {
        #[test]
        fn a_look_at_many_bytes_finds_what_steps_do(
            members in prop::collection::vec((r#"[ab,:"\\\[{}]{0,3}"#, any_json()), 0..8),
            name in r#"[ab,:\[{}]{0,3}"#,
        ) {
            let record = Value::Object(members.into_iter().collect()).to_string();
            let (record, name) = (record.as_bytes(), name.as_bytes());
            let by_steps = step_to_member(record, 0, name);
            prop_assert_eq!(find_member(record, 0, name), by_steps);
            if let Some(found) = find_flat(record, name) {
                prop_assert_eq!(found, by_steps);
            }
        }
    }

    #[test]
    fn items_are_counted_from_both_ends() {
        let record = br#"["[",[1,2],{},3]"#;
        let item = |index| find_item(record, 0, index);
        assert_eq!(item(0), Some(1));
        assert_eq!(item(3), Some(14));
        assert_eq!(item(4), None);
        assert_eq!(item(-1), Some(14));
        assert_eq!(item(-4), Some(1));
        assert_eq!(item(-5), None);
        assert_eq!(find_item(b"[]", 0, 0), None);
    }

    #[test]
    fn garbage_ends_a_search() {
        for garbage in ["{", "{\"a", "{\"a\"", "{\"b\":", "{\"b\":[", "[", "[,", "[1", "{\"b\":}"] {
            assert_eq!(find_member(garbage.as_bytes(), 0, b"c"), None);
            assert_eq!(find_item(garbage.as_bytes(), 0, 7), None);
            assert_eq!(find_item(garbage.as_bytes(), 0, -7), None);
        }
    }
}
