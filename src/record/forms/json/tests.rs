use super::*;
use crate::record::canon::tests::any_json;
use crate::record::forms::{Format as _, Records};
use proptest::prelude::*;

/// What comes of lines: records, bad lines with their reasons.
type Read = (u64, String, Vec<(Vec<u8>, String)>);

/// What lines give when each is read by itself, with nothing but a [`Canonicalizer`] of its own.
fn one_by_one(lines: &[u8]) -> Read {
    let (mut records, mut out, mut bad) = (0, Vec::new(), Vec::new());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let line = bare(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let text = String::from_utf8_lossy(line);
        match crate::record::canonicalize(text.as_bytes(), &mut out) {
            Ok(()) => {
                records += 1;
                out.push(b'\n');
            }
            Err(error) => bad.push((line.to_vec(), error.to_string())),
        }
    }
    (records, String::from_utf8(out).unwrap(), bad)
}

/// What lines give that come in `pieces` of whole lines to one reader.
fn together<'a>(format: &mut Records<Json>, pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let (mut records, mut out, mut bad) = (0, Vec::new(), Vec::new());
    for piece in pieces {
        let mut take = |line: &[u8], reason: &str| {
            bad.push((line.to_vec(), reason.to_owned()));
            Ok(())
        };
        records += format.records(piece.into(), 1 << 20, &mut out, &mut take).unwrap();
    }
    (records, String::from_utf8(out).unwrap(), bad)
}

fn plain() -> Records<Json> {
    Records::new(Json::default(), None, None)
}

/// The lines three times, so that their shapes are known, and then in pieces.
fn check(lines: &[u8]) {
    let text = lines.repeat(3);
    let expected = one_by_one(&text);
    assert_eq!(together(&mut plain(), [&text[..]].into_iter()), expected, "{:?}", String::from_utf8_lossy(lines));
    let pieces = text.split_inclusive(|byte| *byte == b'\n');
    assert_eq!(together(&mut plain(), pieces), expected, "{:?}", String::from_utf8_lossy(lines));
}

#[test]
fn lines_of_one_shape_are_read_along_it() {
    let mut json = Json::default();
    let lines = br#"{"level":"ERROR","ms":12.5,"tags":["a"]}
{"level":"x","ms":-0.25e+7,"tags":[null]}
{"level":"\u0041\/","ms":0,"tags":[false]}
{"level":7,"ms":true,"tags":["\\\""]}
"#;
    let mut out = Vec::new();
    let records = json.push_lines(lines, &mut out, &mut |_, _| Ok(())).unwrap();
    assert_eq!(records, Some(4));
    let mut shapes = json.shapes;
    assert!(shapes.are_tried());
    let mut pass = Pass { lines, index: &json.index, out: &mut Vec::new(), at: 0, copied: 0 };
    for _ in 0..4 {
        assert!(pass.line(&shapes));
    }
    assert_eq!(pass.at, lines.len());
    assert_eq!(String::from_utf8(out).unwrap().replace("A/", r"\u0041\/").as_bytes(), lines);
}

#[test]
fn what_looks_like_a_known_shape_is_checked_as_any_other() {
    let good = r#"{"time":"2026-11-28","level":"ERROR","ms":12.5,"msg":"a\tb","o":{"k":[1,null]}}"#;
    let long = format!("{{\"m\":\"{}\"}}", "x".repeat(200));
    let mut lines = format!("{good}\n{long}\n");
    for bad in ["01", "-", "1.", "1e", "1e+", ".5", "tru", "nul", "fals", "\"a", "\"\\x\"", "\"\\u12\"", "{", "", "1 2"]
    {
        lines += &format!("{}\n{}\n", good.replace("12.5", bad), good.replace("\"ERROR\"", bad));
    }
    for number in ["0", "-0", "1E-5", &"1".repeat(70), &format!("0.{}", "1".repeat(64))] {
        lines += &format!("{}\n", good.replace("12.5", number));
    }
    for odd in ["\u{feff}", " ", "\t"] {
        lines += &format!("{odd}{good}\n{good}{odd}\n{good}{odd}\r\n");
    }
    lines += &format!("{}\n", good.replace("a\\tb", "a\tb"));
    lines += &format!("{}\n", good.replace("level", "ms").replace("o\":", "time\":"));
    lines += &format!("{}\n{}\n", good.replace(',', ", ").replace(':', ": "), good.replace("ERROR", "é日😀"));
    lines += "\n \r\n{}\n[]\n{\"a\":1}\n{\"a\":[]}\n{\"a\":[2]}\n{\"a\":{\"a\":1}}\n{\"a\":1,\"a\":2}\n";
    check(lines.as_bytes());
    // One byte of it changed, to each that means something.
    for at in 0..good.len() {
        let mut lines = format!("{good}\n{good}\n{good}\n").into_bytes();
        for byte in br#"{}[]",:\0.eE+- ntf"#.iter().chain(&[0, b'\n', b'\r', 0x1f]) {
            lines[good.len() + 1 + at] = *byte;
            check(&lines);
        }
    }
}

#[test]
fn invalid_utf8_in_one_line_changes_that_line_only() {
    let mut lines = b"{\"a\":\"x\"}\n{\"a\":\"y\xff\"}\n{\"a\":1\xff}\n{\"a\":\"z\"}\n".to_vec();
    check(&lines);
    let mut format = plain();
    together(&mut format, [&lines[..]].into_iter());
    assert_eq!(format.invalid_lines(), 2);
    lines.insert(1, 0xc3);
    check(&lines);
}

/// A line of a few shapes, most often JSON.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let scalar = prop_oneof![
        4 => "\"[a-z\\\\\"é ]{0,20}\"",
        4 => "-?[0-9]{1,3}(\\.[0-9]{0,2})?([eE][+-]?[0-9])?",
        2 => Just("null".to_owned()),
        1 => "[a-z\"\\\\{}0-9]{0,5}",
    ];
    let scalars = prop::collection::vec(scalar, 3);
    let end = prop::sample::select(&["", "\r", " ", "x"][..]);
    let shaped = (0..5usize, scalars, end).prop_map(|(shape, s, end)| match shape {
        0 => format!("{{\"a\":{},\"b\":[{},{}]}}{end}", s[0], s[1], s[2]),
        1 => format!("{{\"a\" : {},\"b\":{}}}{end}", s[0], s[1]),
        2 => format!("[{},{{\"k\":{}}},{}]{end}", s[0], s[1], s[2]),
        3 => format!("{{\"a\":{},\"a\":{}}}{end}", s[0], s[1]),
        _ => format!("{}{end}", s[0]),
    });
    prop_oneof![
        8 => shaped.prop_map(String::into_bytes),
        1 => any_json().prop_map(|value| value.to_string().into_bytes()),
        1 => any::<Vec<u8>>(),
    ]
}

proptest! {
    #[test]
    fn lines_together_are_what_each_is_by_itself(
        lines in prop::collection::vec(any_line(), 0..20),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut text = lines.join(&b'\n');
        text.push(b'\n');
        let last = text.len() - 1;
        changes.iter().filter(|_| last > 0).for_each(|(at, byte)| text[at.index(last)] = *byte);
        let expected = one_by_one(&text);
        prop_assert_eq!(together(&mut plain(), [&text[..]].into_iter()), expected.clone());
        let pieces = text.split_inclusive(|byte| *byte == b'\n');
        prop_assert_eq!(together(&mut plain(), pieces), expected);
    }
}
