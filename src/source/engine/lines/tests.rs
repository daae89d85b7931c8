use super::*;
use crate::record::forms::{Framing, Recipe};
use proptest::prelude::*;

/// Feeds `text` in pieces and gives the lines, an overlong one as `None`.
fn buffered(text: &[u8], cuts: &[usize], max_line: usize) -> Vec<Option<Vec<u8>>> {
    let mut buffer = LineBuffer::new(Vec::new(), Coding::default());
    let mut lines = Vec::new();
    let mut take = |buffer: &mut LineBuffer| {
        while buffer.has_line() {
            if buffer.take_overlong().is_some() {
                lines.push(None);
                continue;
            }
            let whole = buffer.lines(16, 3).bytes.to_vec();
            lines.extend(whole.split_inclusive(|byte| *byte == b'\n').map(|line| {
                let line = &line[..line.len() - 1];
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                (line.len() <= max_line).then(|| line.to_vec())
            }));
            buffer.consume(whole.len());
        }
    };
    for piece in pieces(text, cuts) {
        buffer.space(piece.len())[..piece.len()].copy_from_slice(piece);
        buffer.add(piece.len());
        buffer.skip_beyond(max_line);
        take(&mut buffer);
    }
    buffer.finish();
    take(&mut buffer);
    assert_eq!(buffer.unfinished(), 0);
    lines
}

fn assembled(text: &[u8], cuts: &[usize], max_line: usize) -> Vec<Option<Vec<u8>>> {
    let mut assembler = Assembler::new(max_line, Coding::default());
    let mut whole = Vec::new();
    for piece in pieces(text, cuts) {
        if let Some(lines) = assembler.push(piece.to_vec()) {
            assert!(lines.ends_with(b"\n"));
            whole.extend(lines);
        }
        assert!(assembler.unfinished() <= max_line + 2);
    }
    whole.extend(assembler.finish().unwrap().unwrap_or_default());
    model(&whole, max_line)
}

fn pieces<'a>(text: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

fn model(text: &[u8], max_line: usize) -> Vec<Option<Vec<u8>>> {
    text.split_inclusive(|byte| *byte == b'\n')
        .map(|line| {
            let line = match line.strip_suffix(b"\n") {
                Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
                None => line,
            };
            (line.len() <= max_line).then(|| line.to_vec())
        })
        .collect()
}

proptest! {
    #[test]
    fn lines_do_not_depend_on_how_they_come(
        text in prop::collection::vec(prop::sample::select(&b"aaaaaa\r\n"[..]), 0..80),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        max_line in 1usize..12,
    ) {
        prop_assert_eq!(buffered(&text, &cuts, max_line), model(&text, max_line));
        prop_assert_eq!(assembled(&text, &cuts, max_line), model(&text, max_line));
    }

    #[test]
    fn records_do_not_depend_on_how_they_come_in_any_coding(
        texts in prop::collection::vec("[a\u{a0a}\u{10a}\u{d0a}é1 ]{0,14}", 0..8),
        which in 0usize..7,
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        max_line in 1usize..9,
    ) {
        let coding = CODINGS[which]();
        let mut bytes = Vec::new();
        for text in &texts {
            push_record(text, coding, &mut bytes);
        }
        let whole = records(&bytes, &[], coding, max_line);
        prop_assert_eq!(&records(&bytes, &cuts, coding, max_line), &whole);
        let mut assembler = Assembler::new(max_line, coding);
        let mut lines = Vec::new();
        for piece in pieces(&bytes, &cuts) {
            lines.extend(assembler.push(piece.to_vec()).unwrap_or_default());
            prop_assert!(assembler.unfinished() <= max_line * coding.unit() + AROUND);
        }
        lines.extend(assembler.finish().unwrap().unwrap_or_default());
        prop_assert_eq!(&records(&lines, &[], coding, max_line), &whole);
        let expected: Vec<_> = texts.iter().filter_map(|text| expected(text, coding, max_line)).collect();
        prop_assert_eq!(whole, expected);
    }
}

const CODINGS: [fn() -> Coding; 7] = [
    || Coding::new(Framing::Lines, Some(encoding_rs::UTF_16LE)),
    || Coding::new(Framing::Lines, Some(encoding_rs::UTF_16BE)),
    || Coding::new(Framing::Lines, Some(encoding_rs::WINDOWS_1252)),
    || Coding::new(Framing::Nul, None),
    || Coding::new(Framing::Fixed(5), None),
    || Coding::new(Framing::Octets, None),
    || Coding::new(Framing::Msgpack, None),
];

/// What a text is in a coding: of the web's western one it has only what that has, of fixed length as
/// much as there is room for.
fn said(text: &str, coding: Coding) -> String {
    match coding.framing() {
        Framing::Fixed(length) => {
            let text = text.replace(|c: char| !c.is_ascii(), "x");
            format!("{:x<length$}", &text[..text.len().min(length)])
        }
        Framing::Lines if coding.unit() == 1 => text.replace(|c: char| !c.is_ascii() && c != 'é', "x"),
        _ => text.to_owned(),
    }
}

fn push_record(text: &str, coding: Coding, bytes: &mut Vec<u8>) {
    let text = said(text, coding);
    match (coding.framing(), coding.unit()) {
        (Framing::Lines, 1) => bytes.extend(encoding_rs::WINDOWS_1252.encode(&format!("{text}\r\n")).0.iter()),
        (Framing::Lines, _) => {
            let is_big = coding.first(b"\0\n").is_some();
            let units = text.encode_utf16().chain("\r\n".encode_utf16());
            bytes.extend(units.flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() }));
        }
        (Framing::Nul, _) => bytes.extend(format!("{text}\0").bytes()),
        (Framing::Fixed(_), _) => bytes.extend(text.bytes()),
        (Framing::Octets, _) if text.is_empty() => bytes.push(b'\n'),
        (Framing::Octets, _) => bytes.extend(format!("{} {text}", text.len()).bytes()),
        (Framing::Msgpack, _) => {
            bytes.extend([0xd9, text.len() as u8]);
            bytes.extend(text.bytes());
        }
    }
}

/// The record of a text; none if it is none, or is too long.
fn expected(text: &str, coding: Coding, max_line: usize) -> Option<String> {
    let mut text = said(text, coding);
    if coding.framing() == Framing::Msgpack {
        let mut json = Vec::new();
        crate::record::push_string(text.as_bytes(), &mut json);
        text = String::from_utf8(json).unwrap();
    }
    let is_none = text.is_empty() && coding.may_have_counts();
    (!is_none && text.len() <= max_line).then_some(text)
}

fn records(bytes: &[u8], cuts: &[usize], coding: Coding, max_line: usize) -> Vec<String> {
    let mut buffer = LineBuffer::new(Vec::new(), coding);
    let mut format = Recipe::default().format(b"");
    let mut out = Vec::new();
    let mut take = |buffer: &mut LineBuffer| {
        while buffer.has_line() {
            if buffer.take_overlong().is_none() {
                let lines = buffer.lines(16, 3);
                let length = lines.bytes.len();
                format.records(lines, max_line, &mut out, &mut |_, _| Ok(())).unwrap();
                buffer.consume(length);
            }
        }
    };
    for piece in pieces(bytes, cuts) {
        buffer.space(piece.len())[..piece.len()].copy_from_slice(piece);
        buffer.add(piece.len());
        buffer.skip_beyond(max_line);
        take(&mut buffer);
    }
    buffer.finish();
    take(&mut buffer);
    out.split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}
