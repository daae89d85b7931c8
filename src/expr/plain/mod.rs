//! Plain programs, answered from the bytes of a record.
//!
//! What counts as plain: paths (`.`, `.a.b`, `."a b"`, `.["a"]`, `.[-1]`, each
//! step with an optional `?`), arrays and objects of paths and constants,
//! `PATH == CONSTANT` and the other comparisons, `select(PATH)` and
//! `select(PATH == CONSTANT)`, each of these also behind `PATH |`. Whatever is
//! not plain about a record (a type error, a number beyond 18 digits in a
//! comparison) is left to the interpreter, so that there is one place for what
//! jq says.

use std::cmp::Ordering;

mod parse;

use super::json::number_prefix;
use super::{scan, truthy};
use crate::record::skip_value;

/// A plain program.
#[derive(Debug)]
pub(super) struct Plain {
    /// What comes before the last `|`.
    input: Vec<Step>,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Item(Item),
    Test(Test),
    Select(Test),
}

/// `PATH`, `PATH == CONSTANT`
#[derive(Debug)]
struct Test {
    path: Vec<Step>,
    /// With a number, string, boolean or null, as canonical JSON.
    comparison: Option<(Op, Vec<u8>)>,
}

#[derive(Debug)]
enum Item {
    Path(Vec<Step>),
    /// As canonical JSON.
    Constant(Vec<u8>),
    Array(Vec<Item>),
    /// Each key with its quotes.
    Object(Vec<(Vec<u8>, Item)>),
}

#[derive(Debug)]
struct Step {
    access: Access,
    /// Followed by `?`.
    is_optional: bool,
}

#[derive(Debug)]
enum Access {
    /// The text of a key, which needs no escapes.
    Member(Vec<u8>),
    Item(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What came of a plain program.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome<'a> {
    /// The one result.
    Result(&'a [u8]),
    /// No result, and no error.
    Nothing,
    /// The interpreter has to say.
    NotPlain,
}

/// Why there is no value.
enum Stop {
    Nothing,
    NotPlain,
}

impl Plain {
    /// The program if it is a plain one; if not, or if it is no program at
    /// all, the interpreter has to read it.
    pub(super) fn parse(source: &str) -> Option<Plain> {
        parse::Parser::new(source).program()
    }

    /// Runs the program; `out` is scratch space.
    #[inline]
    pub(super) fn run<'a>(&self, record: &'a [u8], out: &'a mut Vec<u8>) -> Outcome<'a> {
        match self.result(record, out) {
            Ok(Some(result)) => Outcome::Result(result),
            Ok(None) => Outcome::Result(out),
            Err(Stop::Nothing) => Outcome::Nothing,
            Err(Stop::NotPlain) => Outcome::NotPlain,
        }
    }

    /// The result, where the program is a path: a piece of the record, or null. `None` if the program is another, or
    /// [`Plain::run`] has to say.
    #[inline]
    pub(super) fn piece<'r>(&self, record: &'r [u8]) -> Option<&'r [u8]> {
        match &self.body {
            Body::Item(Item::Path(path)) if self.input.is_empty() => value(record, path).ok(),
            _ => None,
        }
    }

    /// A piece of the record, or `None` if the result is in `out`.
    #[inline]
    fn result<'a>(&self, record: &'a [u8], out: &mut Vec<u8>) -> Result<Option<&'a [u8]>, Stop> {
        let input = if self.input.is_empty() { record } else { value(record, &self.input)? };
        match &self.body {
            Body::Item(Item::Path(path)) => value(input, path).map(Some),
            Body::Item(item) => {
                out.clear();
                item.write(input, out).map(|()| None)
            }
            Body::Test(test) => Ok(Some(if test.holds(input)? { b"true" } else { b"false" })),
            Body::Select(test) if test.holds(input)? => Ok(Some(input)),
            Body::Select(_) => Err(Stop::Nothing),
        }
    }
}

/// The value at `path`, which is null if a member or item is not there.
#[inline]
fn value<'a>(record: &'a [u8], path: &[Step]) -> Result<&'a [u8], Stop> {
    if path.is_empty() {
        return Ok(record);
    }
    let mut at = 0;
    for step in path {
        let found = match (&step.access, record.get(at)) {
            (Access::Member(name), Some(b'{')) => scan::find_member(record, at, name),
            (Access::Item(index), Some(b'[')) => scan::find_item(record, at, *index),
            (_, Some(b'n')) => None,
            _ if step.is_optional => return Err(Stop::Nothing),
            _ => return Err(Stop::NotPlain),
        };
        match found {
            Some(found) => at = found,
            // Whatever is looked for in null is null.
            None => return Ok(b"null"),
        }
    }
    skip_value(record, at).map(|end| &record[at..end]).ok_or(Stop::NotPlain)
}

impl Item {
    fn write(&self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Stop> {
        match self {
            Item::Path(path) => out.extend_from_slice(value(input, path)?),
            Item::Constant(json) => out.extend_from_slice(json),
            Item::Array(items) => {
                out.push(b'[');
                let first = out.len();
                for item in items {
                    let length = out.len();
                    if length > first {
                        out.push(b',');
                    }
                    match item.write(input, out) {
                        Ok(()) => {}
                        Err(Stop::Nothing) => out.truncate(length),
                        Err(Stop::NotPlain) => return Err(Stop::NotPlain),
                    }
                }
                out.push(b']');
            }
            Item::Object(members) => {
                out.push(b'{');
                for (index, (key, item)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(key);
                    out.push(b':');
                    // Where one member has no value it depends on the others
                    // whether the object is nothing or an error.
                    item.write(input, out).map_err(|_| Stop::NotPlain)?;
                }
                out.push(b'}');
            }
        }
        Ok(())
    }
}

impl Test {
    #[inline]
    fn holds(&self, input: &[u8]) -> Result<bool, Stop> {
        let value = value(input, &self.path)?;
        let Some((op, constant)) = &self.comparison else {
            return Ok(truthy(value));
        };
        if matches!(op, Op::Equal | Op::NotEqual) && (is_string(value) || is_string(constant)) {
            return Ok((value == constant) == (*op == Op::Equal));
        }
        let order = compare(value, constant).ok_or(Stop::NotPlain)?;
        Ok(match op {
            Op::Equal => order.is_eq(),
            Op::NotEqual => order.is_ne(),
            Op::Less => order.is_lt(),
            Op::LessOrEqual => order.is_le(),
            Op::Greater => order.is_gt(),
            Op::GreaterOrEqual => order.is_ge(),
        })
    }
}

fn is_string(json: &[u8]) -> bool {
    json.first() == Some(&b'"')
}

/// jq's order of types.
fn rank(json: &[u8]) -> u8 {
    match json.first() {
        Some(b'n') => 0,
        Some(b'f') => 1,
        Some(b't') => 2,
        Some(b'"') => 4,
        Some(b'[') => 5,
        Some(b'{') => 6,
        _ => 3,
    }
}

/// Compares a value with a constant as jq does, if both are plain.
fn compare(value: &[u8], constant: &[u8]) -> Option<Ordering> {
    match (rank(value), rank(constant)) {
        (3, 3) => compare_numbers(value, constant),
        // What is escaped has another place in the order than its escape.
        (4, 4) if value.contains(&b'\\') => None,
        (4, 4) => Some(value[1..value.len() - 1].cmp(&constant[1..constant.len() - 1])),
        (left, right) => Some(left.cmp(&right)),
    }
}

fn compare_numbers(left: &[u8], right: &[u8]) -> Option<Ordering> {
    const EXACT_DIGITS: usize = 18;
    let is_integer = |number: &[u8]| matches!(number_prefix(number), Some((_, true)));
    let (left_integer, right_integer) = (is_integer(left), is_integer(right));
    let is_big = |number: &[u8], is_integer| is_integer && number.len() > EXACT_DIGITS;
    if is_big(left, left_integer) || is_big(right, right_integer) {
        return None;
    }
    let (left, right) = (std::str::from_utf8(left).ok()?, std::str::from_utf8(right).ok()?);
    if left_integer && right_integer {
        return Some(left.parse::<i64>().ok()?.cmp(&right.parse::<i64>().ok()?));
    }
    left.parse::<f64>().ok()?.partial_cmp(&right.parse::<f64>().ok()?)
}
