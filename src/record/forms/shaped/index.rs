//! Where in a text the bytes are that a reader of lines stops at: found for 64 bytes at a time by
//! vectors, before anything is read, so that the end of a string, a number or a field is one
//! look at a word.

use wide::u8x16;

/// So many bytes are looked at together, and have a bit each in a word.
const WORD: usize = 64;

/// A bit for each of 64 bytes, the first byte's lowest.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    /// What a JSON string cannot hold as it is (`"`, `\` and what is below 0x20), and one byte more.
    special: u64,
    /// `0` to `9`.
    digits: u64,
}

/// The marks of a text.
#[derive(Clone, Debug, Default)]
pub(in crate::record::forms) struct Index {
    words: Vec<Marks>,
}

impl Index {
    /// Forgets what it was of, and is of `text`, in which `also` is special too; whether that is
    /// ASCII. Behind its end all bytes are special.
    pub(in crate::record::forms) fn set(&mut self, text: &[u8], also: u8) -> bool {
        let (chunks, rest) = text.as_chunks::<WORD>();
        let mut highest = u8x16::ZERO;
        self.words.clear();
        self.words.reserve(chunks.len() + 2);
        self.words.extend(chunks.iter().map(|chunk| marks(chunk, also, &mut highest)));
        let mut last = [0; WORD];
        last[..rest.len()].copy_from_slice(rest);
        self.words.push(marks(&last, also, &mut highest));
        self.words.push(Marks { special: u64::MAX, digits: 0 });
        highest.to_array().is_ascii()
    }

    /// How far it is from `at` to the next byte that is special; 64 if it is no less.
    #[inline]
    pub(in crate::record::forms) fn to_special(&self, at: usize) -> usize {
        self.from(at, |marks| marks.special).trailing_zeros() as usize
    }

    /// A bit for each of the 64 bytes from `at` on: whether it is a digit.
    #[inline]
    pub(in crate::record::forms) fn digits(&self, at: usize) -> u64 {
        self.from(at, |marks| marks.digits)
    }

    #[inline]
    fn from(&self, at: usize, of: impl Fn(&Marks) -> u64) -> u64 {
        let (word, bit) = (at / WORD, at % WORD);
        match self.words.get(word..word + 2) {
            Some([low, high]) => of(low) >> bit | of(high) << 1 << (WORD - 1 - bit),
            // Only behind the text's end.
            _ => of(&Marks { special: u64::MAX, digits: 0 }),
        }
    }
}

/// The marks of 64 bytes, in which `also` is special; `highest` collects all bytes' bits.
#[inline]
fn marks(chunk: &[u8; WORD], also: u8, highest: &mut u8x16) -> Marks {
    let (parts, _) = chunk.as_chunks::<16>();
    let mut marks = Marks::default();
    for (index, part) in parts.iter().enumerate() {
        let bytes = u8x16::new(*part);
        let quote = bytes.simd_eq(u8x16::splat(b'"'));
        let backslash = bytes.simd_eq(u8x16::splat(b'\\'));
        let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
        let other = bytes.simd_eq(u8x16::splat(also));
        let from_zero = bytes - u8x16::splat(b'0');
        let digit = from_zero.min(u8x16::splat(9)).simd_eq(from_zero);
        *highest |= bytes;
        marks.special |= u64::from((quote | backslash | control | other).to_bitmask()) << (index * 16);
        marks.digits |= u64::from(digit.to_bitmask()) << (index * 16);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_a_look_at_each_byte(text in prop::collection::vec(prop_oneof![any::<u8>(), b'a'..=b'c', b'0'..=b'9'], 0..200)) {
            let mut index = Index::default();
            prop_assert_eq!(index.set(&text, b'b'), text.is_ascii());
            let is_special = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | b'b');
            for at in 0..text.len() + 130 {
                let rest = text.get(at..).unwrap_or_default();
                let special = rest.iter().position(is_special).unwrap_or(rest.len());
                prop_assert_eq!(index.to_special(at), special.min(64));
                let digits = rest.iter().take(64).enumerate();
                let digits = digits.fold(0, |bits, (bit, byte)| bits | u64::from(byte.is_ascii_digit()) << bit);
                prop_assert_eq!(index.digits(at), digits);
            }
        }
    }
}
