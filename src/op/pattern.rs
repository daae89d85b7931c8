//! Patterns, and where in a block the records are that they match.
//!
//! A pattern is matched on the text of a string, on the JSON text of anything
//! else. Looking at one record at a time costs more than looking: so a block is
//! searched as it is, for whatever the pattern could match there
//! (`Candidates`), and only the records in which something is found are looked
//! at by themselves.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition,
};

use crate::record;

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It is no regular expression.
    Syntax {
        /// The pattern.
        pattern: String,
        /// What is wrong, on one line.
        reason: String,
    },
    /// It has no named group where these are what is wanted.
    NoGroups {
        /// The pattern.
        pattern: String,
    },
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatternError::Syntax { pattern, reason } => write!(f, "pattern '{pattern}': {reason}"),
            PatternError::NoGroups { pattern } => {
                write!(f, "pattern '{pattern}': no named group: each (?<name>…) becomes a member of the object")
            }
        }
    }
}

impl std::error::Error for PatternError {}

impl PatternError {
    fn new(pattern: &str, error: &regex::Error) -> PatternError {
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        PatternError::Syntax { pattern: pattern.to_owned(), reason }
    }
}

/// A regular expression on text.
pub(super) fn compile(pattern: &str) -> Result<regex::Regex, PatternError> {
    regex::Regex::new(pattern).map_err(|error| PatternError::new(pattern, &error))
}

/// How patterns are read, as grep's options say.
#[derive(Clone, Copy, Debug, Default)]
pub struct PatternOptions {
    /// `-F`: patterns are plain text.
    pub fixed: bool,
    /// `-i`: case does not matter.
    pub ignore_case: bool,
    /// `-w`: a match must be a whole word.
    pub word: bool,
    /// `-x`: a match must be the whole text.
    pub whole: bool,
}

/// Patterns, any of which may match.
#[derive(Clone, Debug)]
pub struct Matcher {
    regex: Regex,
    candidates: Option<Candidates>,
}

impl Matcher {
    /// Compiles patterns. The error says what is wrong with which.
    pub fn new(patterns: &[String], options: PatternOptions) -> Result<Matcher, PatternError> {
        let mut alternatives = Vec::new();
        for pattern in patterns {
            let source = if options.fixed { regex::escape(pattern) } else { pattern.clone() };
            // Alone first, so that the error is about what the user wrote.
            Regex::new(&source).map_err(|error| PatternError::new(pattern, &error))?;
            alternatives.push(format!("(?:{source})"));
        }
        let any = alternatives.join("|");
        let source = match (options.whole, options.word) {
            (true, _) => format!(r"\A(?:{any})\z"),
            (_, true) => format!(r"\b{{start-half}}(?:{any})\b{{end-half}}"),
            _ => any,
        };
        let regex = RegexBuilder::new(&source)
            .case_insensitive(options.ignore_case)
            .build()
            .map_err(|error| PatternError::new(&patterns.join(" "), &error))?;
        Ok(Matcher { regex, candidates: Candidates::new(&source, options.ignore_case) })
    }

    /// Whether a record, canonical JSON, matches.
    pub fn matches(&self, record: &[u8]) -> bool {
        self.regex.is_match(&record::text(record))
    }

    /// Tells the place of each record that matches, with its newline, in order.
    /// `block` is canonical records with a newline each.
    pub fn search(&self, block: &[u8], mut matched: impl FnMut(usize, usize)) {
        let Some(candidates) = &self.candidates else {
            let mut start = 0;
            while start < block.len() {
                let end = line_end(block, start);
                if self.matches(&block[start..end - 1]) {
                    matched(start, end);
                }
                start = end;
            }
            return;
        };
        let mut places = Places::new(candidates, block);
        let mut from = 0;
        while let Some((at, found_to)) = places.next(from) {
            let start = memchr::memrchr(b'\n', &block[from..at]).map_or(from, |newline| from + newline + 1);
            let end = line_end(block, at);
            if candidates.is_match(block, start, end, found_to) || self.matches(&block[start..end - 1]) {
                matched(start, end);
            }
            from = end;
        }
    }
}

/// Where the line ends, behind its newline, that `at` is in.
fn line_end(block: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &block[at..]).map_or(block.len(), |newline| at + newline + 1)
}

/// A pattern that matches in a block wherever the true one matches in the text
/// of one of its records, and maybe elsewhere: the true one without
/// look-arounds (`^`, `\b`), and without newlines, so that no match reaches
/// beyond a record and no search goes over a record twice.
#[derive(Clone, Debug)]
struct Candidates {
    regex: Regex,
    /// There were no look-arounds: what is found in a text is a match.
    is_exact: bool,
    /// The true pattern may match what JSON writes as an escape, so records
    /// with a backslash have to be looked at by themselves.
    matches_escaped: bool,
}

impl Candidates {
    /// `None` where the search would find something in every record.
    fn new(source: &str, ignore_case: bool) -> Option<Candidates> {
        let hir =
            regex_syntax::ParserBuilder::new().utf8(false).case_insensitive(ignore_case).build().parse(source).ok()?;
        let mut relaxed = Relaxed { is_exact: true, matches_escaped: false };
        let hir = relaxed.relax(&hir);
        if hir.properties().minimum_len() == Some(0) {
            return None;
        }
        let Relaxed { is_exact, matches_escaped } = relaxed;
        Some(Candidates { regex: Regex::new(&hir.to_string()).ok()?, is_exact, matches_escaped })
    }

    /// Whether what was found, which ends at `to`, is enough to say that the
    /// record matches.
    fn is_match(&self, block: &[u8], start: usize, end: usize, found: Option<(usize, usize)>) -> bool {
        let record = &block[start..end - 1];
        let quote = usize::from(record.first() == Some(&b'"'));
        let is_in_text = |(from, to): (usize, usize)| start + quote <= from && to <= end - 1 - quote;
        self.is_exact && found.is_some_and(is_in_text) && memchr::memchr(b'\\', record).is_none()
    }
}

/// The places in a block that have to be looked at.
struct Places<'c, 'b> {
    candidates: &'c Candidates,
    block: &'b [u8],
    /// Next candidate and next backslash that matters, as far as they were
    /// looked for; `None` if there are no more.
    found: Option<(usize, usize)>,
    backslash: Option<usize>,
}

impl<'c, 'b> Places<'c, 'b> {
    fn new(candidates: &'c Candidates, block: &'b [u8]) -> Self {
        let mut places = Places { candidates, block, found: None, backslash: None };
        (places.found, places.backslash) = (places.find(0), places.find_backslash(0));
        places
    }

    fn find(&self, from: usize) -> Option<(usize, usize)> {
        self.candidates.regex.find_at(self.block, from).map(|found| (found.start(), found.end()))
    }

    fn find_backslash(&self, from: usize) -> Option<usize> {
        let unread = self.block.get(from..).filter(|_| self.candidates.matches_escaped)?;
        memchr::memchr(b'\\', unread).map(|at| from + at)
    }

    /// The first place from `from` on, and the candidate if it is one.
    fn next(&mut self, from: usize) -> Option<(usize, Option<(usize, usize)>)> {
        if self.found.is_some_and(|(at, _)| at < from) {
            self.found = self.find(from);
        }
        if self.backslash.is_some_and(|at| at < from) {
            self.backslash = self.find_backslash(from);
        }
        match (self.found, self.backslash) {
            (Some((at, _)), Some(backslash)) if backslash < at => Some((backslash, None)),
            (Some((at, to)), _) => Some((at, Some((at, to)))),
            (None, backslash) => backslash.map(|at| (at, None)),
        }
    }
}

/// Rewrites a pattern for [`Candidates`], and learns what that takes.
struct Relaxed {
    is_exact: bool,
    matches_escaped: bool,
}

impl Relaxed {
    fn relax(&mut self, hir: &Hir) -> Hir {
        match hir.kind() {
            HirKind::Empty => Hir::empty(),
            HirKind::Look(_) => {
                self.is_exact = false;
                Hir::empty()
            }
            HirKind::Literal(literal) => {
                self.matches_escaped |= literal.0.iter().any(|byte| is_escaped(*byte));
                if literal.0.contains(&b'\n') { Hir::fail() } else { Hir::literal(literal.0.clone()) }
            }
            HirKind::Class(class) => Hir::class(self.class(class)),
            HirKind::Repetition(repetition) => {
                let sub = Box::new(self.relax(&repetition.sub));
                Hir::repetition(Repetition { sub, ..repetition.clone() })
            }
            HirKind::Capture(capture) => self.relax(&capture.sub),
            HirKind::Concat(parts) => Hir::concat(parts.iter().map(|part| self.relax(part)).collect()),
            HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(|part| self.relax(part)).collect()),
        }
    }

    /// The class without the newline.
    fn class(&mut self, class: &Class) -> Class {
        let is_escaped_there = |from: u32, to: u32| (from..=to.min(0x7f)).any(|code| is_escaped(code as u8));
        match class {
            Class::Unicode(class) => {
                self.matches_escaped |=
                    class.ranges().iter().any(|range| is_escaped_there(range.start().into(), range.end().into()));
                let mut class = class.clone();
                class.difference(&ClassUnicode::new([ClassUnicodeRange::new('\n', '\n')]));
                Class::Unicode(class)
            }
            Class::Bytes(class) => {
                self.matches_escaped |=
                    class.ranges().iter().any(|range| is_escaped_there(range.start().into(), range.end().into()));
                let mut class = class.clone();
                class.difference(&ClassBytes::new([ClassBytesRange::new(b'\n', b'\n')]));
                Class::Bytes(class)
            }
        }
    }
}

/// Whether a JSON string writes the byte otherwise than as itself.
fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matcher(patterns: &[&str], options: PatternOptions) -> Matcher {
        let patterns: Vec<String> = patterns.iter().map(|pattern| pattern.to_string()).collect();
        Matcher::new(&patterns, options).unwrap()
    }

    fn candidates(pattern: &str) -> Option<(String, bool, bool)> {
        let matcher = matcher(&[pattern], PatternOptions::default());
        matcher.candidates.map(|it| (it.regex.as_str().to_owned(), it.is_exact, it.matches_escaped))
    }

    #[test]
    fn patterns_are_relaxed() {
        assert_eq!(candidates("ab"), Some(("(?:ab)".into(), true, false)));
        assert_eq!(candidates(r"^a(b|c)\b"), Some(("(?:a[bc])".into(), false, false)));
        assert_eq!(candidates(r#"a""#), Some((r#"(?:a")"#.into(), true, true)));
        assert!(matches!(candidates("a.b"), Some((_, true, true))));
        assert!(matches!(candidates(r"\d+"), Some((_, true, false))));
        for in_every_record in ["", "^$", "a*", r"\b", "a|"] {
            assert_eq!(candidates(in_every_record), None, "{in_every_record}");
        }
    }

    #[test]
    fn a_newline_is_only_found_in_its_record() {
        let block = b"\"a\"\n\"b\"\n\"a\\nb\"\n";
        let mut found = Vec::new();
        matcher(&[r"a\sb", r"b\W+a"], PatternOptions::default()).search(block, |start, end| found.push((start, end)));
        assert_eq!(found, [(8, 15)]);
    }

    #[test]
    fn a_wrong_pattern_is_named() {
        let error = Matcher::new(&["ok".into(), "a(".into()], PatternOptions::default()).err().unwrap().to_string();
        assert!(error.starts_with("pattern 'a('") && error.contains("unclosed group"), "{error}");
        assert!(!error.contains('\n'));
    }

    const PATTERNS: [&str; 26] = [
        "a",
        "n",
        "ab",
        "é",
        "\"",
        "\\\\",
        "t",
        "^a",
        "b$",
        r"\ba",
        r"\Ba",
        "a.b",
        "[^a]b",
        r"\s",
        r"\w+ \w+",
        "a|n\"",
        "(?s)a.*b",
        "(?i)É",
        "x",
        ",",
        "a*b",
        "\n",
        r"[\x00-\x1f]",
        "(?-u:a[^a]b)",
        "u00",
        "(?m)^b",
    ];

    proptest! {
        #[test]
        fn searching_a_block_is_searching_its_records(
            texts in prop::collection::vec("[abnt\\\\\"\n\t\u{1} éÉx,]{0,7}", 0..12),
            others in prop::collection::vec(prop::sample::select(vec!["[\"a\",1]", "{\"n\":\"b\\n\"}", "12", "null"]), 0..3),
            patterns in prop::collection::vec(prop::sample::select(PATTERNS.to_vec()), 1..3),
            fixed: bool, ignore_case: bool, word: bool, whole: bool
        ) {
            let mut records: Vec<String> = texts.iter().map(|text| serde_json::to_string(text).unwrap()).collect();
            for (index, other) in others.iter().enumerate() {
                records.insert((index * 5).min(records.len()), other.to_string());
            }
            let matcher = matcher(&patterns, PatternOptions { fixed, ignore_case, word, whole });
            let block: String = records.iter().map(|record| format!("{record}\n")).collect();
            let mut found = Vec::new();
            matcher.search(block.as_bytes(), |start, end| found.push(&block[start..end - 1]));
            let want: Vec<&String> = records.iter().filter(|record| matcher.matches(record.as_bytes())).collect();
            prop_assert_eq!(found, want);
        }
    }
}
