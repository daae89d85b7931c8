//! jaq's JSON value with jq's manners.
//!
//! jaq means to improve on jq here and there; people who write EXPR expect what
//! jq's manual says. So this wraps jaq's value and differs where jaq does:
//! error messages name types as jq does, division by zero fails, an update
//! of `null` makes an object or array, deleting keeps the order of keys,
//! and a computed number that is whole is an integer (`3`, not `3.0`).

mod access;
mod nesting;

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use jaq_core::val::Range;
use jaq_json::{Num, Rc, Val};

use super::json;

use nesting::Nesting;
pub(super) use nesting::{NESTING_MAX, take_exceeded};

/// A value that programs compute with.
#[derive(Clone)]
pub(super) struct Value(pub(super) Val, Nesting);

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.0 == other.0
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        self.0.cmp(&other.0)
    }
}

pub(super) type Error = jaq_core::Error<Value>;
type ValueResult = Result<Value, Error>;

/// The most characters of a value that an error message shows.
const SHOWN_MAX: usize = 60;

/// The most bytes that a string times a number may have, as in jq.
const REPEATED_MAX: f64 = i32::MAX as f64;

impl Value {
    pub(super) const NULL: Value = Value::flat(Val::Null);

    /// What is neither an array nor an object.
    const fn flat(value: Val) -> Value {
        Value(value, Nesting::FLAT)
    }

    /// What was read from JSON.
    pub(super) fn read(value: Val) -> Value {
        let nesting = Nesting::of_read(&value);
        Value(value, nesting)
    }

    /// Whatever it is: all of it is looked at.
    pub(super) fn of(value: Val) -> Value {
        let (value, nesting) = Nesting::measure(&value).check(value);
        Value(value, nesting)
    }

    /// A part of what is nested so.
    fn part_of(whole: Nesting, value: Val) -> Value {
        let nesting = whole.of_part(&value);
        Value(value, nesting)
    }

    /// The same, in which a part that is nested so has taken the place of another.
    fn with_part(self, part: Nesting) -> Value {
        let (value, nesting) = self.1.max(part.around()).check(self.0);
        Value(value, nesting)
    }

    /// An array or object with parts that are nested so.
    fn around(value: Val, parts: Nesting) -> Value {
        let (value, nesting) = parts.around().check(value);
        Value(value, nesting)
    }

    /// The name of the type, as jq's `type` gives it.
    pub(super) fn type_name(&self) -> &'static str {
        match self.0 {
            Val::Null => "null",
            Val::Bool(_) => "boolean",
            Val::Num(_) => "number",
            Val::TStr(_) | Val::BStr(_) => "string",
            Val::Arr(_) => "array",
            Val::Obj(_) => "object",
        }
    }

    /// The type, and the beginning of the value: `number (5)`.
    pub(super) fn describe(&self) -> String {
        if self.0 == Val::Null {
            return "null".to_string();
        }
        let text = self.to_string();
        let shown = match text.char_indices().nth(SHOWN_MAX) {
            Some((at, _)) => format!("{}...", &text[..at]),
            None => text,
        };
        format!("{} ({shown})", self.type_name())
    }

    fn is_number(&self) -> bool {
        matches!(self.0, Val::Num(_))
    }

    fn as_double(&self) -> Option<f64> {
        jaq_std::ValT::as_f64(&self.0)
    }

    /// The number as jq takes it for an index: rounded down.
    pub(super) fn as_index(&self) -> Option<isize> {
        match &self.0 {
            Val::Num(Num::Int(index)) => Some(*index),
            _ => self.as_double().map(|float| float.floor() as isize),
        }
    }

    pub(super) fn cannot_index(&self, index: &Value) -> Error {
        let kind = self.type_name();
        match &index.0 {
            Val::TStr(_) => Error::str(format_args!("Cannot index {kind} with {index}")),
            _ => Error::str(format_args!("Cannot index {kind} with {}", index.type_name())),
        }
    }

    fn cannot_iterate(&self) -> Error {
        Error::str(format_args!("Cannot iterate over {}", self.describe()))
    }

    /// Numbers that were computed: whole ones are integers, so that they are
    /// written and index arrays as jq's do.
    fn computed(number: Num) -> Value {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        Value::flat(Val::Num(match number {
            Num::Float(float)
                if float.fract() == 0.0 && float.abs() < EXACT && !(float == 0.0 && float.is_sign_negative()) =>
            {
                Num::Int(float as isize)
            }
            number => number,
        }))
    }

    /// Computes `left op right` if `fits`, and fails in jq's words if not.
    fn calculate(
        left: Value,
        right: Value,
        fits: bool,
        verb: &str,
        op: impl FnOnce(Val, Val) -> Result<Val, jaq_json::Error>,
    ) -> ValueResult {
        if !fits {
            let (left, right) = (left.describe(), right.describe());
            return Err(Error::str(format_args!("{left} and {right} cannot be {verb}")));
        }
        let nesting = left.1.max(right.1);
        match op(left.0, right.0) {
            Ok(Val::Num(number)) => Ok(Value::computed(number)),
            Ok(value) => Ok(Value(value, nesting)),
            Err(error) => Err(inner_error(error)),
        }
    }

    fn string_key(key: Value) -> Result<Val, Error> {
        match key.0 {
            Val::TStr(_) => Ok(key.0),
            _ => Err(Error::str(format_args!("Cannot use {} as object key", key.describe()))),
        }
    }
}

/// An error of jaq's own value, which carries the other value type.
fn inner_error(error: jaq_json::Error) -> Error {
    Error::new(Value::of(error.into_val()))
}

/// The contents of a shared value, copied only if it is shared.
fn owned<T: Clone>(shared: Rc<T>) -> T {
    Rc::try_unwrap(shared).unwrap_or_else(|shared| (*shared).clone())
}

/// Where in an array of `length` items the index `index` points, if it does.
pub(super) fn position(index: isize, length: usize) -> Option<usize> {
    let position = if index < 0 { length.checked_sub(index.unsigned_abs())? } else { index.unsigned_abs() };
    (position < length).then_some(position)
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        json::write(&self.0, &mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::flat(Val::Bool(value))
    }
}

impl From<isize> for Value {
    fn from(value: isize) -> Self {
        Value::flat(Val::from(value))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Value::flat(Val::from(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::computed(Num::Float(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::flat(Val::utf8_str(value.into_bytes()))
    }
}

impl From<Range<Value>> for Value {
    fn from(range: Range<Value>) -> Self {
        let inner = |bound: Option<Value>| bound.map(|value| value.0);
        Value::of(Val::from(inner(range.start)..inner(range.end)))
    }
}

impl FromIterator<Value> for Value {
    fn from_iter<T: IntoIterator<Item = Value>>(items: T) -> Self {
        let mut parts = Nesting::FLAT;
        let items = items.into_iter().map(|Value(item, nesting)| {
            parts = parts.max(nesting);
            item
        });
        Value::around(items.collect(), parts)
    }
}

impl Add for Value {
    type Output = ValueResult;
    fn add(self, right: Self) -> Self::Output {
        let fits = matches!(
            (&self.0, &right.0),
            (Val::Null, _)
                | (_, Val::Null)
                | (Val::Num(_), Val::Num(_))
                | (Val::TStr(_), Val::TStr(_))
                | (Val::Arr(_), Val::Arr(_))
                | (Val::Obj(_), Val::Obj(_))
        );
        Value::calculate(self, right, fits, "added", Val::add)
    }
}

impl Sub for Value {
    type Output = ValueResult;
    fn sub(self, right: Self) -> Self::Output {
        let fits = matches!((&self.0, &right.0), (Val::Num(_), Val::Num(_)) | (Val::Arr(_), Val::Arr(_)));
        Value::calculate(self, right, fits, "subtracted", Val::sub)
    }
}

impl Mul for Value {
    type Output = ValueResult;
    fn mul(self, right: Self) -> Self::Output {
        let fits = matches!(
            (&self.0, &right.0),
            (Val::Num(_), Val::Num(_) | Val::TStr(_)) | (Val::TStr(_), Val::Num(_)) | (Val::Obj(_), Val::Obj(_))
        );
        if let (Val::TStr(text), _, times, _) | (_, times, _, Val::TStr(text)) =
            (&self.0, self.as_double(), right.as_double(), &right.0)
            && times.is_some_and(|times| times * text.len() as f64 > REPEATED_MAX)
        {
            return Err(Error::str("Repeat string result too long"));
        }
        Value::calculate(self, right, fits, "multiplied", Val::mul)
    }
}

impl Div for Value {
    type Output = ValueResult;
    fn div(self, right: Self) -> Self::Output {
        if self.is_number() && right.as_double() == Some(0.0) {
            let verb = "divided because the divisor is zero";
            return Value::calculate(self, right, false, verb, Val::div);
        }
        let fits = matches!((&self.0, &right.0), (Val::Num(_), Val::Num(_)) | (Val::TStr(_), Val::TStr(_)));
        Value::calculate(self, right, fits, "divided", Val::div)
    }
}

impl Rem for Value {
    type Output = ValueResult;
    /// Of whole numbers, as in jq: a fraction is cut off first.
    fn rem(self, right: Self) -> Self::Output {
        let whole = |value: &Value| match (&value.0, value.as_double()) {
            (Val::Num(Num::Int(_) | Num::BigInt(_)), _) => Some(value.clone()),
            (_, Some(float)) => Some(Value::from(float as isize)),
            _ => None,
        };
        match (whole(&self), whole(&right)) {
            (Some(_), Some(divisor)) if divisor.as_double() == Some(0.0) => {
                let verb = "divided (remainder) because the divisor is zero";
                Value::calculate(self, right, false, verb, Val::rem)
            }
            (Some(left), Some(right)) => Value::calculate(left, right, true, "divided (remainder)", Val::rem),
            _ => Value::calculate(self, right, false, "divided (remainder)", Val::rem),
        }
    }
}

impl Neg for Value {
    type Output = ValueResult;
    fn neg(self) -> Self::Output {
        match self.0 {
            Val::Num(number) => Ok(Value::flat(Val::Num(-number))),
            _ => Err(Error::str(format_args!("{} cannot be negated", self.describe()))),
        }
    }
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        let nesting = self.1;
        match self.0 {
            Val::Arr(items) => Ok(owned(items).into_iter().map(|item| Value::part_of(nesting, item)).collect()),
            _ => Err(self),
        }
    }

    fn is_int(&self) -> bool {
        self.0.is_int()
    }

    fn as_isize(&self) -> Option<isize> {
        self.0.as_isize()
    }

    fn as_f64(&self) -> Option<f64> {
        self.as_double()
    }

    fn is_utf8_str(&self) -> bool {
        self.0.is_utf8_str()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.0.as_bytes()
    }

    fn as_sub_str(&self, sub: &[u8]) -> Self {
        Value::flat(self.0.as_sub_str(sub))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        Value::flat(Val::from_utf8_bytes(bytes))
    }
}
