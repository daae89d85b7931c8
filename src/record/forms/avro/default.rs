//! What a field has that nobody wrote.

use serde_json::Value;

use super::datum::Datums;
use super::schema::{Field, Schema, Type};
use crate::varint;

/// Defaults within defaults: a record may be its own field's.
const MOST_NESTED: usize = 32;

/// The JSON of a field's default; none if it has none.
///
/// # Errors
/// It is none of the field's type.
pub fn json(schema: &Schema, field: &Field) -> Result<Option<Vec<u8>>, String> {
    let Some(default) = &field.default else { return Ok(None) };
    // There is one way from a type to its JSON, and it begins with bytes.
    let (mut bytes, mut json) = (Vec::new(), Vec::new());
    let of = encode(schema, field.of, default, MOST_NESTED, &mut bytes);
    of.and_then(|()| Datums::new(&bytes).push_json_of(schema, field.of, &mut json))
        .map_err(|reason| format!("the default of the field {}: {reason}", field.name))?;
    Ok(Some(json))
}

/// Appends the bytes of a value that a schema has as a default.
fn encode(schema: &Schema, of: usize, value: &Value, left: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let wrong = || format!("{value} is not of its type");
    let left = left.checked_sub(1).ok_or("defaults are nested without end")?;
    match (schema.get(of), value) {
        (Type::Null, Value::Null) => {}
        (Type::Boolean, Value::Bool(value)) => out.push(u8::from(*value)),
        (Type::Float, Value::Number(number)) => {
            out.extend((number.as_f64().ok_or_else(wrong)? as f32).to_le_bytes());
        }
        (Type::Double, Value::Number(number)) => out.extend(number.as_f64().ok_or_else(wrong)?.to_le_bytes()),
        (
            Type::Int | Type::Long | Type::Date | Type::Time(_) | Type::Timestamp(_) | Type::LocalTimestamp(_),
            Value::Number(number),
        ) => varint::push_signed(number.as_i64().ok_or_else(wrong)?, out),
        (Type::Text, Value::String(text)) => push_counted(text.as_bytes(), out),
        (Type::Bytes | Type::Decimal(_, None), Value::String(text)) => {
            push_counted(&bytes(text).ok_or_else(wrong)?, out);
        }
        (Type::Fixed(_) | Type::Decimal(_, Some(_)) | Type::Uuid | Type::Duration, Value::String(text)) => {
            out.extend(bytes(text).ok_or_else(wrong)?);
        }
        (Type::Enum(symbols), Value::String(symbol)) => {
            let symbol = super::schema::string(symbol);
            let number = symbols.iter().position(|known| *known == symbol).ok_or_else(wrong)?;
            varint::push_signed(number as i64, out);
        }
        (Type::Array(items), Value::Array(values)) => {
            push_block(values.len(), out);
            values.iter().try_for_each(|value| encode(schema, *items, value, left, out))?;
            out.push(0);
        }
        (Type::Map(items), Value::Object(values)) => {
            push_block(values.len(), out);
            for (key, value) in values {
                push_counted(key.as_bytes(), out);
                encode(schema, *items, value, left, out)?;
            }
            out.push(0);
        }
        (Type::Record(fields), Value::Object(values)) => {
            for field in fields {
                let value = values.get(&field.name).or(field.default.as_ref()).ok_or_else(wrong)?;
                encode(schema, field.of, value, left, out)?;
            }
        }
        (Type::Union(branches), value) => {
            let before = out.len();
            let fits = branches.iter().enumerate().any(|(number, branch)| {
                out.truncate(before);
                varint::push_signed(number as i64, out);
                encode(schema, *branch, value, left, out).is_ok()
            });
            return if fits { Ok(()) } else { Err(wrong()) };
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

/// Bytes as schemas have them: a character each.
fn bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(character).ok()).collect()
}

/// So many items follow, and behind them a block of none.
fn push_block(count: usize, out: &mut Vec<u8>) {
    if count > 0 {
        varint::push_signed(count as i64, out);
    }
}

fn push_counted(bytes: &[u8], out: &mut Vec<u8>) {
    varint::push_signed(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}
