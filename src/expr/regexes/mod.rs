//! jq's functions of regular expressions, each expression compiled once.

use std::borrow::Cow;
use std::cell::RefCell;

use jaq_core::native::{self, Fun, v};
use jaq_json::Val;
use regex::{Captures, Match, Regex, RegexBuilder};

use super::functions::{Data, Native, ValueResult, fail};
use super::value::{Error, Value};

/// How many compiled expressions a thread keeps, the last used ones: a program
/// has a few, unless it makes them from its records.
const KEPT_MAX: usize = 32;

/// A compiled expression, and whether all matches are meant (`g`) and empty
/// ones not (`n`).
#[derive(Clone)]
struct Pattern {
    regex: Regex,
    all: bool,
    ignore_empty: bool,
}

struct Kept {
    source: String,
    flags: String,
    pattern: Pattern,
}

thread_local! {
    /// The last used one first.
    static KEPT: RefCell<Vec<Kept>> = const { RefCell::new(Vec::new()) };
}

/// The native functions of this module. What jq's manual names besides is made
/// from them in definitions.jq.
pub(super) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let natives: [Native; 7] = [
        ("test", v(1), |mut cv| one(with_pattern(&cv.1, &cv.0.pop_var(), None, test))),
        ("test", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            one(with_pattern(&cv.1, &cv.0.pop_var(), Some(&flags), test))
        }),
        ("match_all", v(1), |mut cv| one(with_pattern(&cv.1, &cv.0.pop_var(), None, matches))),
        ("match_all", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            one(with_pattern(&cv.1, &cv.0.pop_var(), Some(&flags), matches))
        }),
        ("capture_all", v(1), |mut cv| one(with_pattern(&cv.1, &cv.0.pop_var(), None, captures))),
        ("capture_all", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            one(with_pattern(&cv.1, &cv.0.pop_var(), Some(&flags), captures))
        }),
        ("split_captures", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            one(with_pattern(&cv.1, &cv.0.pop_var(), Some(&flags), split_captures))
        }),
    ];
    natives.into_iter().map(native::run::<Data>)
}

fn one<'a>(result: ValueResult) -> jaq_core::ValXs<'a, Value> {
    jaq_core::native::bome(result)
}

/// Applies `function` to a text, as a function with one argument, that may be
/// an array of expression and flags, or with two.
fn with_pattern(
    text: &Value,
    source: &Value,
    flags: Option<&Value>,
    function: fn(&str, &Pattern) -> Value,
) -> ValueResult {
    let array = match (&source.0, flags) {
        (Val::Arr(items), None) => Some((items.first().cloned(), items.get(1).cloned())),
        (Val::TStr(_), _) | (_, Some(_)) => None,
        _ => return fail(format_args!("{} not a string or array", source.type_name())),
    };
    let (source, flags) = match array {
        Some((source, flags)) => (Value::of(source.unwrap_or_default()), flags.map(Value::of)),
        None => (source.clone(), flags.cloned()),
    };
    let text = matchable(text)?;
    let source = matchable(&source)?;
    let flags = match flags.as_ref().map(|flags| (flags, &flags.0)) {
        None | Some((_, Val::Null)) => Cow::Borrowed(""),
        Some((_, Val::TStr(flags))) => String::from_utf8_lossy(flags),
        Some((flags, _)) => return fail(format_args!("{} is not a string", flags.describe())),
    };
    Ok(function(&text, &compiled(&source, &flags)?))
}

fn matchable(value: &Value) -> Result<Cow<'_, str>, Error> {
    match &value.0 {
        Val::TStr(text) => Ok(String::from_utf8_lossy(text)),
        _ => fail(format_args!("{} cannot be matched, as it is not a string", value.describe())),
    }
}

/// The compiled expression: the one that is kept, or a new one.
fn compiled(source: &str, flags: &str) -> Result<Pattern, Error> {
    KEPT.with_borrow_mut(|kept| {
        match kept.iter().position(|kept| kept.source == source && kept.flags == flags) {
            Some(at) => kept[..=at].rotate_right(1),
            None => {
                let pattern = compile(source, flags)?;
                kept.truncate(KEPT_MAX - 1);
                kept.insert(0, Kept { source: source.to_string(), flags: flags.to_string(), pattern });
            }
        }
        Ok(kept[0].pattern.clone())
    })
}

fn compile(source: &str, flags: &str) -> Result<Pattern, Error> {
    let mut builder = RegexBuilder::new(source);
    let (mut all, mut ignore_empty) = (false, false);
    for flag in flags.chars() {
        match flag {
            'g' => all = true,
            'n' => ignore_empty = true,
            'i' => drop(builder.case_insensitive(true)),
            'x' => drop(builder.ignore_whitespace(true)),
            'p' => drop(builder.dot_matches_new_line(true)),
            // `^` and `$` mean the ends of the text: they always do.
            's' => {}
            'l' => {
                return fail(
                    "the flag l (the longest match) is not supported: the first alternative that matches is taken",
                );
            }
            _ => return fail(format_args!("{flags} is not a valid modifier string")),
        }
    }
    match builder.build() {
        Ok(regex) => Ok(Pattern { regex, all, ignore_empty }),
        Err(error) => {
            // The message is a picture of many lines, what is wrong the last of them.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
            fail(format_args!("{source} is not a valid regex: {reason}"))
        }
    }
}

impl Pattern {
    /// The first match, or each of them: after an empty one the search goes on
    /// a character later, as in jq.
    fn matches<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        let mut next = Some(0);
        std::iter::from_fn(move || {
            loop {
                let start = next.filter(|start| *start <= text.len())?;
                let captures = self.regex.captures_at(text, start)?;
                let whole = captures.get_match();
                let step = match whole.is_empty() {
                    true => text[whole.end()..].chars().next().map_or(1, char::len_utf8),
                    false => 0,
                };
                next = Some(whole.end() + step);
                if self.ignore_empty && whole.is_empty() {
                    continue;
                }
                if !self.all {
                    next = None;
                }
                return Some(captures);
            }
        })
    }

    /// The named groups as an object, `null` for what did not match.
    fn named(&self, captures: &Captures<'_>) -> Value {
        let groups = self.regex.capture_names().zip(captures.iter()).skip(1);
        let named = groups
            .filter_map(|(name, group)| Some((text(name?), group.map_or(Val::Null, |group| text(group.as_str())))));
        Value::of(Val::obj(named.collect()))
    }
}

fn test(text: &str, pattern: &Pattern) -> Value {
    Value::from(match pattern.ignore_empty {
        false => pattern.regex.is_match(text),
        true => pattern.matches(text).next().is_some(),
    })
}

/// All matches as jq's `match` gives them.
fn matches(input: &str, pattern: &Pattern) -> Value {
    // Counted in characters, from one match to the next.
    let (mut bytes, mut characters) = (0, 0);
    let results = pattern.matches(input).map(|captures| {
        let whole = captures.get_match();
        characters += input[bytes..whole.start()].chars().count();
        bytes = whole.start();
        let offset = |group: &Match<'_>| characters + input[bytes..group.start()].chars().count();
        let names = pattern.regex.capture_names().zip(captures.iter()).skip(1);
        let groups = names.map(|(name, group)| {
            let name = (text("name"), name.map_or(Val::Null, text));
            let place = place(group.map(|group| (offset(&group), group.as_str())));
            Value::of(Val::obj(place.into_iter().chain([name]).collect()))
        });
        let groups: Value = groups.collect();
        let place = place(Some((characters, whole.as_str())));
        Value::of(Val::obj(place.into_iter().chain([(text("captures"), groups.0)]).collect()))
    });
    results.collect()
}

/// The fields of `match` for what was found at an offset, in jq's order.
fn place(found: Option<(usize, &str)>) -> [(Val, Val); 3] {
    let length = (text("length"), Val::from(found.map_or(0, |(_, found)| found.chars().count())));
    match found {
        Some((offset, found)) => [(text("offset"), Val::from(offset)), length, (text("string"), text(found))],
        None => [(text("offset"), Val::from(-1_isize)), (text("string"), Val::Null), length],
    }
}

/// The object of named groups of each match.
fn captures(text: &str, pattern: &Pattern) -> Value {
    pattern.matches(text).map(|captures| pattern.named(&captures)).collect()
}

/// What is between the matches, and the named groups of each match between:
/// a text more than objects.
fn split_captures(input: &str, pattern: &Pattern) -> Value {
    let mut from = 0;
    let mut parts = Vec::new();
    for captures in pattern.matches(input) {
        let whole = captures.get_match();
        parts.extend([Value::of(text(&input[from..whole.start()])), pattern.named(&captures)]);
        from = whole.end();
    }
    parts.push(Value::of(text(&input[from..])));
    parts.into_iter().collect()
}

fn text(text: &str) -> Val {
    Val::utf8_str(text.to_string())
}

#[cfg(test)]
mod tests;
