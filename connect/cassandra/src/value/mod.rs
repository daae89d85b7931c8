//! JSON to the bytes of a value, by the column's type and without loss: what does not fit is an error.
//!
//! A value is an int, its length, and so many bytes; -1 is null, and -2 says nothing of a column: what is there stays.

pub mod number;
pub mod time;

use std::net::IpAddr;

use sstream::connect::record::{Kind, elements, kind as kind_of, members, text, unescape};

use crate::frame::push_int;
use crate::types::CqlType;

/// The value that is null.
pub const NULL: [u8; 4] = (-1i32).to_be_bytes();
/// The value that leaves a column as it is.
pub const UNSET: [u8; 4] = (-2i32).to_be_bytes();

/// Appends a value.
///
/// # Errors
/// Why the type has no such value.
pub fn push(kind: &CqlType, json: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    if matches!(kind_of(json), None | Some(Kind::Null)) {
        out.extend_from_slice(&NULL);
        return Ok(());
    }
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    push_content(kind, json, out)?;
    let length = u32::try_from(out.len() - at - 4).map_err(|_| "it is longer than 2 GiB".to_owned())?;
    out[at..at + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

fn push_content(kind: &CqlType, json: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    match kind {
        CqlType::List(of) | CqlType::Set(of) => return push_elements(kind, of, json, out),
        CqlType::Map(key, value) => return push_map(kind, key, value, json, out),
        CqlType::Tuple(of) => return push_tuple(kind, of, json, out),
        CqlType::Own(_, fields) => return push_own(kind, fields, json, out),
        CqlType::Vector(length) => return push_vector(kind, *length, json, out),
        CqlType::Other(name) => return Err(format!("values of {name} are not written")),
        _ => {}
    }
    // Numbers and the like may be strings too: JSON's readers lose digits of long ones, and a map's keys are strings always.
    let text = text(json);
    if *kind == CqlType::Text {
        out.extend_from_slice(&text);
        return Ok(());
    }
    let is_single = !matches!(kind_of(json), Some(Kind::Array | Kind::Object));
    let text = std::str::from_utf8(&text).ok().filter(|_| is_single).ok_or_else(|| wrong(kind, json, ""))?;
    let is_number = kind_of(json) == Some(Kind::Number);
    let mut put = |bytes: &[u8]| out.extend_from_slice(bytes);
    let done = match kind {
        CqlType::Ascii => text.is_ascii().then(|| put(text.as_bytes())),
        CqlType::Boolean => text.parse().ok().map(|is: bool| put(&[u8::from(is)])),
        CqlType::TinyInt => number::integer(text).map(|number: i8| put(&number.to_be_bytes())),
        CqlType::SmallInt => number::integer(text).map(|number: i16| put(&number.to_be_bytes())),
        CqlType::Int => number::integer(text).map(|number: i32| put(&number.to_be_bytes())),
        CqlType::BigInt | CqlType::Counter => number::integer(text).map(|number: i64| put(&number.to_be_bytes())),
        CqlType::VarInt => number::varint(text).map(|bytes| put(&bytes)),
        CqlType::Decimal => number::decimal(text).map(|bytes| put(&bytes)),
        CqlType::Double => number::double(text).map(|number| put(&number.to_be_bytes())),
        CqlType::Float => number::single(text).map(|number| put(&number.to_be_bytes())),
        CqlType::Timestamp => time::timestamp(json).map(|ms| put(&ms.to_be_bytes())),
        CqlType::Date if !is_number => time::date(text).map(|day| put(&day.to_be_bytes())),
        CqlType::Time if !is_number => time::time(text).map(|ns| put(&ns.to_be_bytes())),
        CqlType::Uuid => uuid(text).map(|bytes| put(&bytes)),
        CqlType::TimeUuid => uuid(text).filter(|bytes| bytes[6] >> 4 == 1).map(|bytes| put(&bytes)),
        CqlType::Blob => text.strip_prefix("0x").and_then(hex).map(|bytes| put(&bytes)),
        CqlType::Inet => text.parse().ok().map(|address| match address {
            IpAddr::V4(address) => put(&address.octets()),
            IpAddr::V6(address) => put(&address.octets()),
        }),
        _ => None,
    };
    done.ok_or_else(|| wrong(kind, json, form(kind)))
}

/// How values of a type are written, where that is not plain.
fn form(kind: &CqlType) -> &'static str {
    match kind {
        CqlType::Double | CqlType::Float => ": its digits would be others, which decimal keeps",
        CqlType::Timestamp => ": RFC 3339 or ms since 1970 are wanted",
        CqlType::Date => ": a string as \"2016-07-23\" is wanted",
        CqlType::Time => ": a string as \"14:11:50.123\" is wanted",
        CqlType::Blob => ": a string as \"0x00ff\" is wanted",
        _ => "",
    }
}

fn wrong(kind: &CqlType, json: &[u8], form: &str) -> String {
    let text = String::from_utf8_lossy(json);
    let shown: String = text.chars().take(60).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown}{more} is no {kind}{form}")
}

fn push_elements(kind: &CqlType, of: &CqlType, json: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    if kind_of(json) != Some(Kind::Array) {
        return Err(wrong(kind, json, ": an array is wanted"));
    }
    let at = out.len();
    push_int(0, out);
    let mut count = 0u32;
    for element in elements(json) {
        push_some(kind, of, element, out)?;
        count += 1;
    }
    out[at..at + 4].copy_from_slice(&count.to_be_bytes());
    Ok(())
}

fn push_map(kind: &CqlType, key: &CqlType, value: &CqlType, json: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    if kind_of(json) != Some(Kind::Object) {
        return Err(wrong(kind, json, ": an object is wanted"));
    }
    let at = out.len();
    push_int(0, out);
    let mut count = 0u32;
    for (name, member) in members(json) {
        push(key, name, out)?;
        push_some(kind, value, member, out)?;
        count += 1;
    }
    out[at..at + 4].copy_from_slice(&count.to_be_bytes());
    Ok(())
}

/// An element of a collection, which has no nulls.
fn push_some(kind: &CqlType, of: &CqlType, json: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    match kind_of(json) {
        Some(Kind::Null) => Err(format!("there is a null in it, and {kind} has none")),
        _ => push(of, json, out),
    }
}

fn push_tuple(kind: &CqlType, of: &[CqlType], json: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    if kind_of(json) != Some(Kind::Array) || elements(json).count() != of.len() {
        return Err(wrong(kind, json, &format!(": an array of {} is wanted", of.len())));
    }
    of.iter().zip(elements(json)).try_for_each(|(of, element)| push(of, element, out))
}

fn push_own(kind: &CqlType, fields: &[(String, CqlType)], json: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    if kind_of(json) != Some(Kind::Object) {
        return Err(wrong(kind, json, ": an object is wanted"));
    }
    let is_field = |key: &[u8]| fields.iter().any(|(name, _)| unescape(key) == name.as_bytes());
    if let Some((key, _)) = members(json).find(|(key, _)| !is_field(key)) {
        return Err(format!("{kind} has no field {}", String::from_utf8_lossy(key)));
    }
    for (name, of) in fields {
        let value = sstream::connect::record::field(json, name.as_bytes()).unwrap_or(b"null");
        push(of, value, out).map_err(|reason| format!("{name}: {reason}"))?;
    }
    Ok(())
}

/// The numbers of a vector stand one behind the other, without lengths.
fn push_vector(kind: &CqlType, length: usize, json: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    if kind_of(json) != Some(Kind::Array) || elements(json).count() != length {
        return Err(wrong(kind, json, &format!(": an array of {length} numbers is wanted")));
    }
    for element in elements(json) {
        let number = std::str::from_utf8(element).ok().and_then(number::single);
        let number = number.ok_or_else(|| wrong(&CqlType::Float, element, form(&CqlType::Float)))?;
        out.extend_from_slice(&number.to_be_bytes());
    }
    Ok(())
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let is_form = text.len() == 36 && [8, 13, 18, 23].iter().all(|at| text.as_bytes()[*at] == b'-');
    let digits = text.replace('-', "");
    hex(&digits).filter(|_| is_form)?.try_into().ok()
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()).collect()
}

#[cfg(test)]
mod tests;
