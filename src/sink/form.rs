//! Records as people and other programs want to see them.

use crate::record;

/// Appends a record as text: a string as itself, anything else as JSON.
pub fn push_text(record: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&record::text(record));
}

/// Appends a record as Spark prints it: a string bare, a pair as `(key,value)`,
/// which holds for a pair inside of a pair too, as a join gives it.
pub fn push_shown(record: &[u8], out: &mut Vec<u8>) {
    match record::pair(record) {
        Some((key, value)) => {
            out.push(b'(');
            push_shown(key, out);
            out.push(b',');
            push_shown(value, out);
            out.push(b')');
        }
        None => push_text(record, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_shown_as_spark_shows_them() {
        for (record, shown) in [
            ("\"a\\nb\"", "a\nb"),
            ("[\"a\",1]", "(a,1)"),
            ("[\"a\",[1,\"x\"]]", "(a,(1,x))"),
            ("[\"a\",[1,2,3]]", "(a,[1,2,3])"),
            ("null", "null"),
            ("{\"a\":\"b\"}", "{\"a\":\"b\"}"),
        ] {
            let mut out = Vec::new();
            push_shown(record.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), shown);
        }
    }
}
