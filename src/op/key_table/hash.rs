//! Hashes of keys.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::RandomState;

use super::short::Short;

/// Half a hash. The table takes its place in memory from the low bits and a tag
/// from the high bits of a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(pub(super) u32);

impl Hash {
    /// As a whole one.
    #[inline]
    pub(super) fn spread(self) -> u64 {
        u64::from(self.0) << 32 | u64::from(self.0)
    }
}

/// Hashes keys in normal form, for a table or for several with parts of the same keys. Each hashes otherwise, so
/// that nobody can choose keys that are all in one place.
#[derive(Clone, Default)]
pub struct KeyHasher {
    random: RandomState,
}

impl KeyHasher {
    /// The hash of a key that is part of `outer`, as in [`KeyTable::insert_within`](super::KeyTable::insert_within), and
    /// another half, of which the tables know nothing.
    #[inline]
    pub fn hash(&self, normal: &[u8], outer: &[u8]) -> (Hash, u32) {
        let whole = self.whole(normal, Short::of(normal, outer));
        (Hash((whole >> 32) as u32), whole as u32)
    }

    /// A whole hash, of whose upper half the tables know.
    #[inline]
    pub(super) fn whole(&self, normal: &[u8], short: Option<Short>) -> u64 {
        let mut hasher = self.random.build_hasher();
        match short {
            Some(short) => {
                let (first, last) = short.halves();
                hasher.write_u64(first);
                hasher.write_u64(last);
            }
            None => hasher.write(normal),
        }
        hasher.finish()
    }
}
