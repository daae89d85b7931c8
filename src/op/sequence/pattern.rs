//! The text of a pattern, read.
//!
//! ```text
//! pattern  := way ('|' way)*
//! way      := element (joint element)*
//! joint    := space | '->'
//! element  := ( NAME | '(' pattern ')' ) times? | '!' NAME
//! times    := ( '*' | '+' | '?' | '{n}' | '{n,}' | '{n,m}' ) '?'?
//! ```

use std::fmt;

/// How an element is joined to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// A space: by the very next record.
    Strict,
    /// `->`: by a later one; others between are passed over.
    Relaxed,
}

/// A piece of a pattern. Names are numbers in the order in which they came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// One record.
    Name(usize),
    /// None of these before the next one, or within the time.
    Not(usize),
    /// One behind another, each with the joint before it; the first one's says nothing.
    Sequence(Vec<(Joint, Piece)>),
    /// One of several.
    Either(Vec<Piece>),
    /// Several times.
    Repeat {
        /// What is repeated.
        piece: Box<Piece>,
        /// How often at least.
        least: u32,
        /// How often at most.
        most: Option<u32>,
        /// As seldom as will do.
        is_reluctant: bool,
    },
}

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// What it consists of.
    pub piece: Piece,
    /// The names in it, in the order in which they came first.
    pub names: Vec<String>,
    /// Whether there is any `->` in it.
    pub has_relaxed: bool,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    text: String,
    /// The byte where it is.
    at: usize,
    reason: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.text[..self.at].chars().count();
        write!(f, "the pattern, column {}: {}\n  {}\n  {:column$}^", column + 1, self.reason, self.text, "")
    }
}

impl std::error::Error for PatternError {}

/// A loop of more times than this is refused: each is a place of the automaton.
const MOST_TIMES: u32 = 1000;

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is none, and what was expected there.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        let mut parser = Parser { text, at: 0, names: Vec::new(), has_relaxed: false, strict_not: None };
        let piece = parser.pattern()?;
        parser.spaces();
        match (parser.peek(), parser.strict_not) {
            (None, Some(at)) => {
                parser.at = at;
                Err(parser.error("at the end !NAME stands behind ->: none of these within the time"))
            }
            (None, None) => Ok(Pattern { piece, names: parser.names, has_relaxed: parser.has_relaxed }),
            (Some(')'), _) => Err(parser.error("a ) with no ( before it")),
            (Some(_), _) => Err(parser.error("a name, a space, ->, |, ( or ) is expected here")),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    names: Vec<String>,
    has_relaxed: bool,
    /// Where the element is that was read last, if it is a `!NAME` behind a space.
    strict_not: Option<usize>,
}

impl Parser<'_> {
    fn error(&self, reason: &str) -> PatternError {
        PatternError { text: self.text.to_owned(), at: self.at, reason: reason.to_owned() }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        let is_here = self.text[self.at..].starts_with(token);
        if is_here {
            self.at += token.len();
        }
        is_here
    }

    /// Passes over white space; whether there was any.
    fn spaces(&mut self) -> bool {
        let rest = &self.text[self.at..];
        let length = rest.len() - rest.trim_start().len();
        self.at += length;
        length > 0
    }

    fn pattern(&mut self) -> Result<Piece, PatternError> {
        let mut ways = vec![self.way()?];
        loop {
            self.spaces();
            if !self.take("|") {
                return Ok(if ways.len() == 1 { ways.swap_remove(0) } else { Piece::Either(ways) });
            }
            ways.push(self.way()?);
        }
    }

    fn way(&mut self) -> Result<Piece, PatternError> {
        let mut elements = Vec::new();
        let mut joint = Joint::Strict;
        loop {
            self.spaces();
            self.strict_not = None;
            if self.peek() == Some('!') {
                if elements.is_empty() {
                    return Err(self.error("!NAME stands between two others, or at the end behind ->"));
                }
                self.strict_not = (joint == Joint::Strict).then_some(self.at);
            }
            elements.push((joint, self.element()?));
            let has_space = self.spaces();
            joint = if self.take("->") {
                self.has_relaxed = true;
                Joint::Relaxed
            } else if matches!(self.peek(), None | Some('|' | ')')) {
                break;
            } else if has_space {
                Joint::Strict
            } else {
                return Err(self.error("a space (the very next record) or -> (a later one) is expected here"));
            };
        }
        Ok(if elements.len() == 1 { elements.swap_remove(0).1 } else { Piece::Sequence(elements) })
    }

    fn element(&mut self) -> Result<Piece, PatternError> {
        if self.take("!") {
            if self.peek() == Some('(') {
                return Err(self.error("! stands before one name; of several, none may come: -> !a -> !b"));
            }
            let name = self.name()?;
            return match self.peek() {
                Some('*' | '+' | '?' | '{') => Err(self.error("!NAME is none at all: it has no times")),
                _ => Ok(Piece::Not(name)),
            };
        }
        let piece = if self.take("(") {
            let piece = self.pattern()?;
            if !self.take(")") {
                return Err(self.error("a ) is missing here"));
            }
            piece
        } else {
            Piece::Name(self.name()?)
        };
        self.times(piece)
    }

    fn name(&mut self) -> Result<usize, PatternError> {
        let rest = &self.text[self.at..];
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            let reason = match rest.chars().next() {
                Some('-') => "a later record is joined by ->, a - and a > with nothing between",
                Some('&' | ',') => "a name is expected here; what must hold of one record together is one --define",
                _ => "a name is expected here: letters from a to z, digits and _, a letter first",
            };
            return Err(self.error(reason));
        }
        let name = &rest[..length];
        if matches!(name, "key" | "start" | "end") {
            return Err(self.error("$key, $start and $end are something else in --select: another name"));
        }
        self.at += length;
        Ok(self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }))
    }

    fn times(&mut self, piece: Piece) -> Result<Piece, PatternError> {
        let (least, most) = if self.take("*") {
            (0, None)
        } else if self.take("+") {
            (1, None)
        } else if self.take("?") {
            (0, Some(1))
        } else if self.take("{") {
            self.braces()?
        } else {
            return Ok(piece);
        };
        let is_reluctant = self.take("?");
        Ok(Piece::Repeat { piece: Box::new(piece), least, most, is_reluctant })
    }

    /// What stands behind a `{`: `n}`, `n,}` or `n,m}`.
    fn braces(&mut self) -> Result<(u32, Option<u32>), PatternError> {
        let least = self.number()?;
        let most = match self.take(",") {
            true if self.peek() == Some('}') => None,
            true => Some(self.number()?),
            false => Some(least),
        };
        if most.is_some_and(|most| most < least.max(1)) {
            return Err(self.error("at most so often is less than at least so often, or never"));
        }
        if !self.take("}") {
            return Err(self.error("a } is missing here: {2}, {2,} or {2,5}"));
        }
        Ok((least, most))
    }

    fn number(&mut self) -> Result<u32, PatternError> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        match rest[..length].parse() {
            Ok(number) if number <= MOST_TIMES => {
                self.at += length;
                Ok(number)
            }
            Ok(_) => Err(self.error(&format!("a loop has at most {MOST_TIMES} times"))),
            Err(_) => Err(self.error("a number is expected here: {2}, {2,} or {2,5}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pattern_is_told_with_its_place() {
        for (text, column, reason) in [
            ("", 1, "a name is expected"),
            ("a b)", 4, "no ( before"),
            ("(a b", 5, "a ) is missing"),
            ("a{2", 4, "a } is missing"),
            ("a{3,2}", 6, "less than"),
            ("a{0}", 4, "never"),
            ("a{2000}", 3, "at most 1000"),
            ("a ->", 5, "a name is expected"),
            ("a(b)", 2, "a space"),
            ("2a", 1, "a letter first"),
            ("a end", 3, "$end"),
            ("a | ", 5, "a name"),
            ("a - b", 3, "joined by ->"),
            ("a & b", 3, "one --define"),
            ("!x -> a", 1, "between two others"),
            ("a (!x b)", 4, "between two others"),
            ("a !x", 3, "behind ->"),
            ("(a b !x)", 6, "behind ->"),
            ("a -> !x+ -> b", 8, "no times"),
            ("a -> !(x y) -> b", 7, "one name"),
        ] {
            let error = Pattern::parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("column {column}:")) && error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn names_are_numbered_as_they_come() {
        let pattern = Pattern::parse("b (a|c){2,}? -> !x -> b").unwrap();
        assert_eq!(pattern.names, ["b", "a", "c", "x"]);
        assert!(pattern.has_relaxed && !Pattern::parse("a b").unwrap().has_relaxed);
        let Piece::Sequence(elements) = pattern.piece else { panic!() };
        assert_eq!(elements[3], (Joint::Relaxed, Piece::Name(0)));
        assert_eq!(elements[2].1, Piece::Not(3));
    }
}
