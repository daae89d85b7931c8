//! Tells plain programs from others, from their source.

use super::{Access, Body, Item, Op, Plain, Step, Test};
use crate::expr::json::number_prefix;

/// A reader of the source. Each method reads one thing, or gives `None`: then
/// the program is not plain.
pub(super) struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    pub(super) fn new(source: &'a str) -> Parser<'a> {
        Parser { rest: source }
    }

    pub(super) fn program(mut self) -> Option<Plain> {
        let mut input = Vec::new();
        loop {
            let body = self.body()?;
            self.space();
            if self.rest.is_empty() {
                return Some(Plain { input, body });
            }
            // Only paths are read on: what is behind them starts from there.
            match body {
                Body::Item(Item::Path(path)) if self.take("|") => input.extend(path),
                _ => return None,
            }
        }
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes `text`, with space around it, or gives up.
    fn need(&mut self, text: &str) -> Option<()> {
        self.space();
        self.take(text).then(|| self.space())
    }

    fn body(&mut self) -> Option<Body> {
        self.space();
        if self.take("select") {
            self.need("(")?;
            let test = self.test()?;
            self.need(")")?;
            return Some(Body::Select(test));
        }
        if !self.rest.starts_with('.') {
            return self.item().map(Body::Item);
        }
        let test = self.test()?;
        Some(match test.comparison {
            Some(_) => Body::Test(test),
            None => Body::Item(Item::Path(test.path)),
        })
    }

    fn test(&mut self) -> Option<Test> {
        let path = self.path()?;
        self.space();
        let comparison = match self.op() {
            None => None,
            Some(op) => {
                self.space();
                Some((op, self.constant()?))
            }
        };
        Some(Test { path, comparison })
    }

    fn op(&mut self) -> Option<Op> {
        let ops = [
            ("==", Op::Equal),
            ("!=", Op::NotEqual),
            ("<=", Op::LessOrEqual),
            (">=", Op::GreaterOrEqual),
            ("<", Op::Less),
            (">", Op::Greater),
        ];
        ops.into_iter().find(|(text, _)| self.take(text)).map(|(_, op)| op)
    }

    fn item(&mut self) -> Option<Item> {
        self.space();
        if self.rest.starts_with('.') {
            return self.path().map(Item::Path);
        }
        if self.take("[") {
            return self.list("]", Parser::item).map(Item::Array);
        }
        if self.take("{") {
            let members = self.list("}", Parser::member)?;
            let is_repeated = |index: usize| members[..index].iter().any(|(key, _)| *key == members[index].0);
            if (0..members.len()).any(is_repeated) {
                return None;
            }
            return Some(Item::Object(members));
        }
        self.constant().map(Item::Constant)
    }

    /// Things between commas, up to `close`.
    fn list<T>(&mut self, close: &str, thing: fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut things = Vec::new();
        self.space();
        if self.take(close) {
            return Some(things);
        }
        loop {
            things.push(thing(self)?);
            self.space();
            if self.take(close) {
                return Some(things);
            }
            self.need(",")?;
        }
    }

    /// `a: .x`, `"a": .x`, or `a`, which is `a: .a`.
    fn member(&mut self) -> Option<(Vec<u8>, Item)> {
        self.space();
        let is_word = !self.rest.starts_with('"');
        let name = if is_word { self.word()? } else { self.string()? };
        let key = format!("\"{name}\"").into_bytes();
        self.space();
        if is_word && (self.rest.starts_with(',') || self.rest.starts_with('}')) {
            let access = Access::Member(name.as_bytes().to_vec());
            return Some((key, Item::Path(vec![Step { access, is_optional: false }])));
        }
        self.need(":")?;
        let item = self.item()?;
        // Whether an operator may follow without parentheses is jq's to say.
        self.space();
        let is_end = self.rest.starts_with(',') || self.rest.starts_with('}');
        is_end.then_some((key, item))
    }

    fn path(&mut self) -> Option<Vec<Step>> {
        let mut path = Vec::new();
        if !self.take(".") {
            return None;
        }
        // Behind the first dot a name or bracket may follow, or nothing.
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let name = self.word()?.as_bytes().to_vec();
            path.push(self.step(Access::Member(name)));
        } else if self.rest.starts_with('"') {
            let name = self.string()?.as_bytes().to_vec();
            path.push(self.step(Access::Member(name)));
        } else if self.rest.starts_with(|c: char| !c.is_whitespace() && !"[|,)]}=!<>".contains(c)) {
            return None;
        }
        loop {
            if self.rest.starts_with('[') {
                let access = self.bracket()?;
                path.push(self.step(access));
            } else if !path.is_empty() && self.take(".") {
                let name = if self.rest.starts_with('"') { self.string()? } else { self.word()? };
                path.push(self.step(Access::Member(name.as_bytes().to_vec())));
            } else {
                // Twice optional, or a path that goes on behind a space.
                let next = self.rest.trim_start();
                return (!next.starts_with(['?', '[', '.', '/'])).then_some(path);
            }
        }
    }

    fn step(&mut self, access: Access) -> Step {
        let is_optional = self.take("?");
        Step { access, is_optional }
    }

    fn bracket(&mut self) -> Option<Access> {
        self.need("[")?;
        let access = if self.rest.starts_with('"') {
            Access::Member(self.string()?.as_bytes().to_vec())
        } else {
            let (length, is_integer) = number_prefix(self.rest.as_bytes())?;
            let (digits, rest) = self.rest.split_at(length);
            self.rest = rest;
            Access::Item(digits.parse().ok().filter(|_| is_integer && digits != "-0")?)
        };
        self.space();
        self.take("]").then_some(access)
    }

    fn word(&mut self) -> Option<&'a str> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        let is_word = !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit());
        // A module's name goes on.
        if !is_word || rest.starts_with("::") {
            return None;
        }
        self.rest = rest;
        Some(word)
    }

    /// A string that stands for itself: no escapes, nothing to be escaped.
    fn string(&mut self) -> Option<&'a str> {
        let inside = self.rest.strip_prefix('"')?;
        let (text, rest) = inside.split_once('"')?;
        if text.bytes().any(|byte| byte == b'\\' || byte < 0x20) {
            return None;
        }
        self.rest = rest;
        Some(text)
    }

    fn constant(&mut self) -> Option<Vec<u8>> {
        if self.rest.starts_with('"') {
            return self.string().map(|text| format!("\"{text}\"").into_bytes());
        }
        if self.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let word = self.word()?;
            return matches!(word, "null" | "true" | "false").then(|| word.as_bytes().to_vec());
        }
        let (length, _) = number_prefix(self.rest.as_bytes())?;
        let (number, rest) = self.rest.split_at(length);
        self.rest = rest;
        let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
        let is_zero = !number.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        // What a minus makes of a zero is the interpreter's to say.
        let is_negative_zero = is_zero && number.starts_with('-');
        (!goes_on && !is_negative_zero).then(|| number.as_bytes().to_vec())
    }
}
