//! Finding a value inside a canonical record, with no tree and no look at
//! anything behind it.
//!
//! Records are valid, but nothing here fails badly on bytes that are not: a
//! search ends with `None`.

use crate::record::skip_value;

/// Where the member's value begins whose key is `name` (the text between the
/// quotes, as it stands in a canonical record), in the object that begins at
/// `at`.
#[inline]
pub(super) fn find_member(bytes: &[u8], at: usize, name: &[u8]) -> Option<usize> {
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
