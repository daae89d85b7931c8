use super::*;
use crate::record::canon::tests::any_json;
use crate::record::forms::line::LineForm;
use crate::record::forms::{Format as _, Json, Logfmt, Records, push_logfmt};
use proptest::prelude::*;

/// What comes of lines: records, bad lines with their reasons.
type Read = (u64, String, Vec<(Vec<u8>, String)>);

/// Appends the record of one line.
type One = fn(&str, &mut Vec<u8>) -> Result<bool, String>;

/// JSON as a [`Canonicalizer`](crate::record::Canonicalizer) of its own reads it.
fn json(line: &str, out: &mut Vec<u8>) -> Result<bool, String> {
    if line.bytes().all(|byte| byte.is_ascii_whitespace()) {
        return Ok(false);
    }
    crate::record::canonicalize(line.as_bytes(), out).map(|()| true).map_err(|error| error.to_string())
}

fn logfmt(line: &str, out: &mut Vec<u8>) -> Result<bool, String> {
    if line.trim().is_empty() {
        return Ok(false);
    }
    push_logfmt(line, false, out).map(|()| true)
}

/// What lines give when each is read by itself.
fn one_by_one(lines: &[u8], one: One) -> Read {
    let (mut records, mut out, mut bad) = (0, Vec::new(), Vec::new());
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let line = bare(line);
        match one(&String::from_utf8_lossy(line), &mut out) {
            Ok(true) => {
                records += 1;
                out.push(b'\n');
            }
            Ok(false) => {}
            Err(reason) => bad.push((line.to_vec(), reason)),
        }
    }
    (records, String::from_utf8(out).unwrap(), bad)
}

/// What lines give that come in `pieces` of whole lines to one reader.
fn together<'a, F: LineForm + Default>(pieces: impl Iterator<Item = &'a [u8]>) -> Read {
    let mut format = Records::new(F::default(), None, None);
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

/// The lines three times, so that their shapes are known, at once and one by one.
fn check<F: LineForm + Default>(lines: &[u8], one: One) {
    let text = lines.repeat(3);
    let expected = one_by_one(&text, one);
    assert_eq!(together::<F>([&text[..]].into_iter()), expected, "{:?}", String::from_utf8_lossy(lines));
    let pieces = text.split_inclusive(|byte| *byte == b'\n');
    assert_eq!(together::<F>(pieces), expected, "{:?}", String::from_utf8_lossy(lines));
}

/// How many lines are of a shape that is known behind `before`.
fn of_known_shape<G: Grammar + Default>(before: &[u8], lines: &[u8]) -> usize {
    let mut shaped = Shaped::default();
    shaped.push_lines(&mut G::default(), before, &mut Vec::new(), &mut |_, _| Ok(())).unwrap();
    let Shaped { mut index, shapes } = shaped;
    index.set(lines, G::ALSO);
    let mut pass = Pass { lines, index: &index, out: &mut Vec::new(), at: 0, copied: 0 };
    (0..lines.split_inclusive(|byte| *byte == b'\n').count())
        .filter(|_| {
            let is_known = pass.line::<G>(&shapes);
            if !is_known {
                pass.next_line();
            }
            is_known
        })
        .count()
}

#[test]
fn lines_of_one_shape_are_read_along_it() {
    let lines = br#"{"level":"ERROR","ms":12.5,"tags":["a"]}
{"level":"x","ms":-0.25e+7,"tags":[null]}
{"level":"\u0041\/","ms":0,"tags":[false]}
{"level":7,"ms":true,"tags":["\\\""]}
"#;
    assert_eq!(of_known_shape::<crate::record::Canonicalizer>(lines, lines), 4);
    check::<Json>(lines, json);
    let lines = b"a=1 b=\"x y\" c d=\na= b=\"\\\"\\n\" c d=2=3\n";
    assert_eq!(of_known_shape::<super::super::logfmt::Reader>(lines, lines), 2);
    check::<Logfmt>(lines, logfmt);
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
    check::<Json>(lines.as_bytes(), json);
    // One byte of it changed, to each that means something.
    for at in 0..good.len() {
        let mut lines = format!("{good}\n{good}\n{good}\n").into_bytes();
        for byte in br#"{}[]",:\0.eE+- ntf"#.iter().chain(&[0, b'\n', b'\r', 0x1f]) {
            lines[good.len() + 1 + at] = *byte;
            check::<Json>(&lines, json);
        }
    }
}

#[test]
fn invalid_utf8_in_one_line_changes_that_line_only() {
    let mut lines = b"{\"a\":\"x\"}\n{\"a\":\"y\xff\"}\n{\"a\":1\xff}\n{\"a\":\"z\"}\n".to_vec();
    check::<Json>(&lines, json);
    let mut format = Records::new(Json::default(), None, None);
    format.records(lines[..].into(), 1 << 20, &mut Vec::new(), &mut |_, _| Ok(())).unwrap();
    assert_eq!(format.invalid_lines(), 2);
    lines.insert(1, 0xc3);
    check::<Json>(&lines, json);
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

/// A line of logfmt, most often.
fn any_logfmt() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        3 => "[a-z0-9=é]{0,6}",
        3 => "\"([a-zé= ]|\\\\[\"\\\\ntrbx])*\"",
        1 => "[a-z\"\\\\ \t=\u{a0}\r]{0,5}",
    ];
    let values = prop::collection::vec(value, 2);
    let shape = prop::sample::select(&["a=1 b=2", " a=1  b=2 ", "a=1 flag b=2", "a=1 a=2", "a=1\tb=2\r", "a=1b=2"][..]);
    (shape, values).prop_map(|(shape, v)| shape.replace('1', &v[0]).replace('2', &v[1]).replace('\n', "").into_bytes())
}

/// Lines, with a few bytes changed.
fn changed(lines: Vec<Vec<u8>>, changes: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    let last = text.len() - 1;
    changes.iter().filter(|_| last > 0).for_each(|(at, byte)| text[at.index(last)] = *byte);
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// While shapes are not tried, in the middle of a piece or from its beginning on.
    #[test]
    fn lines_behind_many_keys_that_are_data_are_read_too(
        lines in prop::collection::vec(any_line(), 0..20),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut text: Vec<u8> = (0..1100).flat_map(|key| format!("{{\"user{key}\":1}}\n").into_bytes()).collect();
        text.extend(changed(lines, &changes));
        check::<Json>(&text, json);
    }
}

proptest! {
    #[test]
    fn lines_together_are_what_each_is_by_itself(
        lines in prop::collection::vec(any_line(), 0..20),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        check::<Json>(&changed(lines, &changes), json);
    }

    #[test]
    fn logfmt_lines_together_too(
        lines in prop::collection::vec(any_logfmt(), 0..20),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
    ) {
        check::<Logfmt>(&changed(lines, &changes), logfmt);
    }
}
