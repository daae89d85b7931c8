//! Bytes of saved accumulators and states: little pieces that all layouts are
//! made of.
//!
//! - number: as [`varint`] writes it;
//! - signed: as [`varint`] writes one with a sign;
//! - bytes: their length as a number, then the bytes.

use super::error::AggError;
use crate::varint;

pub(crate) fn push_number(number: u64, out: &mut Vec<u8>) {
    varint::push(number, out);
}

pub(crate) fn push_signed(signed: i64, out: &mut Vec<u8>) {
    varint::push_signed(signed, out);
}

pub(crate) fn push_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    push_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

pub(crate) fn take_byte(input: &mut &[u8]) -> Result<u8, AggError> {
    let (&byte, rest) = input.split_first().ok_or(AggError::Damaged)?;
    *input = rest;
    Ok(byte)
}

pub(crate) fn take_number(input: &mut &[u8]) -> Result<u64, AggError> {
    varint::take(input).ok_or(AggError::Damaged)
}

pub(crate) fn take_signed(input: &mut &[u8]) -> Result<i64, AggError> {
    varint::take_signed(input).ok_or(AggError::Damaged)
}

pub(crate) fn take_bytes<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], AggError> {
    let length = usize::try_from(take_number(input)?).map_err(|_| AggError::Damaged)?;
    let (bytes, rest) = input.split_at_checked(length).ok_or(AggError::Damaged)?;
    *input = rest;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_come_back(number: u64, signed: i64, bytes: Vec<u8>) {
            let mut out = Vec::new();
            push_number(number, &mut out);
            push_signed(signed, &mut out);
            push_bytes(&bytes, &mut out);
            let input = &mut out.as_slice();
            prop_assert_eq!(take_number(input), Ok(number));
            prop_assert_eq!(take_signed(input), Ok(signed));
            prop_assert_eq!(take_bytes(input), Ok(bytes.as_slice()));
            prop_assert!(input.is_empty());
        }
    }

    #[test]
    fn too_long_and_too_short_are_damage() {
        assert_eq!(take_number(&mut [0xff; 10].as_slice()), Err(AggError::Damaged));
        assert_eq!(take_number(&mut [0x80].as_slice()), Err(AggError::Damaged));
        assert_eq!(take_bytes(&mut [5, 1].as_slice()), Err(AggError::Damaged));
    }
}
