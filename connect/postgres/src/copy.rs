//! Rows in the text form of COPY.

use memchr::memchr2;
use sstream_tables::{Rows, Value};

/// Appends the rows, a line each. `is_json`: which of the columns hold JSON.
pub fn push_rows(rows: &Rows<'_>, is_json: &[bool], out: &mut Vec<u8>) {
    for row in rows.iter() {
        for (column, (value, is_json)) in row.iter().zip(is_json).enumerate() {
            if column > 0 {
                out.push(b'\t');
            }
            match Value::text(value, *is_json) {
                None => out.extend_from_slice(b"\\N"),
                Some(text) => push_escaped(&text, out),
            }
        }
        out.push(b'\n');
    }
}

fn push_escaped(text: &[u8], out: &mut Vec<u8>) {
    // Below a space there are tabs and ends of lines, and nothing else is escaped but a backslash.
    let is_plain = memchr2(b'\\', b'\t', text).is_none() && memchr2(b'\n', b'\r', text).is_none();
    if is_plain {
        return out.extend_from_slice(text);
    }
    for byte in text {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            byte => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_form() {
        let columns: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let mut rows = Rows::new(Some(&columns));
        rows.push(br#"["a\tb\\c\n\r","x",null]"#);
        rows.push(br#"[1.50,"\"",{"k":"a\nb"}]"#);
        rows.push(br#"[true,[1],""]"#);
        let mut out = Vec::new();
        push_rows(&rows, &[false, true, false], &mut out);
        let expected = "a\\tb\\\\c\\n\\r\t\"x\"\t\\N\n1.50\t\"\\\\\"\"\t{\"k\":\"a\\\\nb\"}\ntrue\t[1]\t\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
