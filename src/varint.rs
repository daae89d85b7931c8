//! Numbers in as few bytes as they need: LEB128, seven bits a byte, the lowest first, at
//! most ten bytes. What is kept in files and checkpoints is made of these. One with a sign is zigzag
//! (0, -1, 1, -2 … are 0, 1, 2, 3 …), as Avro has it.

/// The most bytes that a number takes.
pub const LONGEST: usize = 10;

/// Appends a number.
#[inline]
pub fn push(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Takes a number from the beginning of `bytes`; none if there is no whole one, or one
/// that does not fit.
#[inline]
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for (count, &byte) in bytes.iter().enumerate().take(LONGEST) {
        let (shift, bits) = (7 * count, u64::from(byte & 0x7f));
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte < 0x80 {
            *bytes = &bytes[count + 1..];
            return Some(number);
        }
    }
    None
}

/// Appends a number that may be negative.
#[inline]
pub fn push_signed(number: i64, out: &mut Vec<u8>) {
    push(((number << 1) ^ (number >> 63)).cast_unsigned(), out);
}

/// Takes such a number from the beginning of `bytes`, as [`take`] does.
#[inline]
pub fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    take(bytes).map(|number| (number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_comes_back_and_what_is_behind_it_stays(number: u64, more: Vec<u8>) {
            let mut bytes = Vec::new();
            push(number, &mut bytes);
            prop_assert!(bytes.len() <= LONGEST);
            for end in 0..bytes.len() {
                prop_assert_eq!(take(&mut &bytes[..end]), None);
            }
            bytes.extend(&more);
            let mut rest = bytes.as_slice();
            prop_assert_eq!((take(&mut rest), rest), (Some(number), more.as_slice()));
        }

        #[test]
        fn a_number_with_a_sign_comes_back(number: i64) {
            let mut bytes = Vec::new();
            push_signed(number, &mut bytes);
            prop_assert_eq!(take_signed(&mut bytes.as_slice()), Some(number));
        }
    }

    #[test]
    fn small_numbers_are_short_whatever_their_sign() {
        for (number, want) in [(0, &[0][..]), (-1, &[1]), (1, &[2]), (-64, &[0x7f]), (64, &[0x80, 1])] {
            let mut bytes = Vec::new();
            push_signed(number, &mut bytes);
            assert_eq!(bytes, want);
        }
    }

    #[test]
    fn what_does_not_fit_is_none() {
        let longest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(take(&mut longest.as_slice()), Some(u64::MAX));
        let mut more = longest;
        more[9] = 0x02;
        assert_eq!(take(&mut more.as_slice()), None);
        assert_eq!(take(&mut [0x80; 12].as_slice()), None);
    }
}
