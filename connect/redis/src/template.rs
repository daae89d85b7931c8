//! `--command`: words, with `{EXPR}` in them for what a jq program gives of the record.

use sstream::connect::record::{Kind, elements, kind, text};
use sstream::connect::{BatchTime, Braced, ToolError};

/// The variables that EXPR may use.
const VARIABLES: &[&str] = &["time"];

/// A command with places for values.
#[derive(Debug)]
pub struct Template {
    words: Vec<Vec<Piece>>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Program(Braced),
}

impl Template {
    /// Reads a template: words with spaces between, or in `'…'` or `"…"`, and programs in braces.
    ///
    /// # Errors
    /// Wrong usage.
    pub fn parse(source: &str) -> Result<Template, ToolError> {
        let wrong = |why: &str| ToolError::Usage(format!("--command '{source}': {why}"));
        let (mut words, mut word, mut piece) = (Vec::new(), Vec::new(), String::new());
        let (mut is_word, mut quote) = (false, None);
        let mut rest = source;
        while let Some(character) = rest.chars().next() {
            let length = character.len_utf8();
            if character == '{' {
                let (parsed, end) =
                    Braced::parse("--command", rest, VARIABLES)?.ok_or_else(|| wrong("a { that is not closed"))?;
                if !piece.is_empty() {
                    word.push(Piece::Text(std::mem::take(&mut piece)));
                }
                word.push(Piece::Program(parsed));
                is_word = true;
                rest = &rest[end..];
                continue;
            }
            rest = &rest[length..];
            match quote {
                Some(end) if end == character => quote = None,
                None if matches!(character, '\'' | '"') => (quote, is_word) = (Some(character), true),
                None if character.is_whitespace() => {
                    if is_word {
                        word.extend((!piece.is_empty()).then(|| Piece::Text(std::mem::take(&mut piece))));
                        words.push(std::mem::take(&mut word));
                        is_word = false;
                    }
                }
                _ => {
                    piece.push(character);
                    is_word = true;
                }
            }
        }
        if quote.is_some() {
            return Err(wrong("a quote that is not closed"));
        }
        if is_word {
            word.extend((!piece.is_empty()).then_some(Piece::Text(piece)));
            words.push(word);
        }
        if words.is_empty() {
            return Err(wrong("there is no command in it: as 'set {.key} {.value}'"));
        }
        Ok(Template { words })
    }

    /// The words of a record's command. A program gives a value: of a string its text, of anything else its JSON; an array
    /// that is a whole word is a word for each of its values.
    ///
    /// # Errors
    /// Why the record is bad.
    pub fn words(&mut self, record: &[u8], time: BatchTime) -> Result<Vec<Vec<u8>>, String> {
        let mut words = Vec::with_capacity(self.words.len());
        let time = time.to_string();
        let variables = &[time.as_bytes()];
        for pieces in &mut self.words {
            if let [Piece::Program(program)] = pieces.as_mut_slice() {
                let value = program.value(record, variables)?;
                match kind(&value) {
                    Some(Kind::Array) => words.extend(elements(&value).map(|element| text(element).into_owned())),
                    _ => words.push(text(&value).into_owned()),
                }
                continue;
            }
            let mut word = Vec::new();
            for piece in pieces {
                match piece {
                    Piece::Text(text) => word.extend_from_slice(text.as_bytes()),
                    Piece::Program(program) => word.extend_from_slice(&text(&program.value(record, variables)?)),
                }
            }
            words.push(word);
        }
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(template: &str, record: &str) -> Result<Vec<String>, String> {
        let words = Template::parse(template).unwrap().words(record.as_bytes(), BatchTime(1000));
        words.map(|words| words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect())
    }

    #[test]
    fn records_become_words() {
        for (template, record, expected) in [
            ("set {.k} {.v}", r#"{"k":"a b","v":[1,"x"]}"#, &["set", "a b", "1", "x"][..]),
            ("set k:{.k} {.|tojson}", r#"{"k":1}"#, &["set", "k:1", r#"{"k":1}"#]),
            (
                "hset {.k} {del(.k)|to_entries|map(.key,.value)}",
                r#"{"k":"a","x":1,"y":"z"}"#,
                &["hset", "a", "x", "1", "y", "z"],
            ),
            ("xadd s * t {$time} 'two words' \"\"", "1", &["xadd", "s", "*", "t", "1000", "two words", ""]),
            ("publish c {{a: .}}", "1", &["publish", "c", r#"{"a":1}"#]),
            ("lpush l {\"}\" + .}", "\"x\"", &["lpush", "l", "}x"]),
        ] {
            assert_eq!(words(template, record).unwrap(), expected, "{template}");
        }
        assert_eq!(words("set {.a} 1", "{}"), Err("{.a} is null".to_owned()));
        assert_eq!(words("set {.[]} 1", "[1,2]"), Err("{.[]} gives 2 values, and one is wanted".to_owned()));
        assert!(words("set {.a.b} 1", "[1]").is_err());
        for wrong in ["", "set {.a", "set 'a", "set {.a |}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }
}
