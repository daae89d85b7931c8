//! One logfmt line to a JSON object. Values are strings, since logfmt knows no
//! types, or numbers where that is asked for; a key without a value is true. The crates for it are long unkept.

use crate::record;
use crate::record::number::push_number_or_string;

/// Appends the object of a line; with `numbers`, values that are numbers, in quotes or not, are numbers. The error
/// says what is wrong.
pub fn push_object(line: &str, numbers: bool, out: &mut Vec<u8>) -> Result<(), String> {
    let mut object = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        object.push(if object.is_empty() { b'{' } else { b',' });
        let key_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = &rest[..key_end];
        if key.is_empty() || key.contains('"') {
            return Err(format!("no key before '{}'", rest.chars().take(20).collect::<String>()));
        }
        record::push_string(key.as_bytes(), &mut object);
        object.push(b':');
        rest = &rest[key_end..];
        match rest.strip_prefix('=') {
            None => object.extend_from_slice(b"true"),
            Some(after) => rest = push_value(key, after, numbers, &mut object)?,
        }
        rest = rest.trim_start();
    }
    object.push(b'}');
    // The last of two equal keys counts.
    record::canonicalize(&object, out).map_err(|error| error.to_string())
}

/// Appends the value at the beginning of `rest` and returns what follows it.
fn push_value<'a>(key: &str, rest: &'a str, numbers: bool, out: &mut Vec<u8>) -> Result<&'a str, String> {
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        push_text(&rest[..end], numbers, out);
        return Ok(&rest[end..]);
    };
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                push_text(&text, numbers, out);
                return Ok(&quoted[at + 1..]);
            }
            '\\' => match characters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, other)) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err(format!("the quote of {key} is not closed"))
}

fn push_text(text: &str, numbers: bool, out: &mut Vec<u8>) {
    let push = if numbers { push_number_or_string } else { record::push_string };
    push(text.as_bytes(), out);
}
