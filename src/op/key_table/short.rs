//! Keys of up to 15 bytes as one number, which is what most keys are.
//!
//! Their lengths differ from one to the next, so that every branch on a length
//! is guessed wrong often, and costs more than all else that is done with a
//! key. Here is none: a key is read as 16 bytes from where it begins, and what
//! is behind it is masked out.

/// The longest key that is a short one.
const MAX_LENGTH: usize = 15;

/// The bytes that are read at once.
pub(super) const READ: usize = 16;

/// The bytes of a short key of each length, and the lowest one: a look into a table is quicker than a shift of 128
/// bits.
const MASKS: [u128; READ] = {
    let mut masks = [0; READ];
    let mut length = 0;
    while length < READ {
        masks[length] = u128::MAX >> (8 * (MAX_LENGTH - length));
        length += 1;
    }
    masks
};

/// A short key: its length in the lowest byte and its bytes above, which is how
/// it lies in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Short {
    word: u128,
    /// Where `word` has bytes.
    mask: u128,
}

impl Short {
    /// The key, if it is short. `outer` is what it is part of, or just the key.
    #[inline]
    pub fn of(key: &[u8], outer: &[u8]) -> Option<Short> {
        if key.len() > MAX_LENGTH {
            return None;
        }
        let start = key.as_ptr().addr().wrapping_sub(outer.as_ptr().addr());
        let read = match outer.get(start..).and_then(<[u8]>::first_chunk::<READ>) {
            Some(read) => u128::from_le_bytes(*read),
            None => padded(key),
        };
        let mask = MASKS[key.len()];
        Some(Short { word: (read << 8 | key.len() as u128) & mask, mask })
    }

    /// Whether a key in the arena, with its length before it and whatever is
    /// behind it, is this one.
    #[inline]
    pub fn is_at(self, stored: &[u8; READ]) -> bool {
        u128::from_le_bytes(*stored) & self.mask == self.word
    }

    /// The key as a number: no two keys have the same.
    #[inline]
    pub fn number(self) -> u128 {
        self.word
    }

    /// The number as two, for hashing.
    #[inline]
    pub fn halves(self) -> (u64, u64) {
        (self.word as u64, (self.word >> 64) as u64)
    }
}

/// The bytes of a key behind which no more can be read.
#[cold]
fn padded(key: &[u8]) -> u128 {
    let mut padded = [0; READ];
    padded[..key.len()].copy_from_slice(key);
    u128::from_le_bytes(padded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn where_a_key_lies_does_not_matter(
            key in "[ab]{0,17}", other in "[ab]{0,17}", before in "[a-c]{0,20}", behind in "[a-c]{0,20}",
        ) {
            let outer = format!("{before}{key}{behind}");
            let inner = &outer.as_bytes()[before.len()..before.len() + key.len()];
            let short = Short::of(inner, outer.as_bytes());
            prop_assert_eq!(short, Short::of(key.as_bytes(), key.as_bytes()));
            prop_assert_eq!(short, Short::of(key.as_bytes(), other.as_bytes()));
            prop_assert_eq!(short.is_some(), key.len() <= MAX_LENGTH);
            if let Some(short) = short {
                prop_assert_eq!(Some(short) == Short::of(other.as_bytes(), b""), key == other);
                let stored = [&[other.len() as u8], other.as_bytes(), &[b'a'; READ]].concat();
                prop_assert_eq!(short.is_at(stored.first_chunk().unwrap()), key == other);
            }
        }
    }
}
