//! A Bloom filter in blocks of 64 bytes: says of a key that it is not there, at the price of one look into memory.
//! Ten bits a key; it is wrong about one in a hundred that are not there.

const BLOCK_BYTES: usize = 64;
const BITS_A_KEY: usize = 10;
const BITS_SET: u32 = 6;

/// Spreads numbers that lie close to each other.
#[inline]
fn mixed(order: u64) -> u64 {
    let mixed = (order ^ order >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

#[inline]
fn block_of(mixed: u64, filter: &[u8]) -> usize {
    let blocks = (filter.len() / BLOCK_BYTES) as u64;
    ((u128::from(mixed) * u128::from(blocks)) >> 64) as usize * BLOCK_BYTES
}

/// Which bits of its block belong to a key.
fn bits(mixed: u64) -> impl Iterator<Item = usize> {
    (0..BITS_SET).map(move |bit| (mixed >> (9 * bit)) as usize % (8 * BLOCK_BYTES))
}

/// Appends the filter of the keys with these numbers.
pub(super) fn push(orders: &[u64], out: &mut Vec<u8>) {
    let start = out.len();
    let blocks = (orders.len() * BITS_A_KEY).div_ceil(8 * BLOCK_BYTES);
    out.resize(start + blocks * BLOCK_BYTES, 0);
    let filter = &mut out[start..];
    for &order in orders {
        let mixed = mixed(order);
        let block = block_of(mixed, filter);
        bits(mixed).for_each(|bit| filter[block + bit / 8] |= 1 << (bit % 8));
    }
}

/// Whether a key with this number may be there.
#[inline]
pub(super) fn may_have(filter: &[u8], order: u64) -> bool {
    if filter.is_empty() {
        return true;
    }
    let mixed = mixed(order);
    let block = block_of(mixed, filter);
    bits(mixed).all(|bit| filter[block + bit / 8] & (1 << (bit % 8)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::order::Order;

    #[test]
    fn it_knows_what_is_there_and_most_of_what_is_not() {
        let order = |number: u32| Order::Hash(1).of(&number.to_le_bytes());
        let mut filter = vec![7];
        push(&(0..20_000).map(order).collect::<Vec<_>>(), &mut filter);
        let filter = &filter[1..];
        assert!((0..20_000).all(|number| may_have(filter, order(number))));
        let wrong = (20_000..120_000).filter(|&number| may_have(filter, order(number))).count();
        assert!(wrong < 3000, "{wrong} of 100,000");
        assert!(may_have(&[], 1));
    }
}
