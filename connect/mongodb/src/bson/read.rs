//! Documents of a server, as JSON: relaxed Extended JSON where JSON has no such type.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sstream::connect::record::{push_float, push_string};

use super::kind;

/// Documents of servers nest no deeper.
const DEEPEST: usize = 200;

/// A document as JSON; nothing if it is none.
pub fn json(document: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(document.len());
    let mut rest = document;
    push_document(&mut rest, false, 0, &mut out)?;
    rest.is_empty().then_some(out)
}

/// The first element of a document.
pub fn first(document: &[u8]) -> Option<&[u8]> {
    let inside = document.get(4..)?;
    let mut rest = inside;
    let [kind] = take(&mut rest)?;
    take_name(&mut rest)?;
    push_value(*kind, &mut rest, 0, &mut Vec::new())?;
    Some(&inside[..inside.len() - rest.len()])
}

fn take<'b, const N: usize>(rest: &mut &'b [u8]) -> Option<&'b [u8; N]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(taken)
}

fn take_bytes<'b>(count: usize, rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (taken, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    Some(taken)
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(i32::from_le_bytes(*take(rest)?)).ok()
}

/// What ends with a zero.
fn take_name<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let name = take_bytes(end, rest)?;
    *rest = &rest[1..];
    Some(name)
}

fn take_text<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let length = take_length(rest)?;
    take_bytes(length, rest)?.strip_suffix(&[0])
}

fn push_text(text: &[u8], out: &mut Vec<u8>) {
    push_string(String::from_utf8_lossy(text).as_bytes(), out);
}

fn push_document(rest: &mut &[u8], is_array: bool, depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let whole = *rest;
    let length = take_length(rest)?;
    let mut inside = whole.get(4..length)?.strip_suffix(&[0])?;
    *rest = &whole[length..];
    if depth > DEEPEST {
        return None;
    }
    out.push(if is_array { b'[' } else { b'{' });
    let mut is_first = true;
    while let Some([kind]) = take(&mut inside) {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        let name = take_name(&mut inside)?;
        if !is_array {
            push_text(name, out);
            out.push(b':');
        }
        push_value(*kind, &mut inside, depth, out)?;
    }
    out.push(if is_array { b']' } else { b'}' });
    Some(())
}

fn push_value(kind: u8, rest: &mut &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let plain = |text: String, out: &mut Vec<u8>| out.extend_from_slice(text.as_bytes());
    match kind {
        kind::DOUBLE => match f64::from_le_bytes(*take(rest)?) {
            number if number.is_finite() => push_float(number, out),
            number => plain(format!("{{\"$numberDouble\":\"{number}\"}}"), out),
        },
        kind::STRING | kind::CODE | kind::SYMBOL => push_text(take_text(rest)?, out),
        kind::DOCUMENT => push_document(rest, false, depth + 1, out)?,
        kind::ARRAY => push_document(rest, true, depth + 1, out)?,
        kind::BINARY => {
            let length = take_length(rest)?;
            let [_subtype] = take(rest)?;
            push_text(STANDARD.encode(take_bytes(length, rest)?).as_bytes(), out);
        }
        kind::OBJECT_ID => {
            let digits: String = take::<12>(rest)?.iter().map(|byte| format!("{byte:02x}")).collect();
            plain(format!("{{\"$oid\":\"{digits}\"}}"), out);
        }
        kind::BOOLEAN => plain((*take(rest)? != [0]).to_string(), out),
        kind::DATE => plain(format!("{{\"$date\":{}}}", i64::from_le_bytes(*take(rest)?)), out),
        kind::NULL | kind::UNDEFINED => plain("null".to_owned(), out),
        kind::REGEX => {
            push_text(take_name(rest)?, out);
            take_name(rest)?;
        }
        kind::POINTER => {
            push_text(take_text(rest)?, out);
            take::<12>(rest)?;
        }
        kind::CODE_WITH_SCOPE => {
            let length = take_length(rest)?.checked_sub(4)?;
            push_text(take_text(&mut take_bytes(length, rest)?)?, out);
        }
        kind::INT32 => plain(i32::from_le_bytes(*take(rest)?).to_string(), out),
        kind::TIMESTAMP => plain(u64::from_le_bytes(*take(rest)?).to_string(), out),
        kind::INT64 => plain(i64::from_le_bytes(*take(rest)?).to_string(), out),
        // Only shown to people, who may do with its bits.
        kind::DECIMAL => plain(format!("{{\"$decimal\":\"{:032x}\"}}", u128::from_le_bytes(*take(rest)?)), out),
        kind::MIN_KEY => plain("{\"$minKey\":1}".to_owned(), out),
        kind::MAX_KEY => plain("{\"$maxKey\":1}".to_owned(), out),
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::{Document, close, open, push_head};
    use super::*;
    use sstream::connect::record::canonicalize;
    use sstream_testkit::random::Random;

    #[test]
    fn whatever_comes_is_a_document_or_none() {
        let whole = Document::new()
            .document("a", Document::new().text("b", "c").binary("d", b"\xff").boolean("e", true))
            .only("f", Document::new().int("g", 1))
            .bytes();
        assert_eq!(json(&whole).unwrap(), br#"{"a":{"b":"c","d":"/w==","e":true},"f":[{"g":1}]}"#);
        assert_eq!(first(&Document::new().text("a", "b").int("c", 1).bytes()), Some(&b"\x02a\0\x02\0\0\0b\0"[..]));
        assert_eq!(first(&Document::new().bytes()), None);
        for cut in 0..whole.len() {
            assert_eq!(json(&whole[..cut]), None);
        }
        let mut random = Random::new(14);
        for _ in 0..20_000 {
            let mut bytes = whole.clone();
            for _ in 0..random.between(1, 4) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.number() as u8;
            }
            if let Some(json) = json(&bytes) {
                canonicalize(&json, &mut Vec::new()).unwrap();
            }
        }
        let mut deep = Vec::new();
        let begins: Vec<usize> = (0..100_000)
            .map(|_| {
                let begin = open(&mut deep);
                push_head(kind::DOCUMENT, b"", &mut deep);
                begin
            })
            .collect();
        let last = open(&mut deep);
        close(last, &mut deep);
        begins.into_iter().rev().for_each(|begin| close(begin, &mut deep));
        assert_eq!(json(&deep), None);
    }
}
