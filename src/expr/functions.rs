//! jq's functions that depend on what a value is made of.

use jaq_core::data::JustLut;
use jaq_core::native::{self, Fun, bome, unary, v};
use jaq_core::{RunPtr, ValT as _};
use jaq_json::{Rc, Val};

use super::value::{Error, Value};
use super::{json, messages};

/// What programs run on: values, and no global data.
pub(super) type Data = JustLut<Value>;

pub(super) type Native = native::Filter<RunPtr<Data>>;
pub(super) type ValueResult = Result<Value, Error>;

/// Functions of jaq's standard library that are replaced here.
const REPLACED: [&str; 2] = ["debug_empty", "stderr_empty"];

/// Native functions: jaq's and those of this module.
pub(super) fn all() -> impl Iterator<Item = Fun<Data>> {
    let standard = jaq_std::funs().filter(|(name, ..)| !REPLACED.contains(name));
    let own = Vec::from(own()).into_iter().map(native::run::<Data>);
    jaq_core::funs().chain(standard).chain(own)
}

fn own() -> [Native; 14] {
    [
        ("nan", v(0), |_| bome(Ok(Value::from(f64::NAN)))),
        ("infinite", v(0), |_| bome(Ok(Value::from(f64::INFINITY)))),
        ("length", v(0), |cv| bome(length(cv.1))),
        ("tojson", v(0), |cv| bome(Ok(Value::from(cv.1.to_string())))),
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("contains", v(1), |cv| unary(cv, |whole, part| contains(&whole, &part))),
        ("has", v(1), |cv| unary(cv, |value, key| has(&value, &key))),
        ("indices", v(1), |cv| unary(cv, |value, part| indices(&value, &part))),
        ("bsearch", v(1), |cv| unary(cv, |value, item| search(&value, &item))),
        ("delpaths", v(1), |cv| unary(cv, delete_paths)),
        ("keys_in_order", v(0), |cv| bome(keys(&cv.1))),
        ("type", v(0), |cv| bome(Ok(Value::from(cv.1.type_name().to_string())))),
        ("debug_empty", v(0), |cv| {
            messages::say(&format!("[\"DEBUG:\",{}]\n", cv.1));
            Box::new(std::iter::empty())
        }),
        ("stderr_empty", v(0), |cv| {
            messages::say(&cv.1.to_string());
            Box::new(std::iter::empty())
        }),
    ]
}

pub(super) fn fail<T>(message: impl ToString) -> Result<T, Error> {
    Err(Error::str(message.to_string()))
}

fn length(value: Value) -> ValueResult {
    match &value.0 {
        Val::Null => Ok(Value::from(0_usize)),
        Val::TStr(string) => Ok(Value::from(String::from_utf8_lossy(string).chars().count())),
        Val::Arr(items) => Ok(Value::from(items.len())),
        Val::Obj(map) => Ok(Value::from(map.len())),
        Val::Num(_) if value.0 < Val::from(0_usize) => -value,
        Val::Num(_) => Ok(value),
        Val::Bool(_) | Val::BStr(_) => fail(format_args!("{} has no length", value.describe())),
    }
}

fn keys(value: &Value) -> ValueResult {
    match &value.0 {
        Val::Arr(items) => Ok((0..items.len()).map(Value::from).collect()),
        Val::Obj(map) => Ok(map.keys().cloned().map(Value::of).collect()),
        _ => fail(format_args!("{} has no keys", value.describe())),
    }
}

fn from_json(value: &Value) -> ValueResult {
    let Val::TStr(text) = &value.0 else {
        return fail(format_args!("{} cannot be parsed as JSON", value.describe()));
    };
    match json::read(text) {
        Ok(value) => Ok(Value::read(value)),
        Err(message) => fail(format_args!("{message} (while parsing {value})")),
    }
}

fn contains(whole: &Value, part: &Value) -> ValueResult {
    fn inside(whole: &Val, part: &Val) -> bool {
        match (whole, part) {
            (Val::TStr(whole), Val::TStr(part)) => memchr::memmem::find(whole, part).is_some(),
            (Val::Arr(whole), Val::Arr(part)) => part.iter().all(|part| whole.iter().any(|whole| inside(whole, part))),
            (Val::Obj(whole), Val::Obj(part)) => {
                part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| inside(whole, part)))
            }
            _ => whole == part,
        }
    }
    if whole.type_name() != part.type_name() {
        let (whole, part) = (whole.describe(), part.describe());
        return fail(format_args!("{whole} and {part} cannot have their containment checked"));
    }
    Ok(Value::from(inside(&whole.0, &part.0)))
}

fn has(value: &Value, key: &Value) -> ValueResult {
    match (&value.0, &key.0) {
        (Val::Obj(map), Val::TStr(_)) => Ok(Value::from(map.contains_key(&key.0))),
        (Val::Arr(items), Val::Num(_)) => {
            let index = key.as_index().and_then(|index| usize::try_from(index).ok());
            Ok(Value::from(index.is_some_and(|index| index < items.len())))
        }
        _ => fail(format_args!("Cannot check whether {} has a {} key", value.type_name(), key.type_name())),
    }
}

fn indices(value: &Value, part: &Value) -> ValueResult {
    match (&value.0, &part.0) {
        (Val::Null, _) => Ok(Value::NULL),
        (Val::TStr(_), Val::TStr(part)) if part.is_empty() => Ok(Value::NULL),
        (Val::TStr(text), Val::TStr(part)) => {
            // Overlapping ones too, counted in characters.
            let starts = (0..text.len()).filter(|at| text[*at..].starts_with(part));
            let character = |at: usize| String::from_utf8_lossy(&text[..at]).chars().count();
            Ok(starts.map(|at| Value::from(character(at))).collect())
        }
        (Val::Arr(_), Val::Arr(part)) if part.is_empty() => Ok(Value::NULL),
        (Val::Arr(_), Val::Arr(_)) => value.clone().index(part),
        (Val::Arr(items), _) => {
            let found = items.iter().enumerate().filter(|(_, item)| **item == part.0);
            Ok(found.map(|(index, _)| Value::from(index)).collect())
        }
        _ => Err(value.cannot_index(part)),
    }
}

fn search(value: &Value, item: &Value) -> ValueResult {
    let Val::Arr(items) = &value.0 else {
        return fail(format_args!("{} cannot be searched from", value.describe()));
    };
    Ok(match items.binary_search(&item.0) {
        Ok(found) => Value::from(found),
        Err(place) => Value::from(-1 - place as isize),
    })
}

/// Deletes all of `paths`, the last one first, so that one deletion does not
/// move what another one means.
fn delete_paths(mut value: Value, paths: Value) -> ValueResult {
    let Val::Arr(paths) = paths.0 else {
        return fail("Paths must be specified as an array");
    };
    let mut sorted: Vec<&Val> = paths.iter().collect();
    sorted.sort();
    for path in sorted.into_iter().rev() {
        match path {
            Val::Arr(path) => delete(&mut value.0, path)?,
            _ => return fail("Path must be specified as an array"),
        }
    }
    Ok(value)
}

fn delete(value: &mut Val, path: &[Val]) -> Result<(), Error> {
    let Some((key, rest)) = path.split_first() else {
        *value = Val::Null;
        return Ok(());
    };
    match (&mut *value, key) {
        (Val::Null, _) => Ok(()),
        (Val::Obj(map), Val::TStr(_)) => {
            let map = Rc::make_mut(map);
            if rest.is_empty() {
                map.shift_remove(key);
            } else if let Some(child) = map.get_mut(key) {
                delete(child, rest)?;
            }
            Ok(())
        }
        (Val::Arr(items), Val::Num(_)) => {
            let index = Value::of(key.clone()).as_index().unwrap_or(0);
            let Some(at) = super::value::position(index, items.len()) else {
                return Ok(());
            };
            let items = Rc::make_mut(items);
            if rest.is_empty() {
                items.remove(at);
            } else {
                delete(&mut items[at], rest)?;
            }
            Ok(())
        }
        (Val::Arr(_), Val::Obj(_)) if rest.is_empty() => {
            let slice = Value::of(key.clone());
            let removed = Value::of(std::mem::take(value))
                .map_index(&slice, jaq_core::path::Opt::Essential, |_| std::iter::empty());
            match removed {
                Ok(removed) => *value = removed.0,
                Err(error) => return error.get_err().or_else(|_| fail("Cannot delete")).and_then(Err),
            }
            Ok(())
        }
        _ => fail(format_args!(
            "Cannot delete field at {} index of {}",
            Value::of(key.clone()).type_name(),
            Value::of(value.clone()).type_name()
        )),
    }
}
