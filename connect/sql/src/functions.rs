//! Functions beside SQLite's: REGEXP, and aggregations with the results that they have in
//! `sstream-reduce`.
//!
//! `sum` and `avg` stand in the place of SQLite's: exact, and rounded once, when they are done.

use std::sync::Arc;

use regex::Regex;
use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Error, Result};
use sstream::connect::agg::{Accumulator, Aggregation, Aggregator};
use sstream::connect::record::{Decimal, push_float, push_string};

use crate::table::{Shared, lock};

/// Makes the functions known to a connection.
pub fn register(connection: &Connection, shared: &Arc<Shared>) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("regexp", 2, flags, |context| matches(context))?;
    let total = |is_average| Total { is_average, shared: shared.clone() };
    connection.create_window_function("sum", 1, flags, total(false))?;
    connection.create_window_function("avg", 1, flags, total(true))?;
    connection.create_aggregate_function("quantile", 2, flags, Quantile)?;
    connection.create_aggregate_function("count_distinct", 1, flags, CountDistinct)
}

/// `text REGEXP pattern`; the pattern is compiled once a query where it is a constant.
fn matches(context: &Context<'_>) -> Result<Option<bool>> {
    let regex: Arc<Regex> = context
        .get_or_create_aux(0, |pattern| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            Ok(Regex::new(pattern.as_str()?)?)
        })?;
    Ok(match context.get_raw(1) {
        ValueRef::Null => None,
        ValueRef::Integer(value) => Some(regex.is_match(&value.to_string())),
        ValueRef::Real(value) => Some(regex.is_match(&value.to_string())),
        ValueRef::Text(text) => Some(regex.is_match(&String::from_utf8_lossy(text))),
        ValueRef::Blob(_) => Some(false),
    })
}

/// An error of a function, in words.
fn failed(what: impl ToString) -> Error {
    Error::UserFunctionError(what.to_string().into())
}

/// A value as JSON; nothing of NULL, and a BLOB is none.
fn json(function: &str, value: ValueRef<'_>) -> Result<Option<Vec<u8>>> {
    let mut json = Vec::new();
    match value {
        ValueRef::Null => return Ok(None),
        ValueRef::Integer(value) => json.extend_from_slice(value.to_string().as_bytes()),
        ValueRef::Real(value) if value.is_finite() => push_float(value, &mut json),
        ValueRef::Real(_) => return Err(failed(format!("{function}: a number is infinite"))),
        ValueRef::Text(text) => push_string(String::from_utf8_lossy(text).as_bytes(), &mut json),
        ValueRef::Blob(_) => return Err(failed(format!("{function}: a value is a BLOB"))),
    }
    Ok(Some(json))
}

/// A number as JSON: also one that is written in a text, as CSV has them, and those of more than 64 bits.
fn number(function: &str, value: ValueRef<'_>) -> Result<Option<Vec<u8>>> {
    if let ValueRef::Text(text) = value
        && Decimal::parse(text.trim_ascii()).is_ok()
    {
        return Ok(Some(text.trim_ascii().to_vec()));
    }
    json(function, value)
}

/// `sum(x)` and `avg(x)`.
struct Total {
    is_average: bool,
    shared: Arc<Shared>,
}

/// A sum in the making.
#[derive(Default)]
struct Summed {
    count: u64,
    /// Of integers: so many do not come that it could leave 128 bits.
    integers: i128,
    /// Of all other numbers.
    others: Decimal,
    /// How many of them are REAL to SQL.
    reals: u64,
}

impl Total {
    fn name(&self) -> &'static str {
        if self.is_average { "avg" } else { "sum" }
    }

    fn change(&self, summed: &mut Summed, value: ValueRef<'_>, is_added: bool) -> Result<()> {
        let step = if is_added { 1 } else { -1 };
        if let ValueRef::Integer(value) = value {
            summed.integers += i128::from(value) * i128::from(step);
        } else if let Some(json) = number(self.name(), value)? {
            let no_number = |_| failed(format!("{}: {} is no number", self.name(), String::from_utf8_lossy(&json)));
            let decimal = Decimal::parse(&json).map_err(no_number)?;
            if is_added {
                summed.others.add(&decimal)
            } else {
                summed.others.subtract(&decimal)
            }
            if matches!(value, ValueRef::Real(_)) || json.iter().any(|byte| b".eE".contains(byte)) {
                summed.reals = summed.reals.wrapping_add_signed(step);
            }
        } else {
            return Ok(());
        }
        summed.count = summed.count.wrapping_add_signed(step);
        Ok(())
    }

    fn result(&self, summed: Option<&Summed>) -> Result<Value> {
        let Some(summed) = summed.filter(|summed| summed.count > 0) else { return Ok(Value::Null) };
        let mut text = summed.integers.to_string();
        if summed.others.is_zero() && summed.reals == 0 && !self.is_average {
            if let Ok(integer) = i64::try_from(summed.integers) {
                return Ok(Value::Integer(integer));
            }
        } else {
            let mut total = summed.others.clone();
            total.add(&Decimal::parse(text.as_bytes()).map_err(|_| failed("a sum is too large"))?);
            let mut json = Vec::new();
            if self.is_average {
                total.push_quotient(summed.count, &mut json)
            } else {
                total.push(&mut json)
            }
            text = String::from_utf8_lossy(&json).into_owned();
        }
        let held = self.shared.held();
        let mut passed = lock(&held.passed);
        if self.is_average || summed.reals > 0 {
            let value: f64 = text.parse().map_err(failed)?;
            if value.is_finite() {
                passed.computed_real(value, text.as_bytes());
            }
            return Ok(Value::Real(value));
        }
        passed.computed_number(text.as_bytes());
        Ok(text.parse().map_or_else(|_| Value::Text(text), Value::Integer))
    }
}

impl Aggregate<Summed, Value> for Total {
    fn init(&self, _: &mut Context<'_>) -> Result<Summed> {
        Ok(Summed::default())
    }

    fn step(&self, context: &mut Context<'_>, summed: &mut Summed) -> Result<()> {
        self.change(summed, context.get_raw(0), true)
    }

    fn finalize(&self, _: &mut Context<'_>, summed: Option<Summed>) -> Result<Value> {
        self.result(summed.as_ref())
    }
}

impl WindowAggregate<Summed, Value> for Total {
    fn value(&self, summed: Option<&mut Summed>) -> Result<Value> {
        self.result(summed.as_deref())
    }

    fn inverse(&self, context: &mut Context<'_>, summed: &mut Summed) -> Result<()> {
        self.change(summed, context.get_raw(0), false)
    }
}

/// `quantile(x, q)`.
struct Quantile;

type Aggregated = Option<(Aggregation, Accumulator)>;

impl Aggregate<Aggregated, Value> for Quantile {
    fn init(&self, _: &mut Context<'_>) -> Result<Aggregated> {
        Ok(None)
    }

    fn step(&self, context: &mut Context<'_>, aggregated: &mut Aggregated) -> Result<()> {
        if aggregated.is_none() {
            let share: String = match context.get_raw(1) {
                ValueRef::Integer(share) => share.to_string(),
                ValueRef::Real(share) => share.to_string(),
                _ => return Err(failed("quantile(x, q): q is a number from 0 to 1, as 0.99")),
            };
            let aggregation = Aggregation::parse(&format!("quantile:{share}"))
                .map_err(|_| failed(format!("quantile(x, q): q is {share}, but must be from 0 to 1, as 0.99")))?;
            let accumulator = Aggregator::new(aggregation.clone()).accumulator();
            *aggregated = Some((aggregation, accumulator));
        }
        add(aggregated, number("quantile", context.get_raw(0))?)
    }

    fn finalize(&self, _: &mut Context<'_>, aggregated: Option<Aggregated>) -> Result<Value> {
        let text = written(aggregated);
        if let Ok(integer) = text.parse() {
            return Ok(Value::Integer(integer));
        }
        Ok(text.parse().map_or(Value::Null, Value::Real))
    }
}

/// `count_distinct(x)`.
struct CountDistinct;

impl Aggregate<Aggregated, Value> for CountDistinct {
    fn init(&self, _: &mut Context<'_>) -> Result<Aggregated> {
        let aggregation = Aggregation::parse("count-distinct").map_err(failed)?;
        let accumulator = Aggregator::new(aggregation.clone()).accumulator();
        Ok(Some((aggregation, accumulator)))
    }

    fn step(&self, context: &mut Context<'_>, aggregated: &mut Aggregated) -> Result<()> {
        add(aggregated, json("count_distinct", context.get_raw(0))?)
    }

    fn finalize(&self, _: &mut Context<'_>, aggregated: Option<Aggregated>) -> Result<Value> {
        Ok(Value::Integer(written(aggregated).parse().unwrap_or_default()))
    }
}

fn add(aggregated: &mut Aggregated, value: Option<Vec<u8>>) -> Result<()> {
    let (Some((aggregation, accumulator)), Some(value)) = (aggregated, value) else { return Ok(()) };
    Aggregator::new(aggregation.clone()).add(accumulator, &value).map_err(failed)
}

fn written(aggregated: Option<Aggregated>) -> String {
    let mut text = Vec::new();
    if let Some((aggregation, accumulator)) = aggregated.flatten() {
        Aggregator::new(aggregation).write(&accumulator, &mut text);
    }
    String::from_utf8_lossy(&text).into_owned()
}
