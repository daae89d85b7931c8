//! How a row of csv is written: what separates its fields, and what quotes them.
//!
//! A quote counts where a field begins; one inside a field is a character like others. In quotes a doubled
//! quote is one, and what stands behind the closing quote, up to the delimiter, belongs to the field.

use std::borrow::Cow;

/// The characters that rows are written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What stands between two fields.
    pub delimiter: u8,
    /// What stands around a field that has delimiters or line ends in it, if anything does.
    pub quote: Option<u8>,
    /// Blanks around fields are no part of them.
    pub trim: bool,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect { delimiter: b',', quote: Some(b'"'), trim: false }
    }
}

impl Dialect {
    /// Whether a quote is open at the end of a line, which began inside of quotes or not.
    pub fn is_open_behind(self, line: &[u8], mut in_quotes: bool) -> bool {
        let Some(quote) = self.quote.filter(|quote| memchr::memchr(*quote, line).is_some()) else { return in_quotes };
        let mut rest = line;
        loop {
            if in_quotes {
                let Some(at) = memchr::memchr(quote, rest) else { return true };
                rest = &rest[at + 1..];
                if let Some(behind) = rest.strip_prefix(&[quote]) {
                    rest = behind;
                    continue;
                }
            } else if let Some(inside) = self.without_blanks(rest).strip_prefix(&[quote]) {
                (rest, in_quotes) = (inside, true);
                continue;
            }
            in_quotes = false;
            match memchr::memchr(self.delimiter, rest) {
                Some(at) => rest = &rest[at + 1..],
                None => return false,
            }
        }
    }

    /// The fields of a whole row.
    pub fn fields(self, row: &str) -> Fields<'_> {
        Fields { dialect: self, rest: Some(row) }
    }

    /// Whether there is nothing in a line.
    pub fn is_blank(self, line: &[u8]) -> bool {
        line.iter().all(|byte| matches!(byte, b'\r' | b'\n') || self.is_blank_byte(*byte))
    }

    fn is_blank_byte(self, byte: u8) -> bool {
        self.trim && matches!(byte, b' ' | b'\t') && byte != self.delimiter
    }

    fn without_blanks(self, rest: &[u8]) -> &[u8] {
        &rest[rest.iter().take_while(|byte| self.is_blank_byte(**byte)).count()..]
    }
}

/// The fields of a row, one after the other.
#[derive(Debug)]
pub struct Fields<'r> {
    dialect: Dialect,
    /// What comes behind the last delimiter.
    rest: Option<&'r str>,
}

impl<'r> Fields<'r> {
    /// Up to the next delimiter, which is passed.
    fn bare(&mut self, text: &'r str) -> &'r str {
        let end = memchr::memchr(self.dialect.delimiter, text.as_bytes());
        self.rest = end.map(|end| &text[end + 1..]);
        &text[..end.unwrap_or(text.len())]
    }

    /// What stands in quotes, from behind the first one on.
    fn quoted(&mut self, quote: u8, mut text: &'r str) -> Cow<'r, str> {
        let mut field = Cow::Borrowed("");
        while let Some(at) = memchr::memchr(quote, text.as_bytes()) {
            let behind = &text[at + 1..];
            if behind.as_bytes().first() != Some(&quote) {
                add(&mut field, &text[..at]);
                let rest = self.bare(behind);
                add(&mut field, if self.dialect.trim { rest.trim_end_matches([' ', '\t']) } else { rest });
                return field;
            }
            add(&mut field, &text[..=at]);
            text = &behind[1..];
        }
        // Rows are whole but at the input's end.
        add(&mut field, text);
        self.rest = None;
        field
    }
}

fn add<'r>(field: &mut Cow<'r, str>, text: &'r str) {
    if field.is_empty() {
        *field = Cow::Borrowed(text);
    } else if !text.is_empty() {
        field.to_mut().push_str(text);
    }
}

impl<'r> Iterator for Fields<'r> {
    type Item = Cow<'r, str>;

    fn next(&mut self) -> Option<Cow<'r, str>> {
        let text = self.rest.take()?;
        let dialect = self.dialect;
        let inside = &text[text.len() - dialect.without_blanks(text.as_bytes()).len()..];
        if let Some(quote) = dialect.quote.filter(|quote| inside.as_bytes().first() == Some(quote)) {
            return Some(self.quoted(quote, &inside[1..]));
        }
        let field = self.bare(inside);
        Some(Cow::Borrowed(if dialect.trim { field.trim_end_matches([' ', '\t']) } else { field }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(dialect: Dialect, row: &str) -> Vec<String> {
        dialect.fields(row).map(Cow::into_owned).collect()
    }

    #[test]
    fn fields_are_what_stands_between_delimiters() {
        let csv = Dialect::default();
        for (row, expected) in [
            ("a,b,", &["a", "b", ""][..]),
            (r#""a,b",c"#, &["a,b", "c"]),
            (r#""say ""x""","",y"#, &[r#"say "x""#, "", "y"]),
            (r#"5" pipe,"a"b"c,d"#, &[r#"5" pipe"#, r#"ab"c"#, "d"]),
            (r#"  a , "b, c" "#, &["  a ", " \"b", " c\" "]),
        ] {
            assert_eq!(fields(csv, row), expected, "{row}");
        }
        let trimmed = Dialect { trim: true, ..csv };
        assert_eq!(fields(trimmed, "  a , \"b, c \" ,\t"), ["a", "b, c ", ""]);
        let tabs = Dialect { delimiter: b'\t', trim: true, quote: None };
        assert_eq!(fields(tabs, " \"a\t\t b"), ["\"a", "", "b"]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            texts in prop::collection::vec("[ab,;\"'\n\t é]{0,6}", 1..5),
            delimiter in prop::sample::select(&b",;\t|"[..]),
            quote in prop::sample::select(&b"\"'"[..]),
            trim: bool,
        ) {
            let mark = char::from(quote);
            let quoted = |text: &String| format!("{mark}{}{mark}", text.replace(mark, &format!("{mark}{mark}")));
            let row = texts.iter().map(quoted).collect::<Vec<_>>().join(&char::from(delimiter).to_string());
            let dialect = Dialect { delimiter, quote: Some(quote), trim };
            prop_assert_eq!(fields(dialect, &row), texts);
            let mut is_open = false;
            for line in row.split('\n') {
                is_open = dialect.is_open_behind(line.as_bytes(), is_open);
            }
            prop_assert!(!is_open);
            // A row is whole where its last line ends, and not before.
            let lines: Vec<_> = row.split('\n').collect();
            let mut was_open = false;
            for line in &lines[..lines.len() - 1] {
                was_open = dialect.is_open_behind(line.as_bytes(), was_open);
                prop_assert!(was_open);
            }
        }
    }
}
