//! `flatmap --split`: the pieces of a text between matches, as Java's and
//! Scala's `split` gives them.
//!
//! - Empty pieces at the end are left out, so that a text of separators alone
//!   gives nothing; elsewhere they stay.
//! - An empty text gives itself, one empty piece; so does a text with no match.
//! - A match of no width at the beginning splits nothing off; one behind a
//!   match of some width does.
//!
//! One character that JSON writes as it is, such as a space or a comma, is the
//! common separator: then the JSON of a whole run of strings is split by
//! writing `"`, newline, `"` for each separator.

use regex::Regex;
use regex_syntax::hir::{Class, HirKind, Repetition};
use wide::u8x16;

use super::function::{Given, Part};
use super::pattern::{self, PatternError};
use super::text::{EachText, OfText};
use super::{OpError, Out, PerRecord};
use crate::frame::Block;
use crate::record::push_string;

/// What stands in the place of a separator: the end of a string and the
/// beginning of the next.
const BETWEEN: [u8; 3] = *b"\"\n\"";

/// Bytes that are looked at and copied at a time.
const LANES: usize = 16;

/// The longest run of records that is split at once: output of about a block.
const RUN_BYTES: usize = 128 << 10;

/// Splits texts, or the texts of values.
pub struct Split {
    any: EachText<Pieces>,
    /// The separator, if it is a byte that stands in JSON as in text.
    byte: Option<u8>,
    /// Where runs are split, kept because it has to be filled before it can be
    /// written to.
    space: Vec<u8>,
}

impl Split {
    /// By a regular expression.
    pub fn new(pattern: &str, part: Part) -> Result<Split, PatternError> {
        let regex = pattern::compile(pattern)?;
        let byte = plain_byte(pattern).filter(|_| part == Part::Record);
        let function = Pieces { regex, set: AsciiSet::of(pattern) };
        Ok(Split { any: EachText { function, part }, byte, space: Vec::new() })
    }

    /// Splits whole strings, none of which ends in a separator.
    fn run(&mut self, run: &[u8], separator: u8, out: &mut Out<'_>) {
        let most = run.len() * BETWEEN.len() + 2 * LANES;
        if self.space.len() < most {
            self.space.resize(most, 0);
        }
        let written = expand(run, separator, &mut self.space);
        let bytes = &self.space[..written];
        out.records(memchr::memchr_iter(b'\n', bytes).count() as u64, bytes);
    }

    fn by_byte(&mut self, bytes: &[u8], separator: u8, out: &mut Out<'_>) -> Result<(), OpError> {
        let (mut run, mut start) = (0, 0);
        while start < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |newline| start + newline);
            let record = &bytes[start..end];
            let is_plain = matches!(record, [b'"', .., last, b'"'] if *last != separator) || record == b"\"\"";
            if !is_plain || end - run > RUN_BYTES {
                self.run(&bytes[run..start], separator, out);
                run = start;
            }
            if !is_plain {
                self.any.record(record, out)?;
                run = end + 1;
            }
            start = end + 1;
        }
        self.run(&bytes[run.min(bytes.len())..], separator, out);
        Ok(())
    }
}

impl PerRecord for Split {
    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        match self.byte {
            Some(separator) => self.by_byte(block.bytes, separator, out),
            None => self.any.block(block, out),
        }
    }
}

/// The one byte that the pattern stands for, if it is in no escape of JSON
/// (`\" \\ \b \f \n \r \t \u00xx`) and needs none.
fn plain_byte(pattern: &str) -> Option<u8> {
    match regex_syntax::parse(pattern).ok()?.kind() {
        HirKind::Literal(literal) => match *literal.0 {
            [byte] => {
                let in_escape = byte.is_ascii_hexdigit() || b"\"\\nrtu".contains(&byte);
                ((0x20..0x80).contains(&byte) && !in_escape).then_some(byte)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Copies `input` to `output` with [`BETWEEN`] for each separator, and says how
/// many bytes there are now. There has to be space for three times the input
/// and two vectors: every copy is a whole vector, whose spare bytes the next
/// one overwrites. That is several times as fast as copies of varying length,
/// since words are short.
fn expand(input: &[u8], separator: u8, output: &mut [u8]) -> usize {
    let wanted = u8x16::splat(separator);
    let mut to = 0;
    let mut from = 0;
    // Copies begin anywhere in a vector, so there has to be another behind it.
    while let Some(window) = input.get(from..).and_then(<[u8]>::first_chunk::<{ 2 * LANES }>) {
        let (vector, _) = window.split_at(LANES);
        let Ok(vector) = <[u8; LANES]>::try_from(vector) else { break };
        let mut mask = u8x16::new(vector).simd_eq(wanted).to_bitmask();
        let mut copied = 0;
        while mask != 0 {
            let at = mask.trailing_zeros() as usize;
            copy_vector(window, copied, output, to);
            to += at - copied;
            output[to..to + BETWEEN.len()].copy_from_slice(&BETWEEN);
            to += BETWEEN.len();
            copied = at + 1;
            mask &= mask - 1;
        }
        copy_vector(window, copied, output, to);
        to += LANES - copied;
        from += LANES;
    }
    for byte in &input[from..] {
        if *byte == separator {
            output[to..to + BETWEEN.len()].copy_from_slice(&BETWEEN);
            to += BETWEEN.len();
        } else {
            output[to] = *byte;
            to += 1;
        }
    }
    to
}

#[inline]
fn copy_vector(input: &[u8; 2 * LANES], from: usize, output: &mut [u8], to: usize) {
    output[to..to + LANES].copy_from_slice(&input[from..from + LANES]);
}

struct Pieces {
    regex: Regex,
    /// The same for a text that is ASCII, if it is that simple.
    set: Option<AsciiSet>,
}

impl Pieces {
    /// Gives each piece, also the empty ones at the end.
    fn each(&self, text: &str, mut piece: impl FnMut(&str)) {
        if let Some(set) = self.set.as_ref().filter(|_| text.is_ascii()) {
            return set.each(text, piece);
        }
        let (mut start, mut at) = (0, 0);
        while at <= text.len() {
            let Some(found) = self.regex.find_at(text, at) else { break };
            at = found.end();
            if found.is_empty() {
                // Behind a match of no width the next character comes first.
                at += text[at..].chars().next().map_or(1, char::len_utf8);
            }
            if found.end() > 0 {
                piece(&text[start..found.start()]);
                start = found.end();
            }
        }
        piece(&text[start..]);
    }
}

/// One of several characters, or a run of them: `,`, `\t`, `[,;]`, `\s+`. Most
/// patterns are that, and a table finds them several times as fast.
struct AsciiSet {
    members: [bool; 128],
    /// A run of members is one separator.
    takes_runs: bool,
}

impl AsciiSet {
    /// What the pattern means for ASCII texts, if it is so simple.
    fn of(pattern: &str) -> Option<AsciiSet> {
        let hir = regex_syntax::parse(pattern).ok()?;
        let (hir, takes_runs) = match hir.kind() {
            HirKind::Repetition(Repetition { min: 1, max: None, greedy: true, sub }) => (sub.as_ref(), true),
            _ => (&hir, false),
        };
        let mut members = [false; 128];
        match hir.kind() {
            HirKind::Literal(literal) => match *literal.0 {
                [byte @ 0..0x80] => members[usize::from(byte)] = true,
                _ => return None,
            },
            HirKind::Class(Class::Unicode(class)) => {
                for range in class.ranges() {
                    let ascii = u32::from(range.start())..=u32::from(range.end()).min(0x7f);
                    ascii.for_each(|code| members[code as usize] = true);
                }
            }
            _ => return None,
        }
        Some(AsciiSet { members, takes_runs })
    }

    fn each(&self, text: &str, mut piece: impl FnMut(&str)) {
        let is_member = |byte: &u8| self.members.get(usize::from(*byte)) == Some(&true);
        let bytes = text.as_bytes();
        let mut start = 0;
        while let Some(length) = bytes[start..].iter().position(is_member) {
            let at = start + length;
            piece(&text[start..at]);
            let run = if self.takes_runs { bytes[at..].iter().take_while(|byte| is_member(byte)).count() } else { 1 };
            start = at + run;
        }
        piece(&text[start..]);
    }
}

impl OfText for Pieces {
    fn write(&self, text: &str, given: &Given<'_>, buffer: &mut Vec<u8>) -> u64 {
        let (mut records, mut empty) = (0, 0);
        let mut push = |piece: &str| {
            given.open(buffer);
            push_string(piece.as_bytes(), buffer);
            given.close(buffer);
            records += 1;
        };
        if text.is_empty() {
            push("");
            return 1;
        }
        self.each(text, |piece| {
            if piece.is_empty() {
                empty += 1;
            } else {
                (0..std::mem::take(&mut empty)).for_each(|_| push(""));
                push(piece);
            }
        });
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{Each, testing};
    use proptest::prelude::*;

    fn split(pattern: &str, part: Part, records: &[String]) -> Vec<String> {
        let mut operator = Each(Split::new(pattern, part).unwrap());
        testing::run(&mut operator, &[records.to_vec()]).batches.remove(0).1
    }

    fn json(text: &str) -> String {
        serde_json::to_string(text).unwrap()
    }

    fn pieces(pattern: &str, text: &str) -> Vec<String> {
        let records = split(pattern, Part::Record, &[json(text)]);
        records.iter().map(|record| serde_json::from_str(record).unwrap()).collect()
    }

    #[test]
    fn splits_as_java_does() {
        let cases: &[(&str, &str, &[&str])] = &[
            (" ", "a b", &["a", "b"]),
            (" ", "", &[""]),
            (" ", " ", &[]),
            (" ", "   ", &[]),
            (" ", "  leading", &["", "", "leading"]),
            (" ", "trailing  ", &["trailing"]),
            (" ", "a  b ", &["a", "", "b"]),
            (" ", "a\tb c\"d", &["a\tb", "c\"d"]),
            ("\\s+", "  a\t \nb  ", &["", "a", "b"]),
            ("", "aé😀", &["a", "é", "😀"]),
            ("", "", &[""]),
            ("x*", "axb", &["a", "", "b"]),
            ("x*", "xab", &["", "", "a", "b"]),
            ("\\b", "ab cd", &["ab", " ", "cd"]),
            ("o", "boo:and:foo", &["b", "", ":and:f"]),
            (":", "boo:and:foo", &["boo", "and", "foo"]),
            (",", "1,2,,", &["1", "2"]),
            ("\\|", "a|b", &["a", "b"]),
            ("\"", "a\"b\"", &["a", "b"]),
            ("\\\\", "a\\b", &["a", "b"]),
            ("\t", "a\tb\\tc", &["a", "b\\tc"]),
            ("n", "a\nb\\nc", &["a\nb\\", "c"]),
            (", ", "a, b,c", &["a", "b,c"]),
            ("é", "aéb", &["a", "b"]),
            ("^", "ab", &["ab"]),
            ("$", "ab", &["ab"]),
        ];
        for (pattern, text, want) in cases {
            assert_eq!(pieces(pattern, text), *want, "{text:?} by {pattern:?}");
        }
    }

    #[test]
    fn simple_patterns_split_by_a_table_as_by_their_regex() {
        for pattern in [",", "\\t", "[,;]", "\\s+", "\\W", "[^a]+", "(?i)a+", " +"] {
            let mut by_table = Pieces { regex: pattern::compile(pattern).unwrap(), set: AsciiSet::of(pattern) };
            assert!(by_table.set.is_some(), "{pattern}");
            for text in ["", " ", "a, b;;c\t\t d ", ",,a", "aAb\u{7f}\n", "é, a\u{a0}b"] {
                let (mut one, mut other) = (Vec::new(), Vec::new());
                by_table.each(text, |piece| one.push(piece.to_owned()));
                let set = by_table.set.take();
                by_table.each(text, |piece| other.push(piece.to_owned()));
                by_table.set = set;
                assert_eq!(one, other, "{text:?} by {pattern:?}");
            }
        }
        for other in ["", "a*", "ab", "é", "\\s+?", "\\b", "(?-u:\\xff)?", "a{2,}", "a|bc"] {
            assert!(AsciiSet::of(other).is_none(), "{other}");
        }
    }

    #[test]
    fn of_anything_but_a_string_the_json_is_split() {
        let records = ["[1, 2]", "\"a b\"", "{\"a b\":1}", "12"].map(str::to_owned);
        assert_eq!(
            split(" ", Part::Record, &records),
            ["\"[1,\"", "\"2]\"", "\"a\"", "\"b\"", r#""{\"a""#, r#""b\":1}""#, "\"12\""]
        );
    }

    #[test]
    fn values_keep_their_key() {
        let records = [r#"["k 1","a b"]"#, r#"["q",""]"#, r#"["r"," "]"#].map(str::to_owned);
        assert_eq!(split(" ", Part::Value, &records), [r#"["k 1","a"]"#, r#"["k 1","b"]"#, r#"["q",""]"#]);
    }

    #[test]
    fn a_byte_is_plain_only_if_no_escape_has_it() {
        for plain in [" ", ",", ";", "\\|", "[.]", "x", "/"] {
            assert!(plain_byte(plain).is_some(), "{plain}");
        }
        for other in ["", "n", "0", "f", "\\t", "\"", "\\\\", "é", "ab", ".", "\u{7f}x", "(?i)x", "^"] {
            assert_eq!(plain_byte(other), None, "{other}");
        }
    }

    /// What Java's documentation says, for a separator of one character.
    fn naive(text: &str, separator: char) -> Vec<String> {
        if text.is_empty() {
            return vec![String::new()];
        }
        let mut pieces: Vec<String> = text.split(separator).map(str::to_owned).collect();
        while pieces.last().is_some_and(String::is_empty) {
            pieces.pop();
        }
        pieces
    }

    proptest! {
        #[test]
        fn every_string_is_split(
            texts in prop::collection::vec("(x|[a-c]{0,20}|[ ,n\\\\\"\t]{0,3}|é){0,8}", 0..20),
            separator in prop::sample::select(vec![' ', ',', 'n', '\t', 'x', 'b'])
        ) {
            let records: Vec<String> = texts.iter().map(|text| json(text)).collect();
            let want: Vec<String> =
                texts.iter().flat_map(|text| naive(text, separator)).map(|piece| json(&piece)).collect();
            prop_assert_eq!(split(&separator.to_string(), Part::Record, &records), want);
        }

        #[test]
        fn expanding_is_replacing(bytes in prop::collection::vec(prop::sample::select(b" ab\n".to_vec()), 0..200)) {
            let mut output = vec![0; bytes.len() * 3 + 32];
            let length = expand(&bytes, b' ', &mut output);
            let text = String::from_utf8(bytes).unwrap();
            let want = text.replace(' ', "\"\n\"");
            prop_assert_eq!(&output[..length], want.as_bytes());
        }
    }
}
