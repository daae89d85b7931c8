//! In which order a store has its keys.

/// The numbers by which keys are sorted; keys of one number are sorted by their bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By a hash with this seed: keys that are looked up, spread evenly. The same on every machine, as runs in
    /// a checkpoint rest on it.
    Hash(u64),
    /// By the first eight bytes, as a number, big-endian: keys that are read in their order.
    Number,
}

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The product of two numbers, its halves put together.
#[inline]
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

#[inline]
fn number(bytes: &[u8]) -> u64 {
    let mut whole = [0; 8];
    whole[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(whole)
}

impl Order {
    /// By a hash that nobody can foresee.
    pub fn hashed() -> Order {
        use std::hash::{BuildHasher as _, RandomState};
        Order::Hash(RandomState::new().hash_one(0))
    }

    /// The number of a key.
    #[inline]
    pub fn of(self, key: &[u8]) -> u64 {
        match self {
            Order::Hash(seed) => {
                let (chunks, rest) = key.as_chunks::<8>();
                let mut hash = seed ^ FACTOR;
                for chunk in chunks {
                    hash = folded(hash ^ u64::from_le_bytes(*chunk), FACTOR).wrapping_add(seed);
                }
                folded(hash ^ number(rest), FACTOR ^ key.len() as u64)
            }
            Order::Number => key.first_chunk().map_or(0, |number| u64::from_be_bytes(*number)),
        }
    }

    /// The indexes of keys in the order in which a run has them, each behind its key's number.
    pub fn sorted<'k>(
        self,
        indexes: impl Iterator<Item = usize>,
        key: impl Fn(usize) -> &'k [u8],
    ) -> Vec<(u64, usize)> {
        let mut rows: Vec<(u64, usize)> = indexes.map(|index| (self.of(key(index)), index)).collect();
        rows.sort_unstable_by(|one, two| one.0.cmp(&two.0).then_with(|| key(one.1).cmp(key(two.1))));
        rows
    }

    /// Whether keys are looked up, and not only read in order.
    pub fn has_lookups(self) -> bool {
        matches!(self, Order::Hash(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_what_they_were() {
        // A checkpoint rests on them.
        let hashes = [&b""[..], b"a", b"12345678", b"\"0123456789abcdef\""].map(|key| Order::Hash(7).of(key));
        assert_eq!(hashes.map(|hash| format!("{hash:016x}")), HASHES);
        assert_eq!(Order::Number.of(b"\0\0\0\0\0\0\x01\x02rest"), 258);
        assert_ne!(Order::hashed(), Order::hashed());
    }

    const HASHES: [&str; 4] = ["655539b0d0dd669d", "38a3e3c08ce2e8de", "5f55c13364a7c2b0", "ffc4f51f30e6d2ee"];

    #[test]
    fn hashes_are_spread() {
        let mut parts = [0; 64];
        for number in 0..64_000 {
            let key = format!("\"key-{number:012}\"");
            parts[(Order::Hash(1).of(key.as_bytes()) >> 58) as usize] += 1;
        }
        assert!(parts.iter().all(|&part| (800..1200).contains(&part)), "{parts:?}");
    }
}
