//! Spark's random numbers, so that centres drawn and samples taken here are those that it would draw
//! and take: an xorshift generator, as `java.util.Random` uses one.

/// Spark's `XORShiftRandom`.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
    /// Normal numbers come in pairs.
    next_gaussian: Option<f64>,
}

impl Random {
    /// With a seed, of which all bits are spread.
    pub fn new(seed: i64) -> Random {
        let bytes = seed.to_be_bytes();
        let low = murmur(&bytes, ARRAY_SEED);
        let high = murmur(&bytes, low);
        Random { state: u64::from(high) << 32 | u64::from(low), next_gaussian: None }
    }

    fn bits(&mut self, count: u32) -> u64 {
        self.state ^= self.state << 21;
        self.state ^= self.state >> 35;
        self.state ^= self.state << 4;
        self.state & ((1 << count) - 1)
    }

    /// Evenly from 0 up to below 1.
    pub fn even(&mut self) -> f64 {
        let (high, low) = (self.bits(26), self.bits(27));
        ((high << 27) + low) as f64 / (1_u64 << 53) as f64
    }

    /// Normal, with mean 0 and deviation 1.
    pub fn gaussian(&mut self) -> f64 {
        if let Some(number) = self.next_gaussian.take() {
            return number;
        }
        loop {
            let (a, b) = (2.0 * self.even() - 1.0, 2.0 * self.even() - 1.0);
            let square = a * a + b * b;
            if square < 1.0 && square != 0.0 {
                let scale = (-2.0 * square.ln() / square).sqrt();
                self.next_gaussian = Some(b * scale);
                return a * scale;
            }
        }
    }
}

/// The seed of Scala's hashes of arrays.
const ARRAY_SEED: u32 = 0x3c07_4a61;

/// Scala's MurmurHash3 of bytes, whose number is a multiple of 4.
fn murmur(bytes: &[u8], seed: u32) -> u32 {
    let (words, _) = bytes.as_chunks::<4>();
    let mut hash = seed;
    for word in words {
        let word = u32::from_le_bytes(*word).wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        hash = (hash ^ word).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    hash ^ hash >> 16
}

/// The seed that `java.util.Random` gives the one partition of an RDD that is sampled with `seed`.
pub fn seed_of_partition(seed: i64) -> i64 {
    const MULTIPLIER: u64 = 0x5_deec_e66d;
    const MASK: u64 = (1 << 48) - 1;
    let mut state = (seed as u64 ^ MULTIPLIER) & MASK;
    let mut next = || {
        state = state.wrapping_mul(MULTIPLIER).wrapping_add(0xb) & MASK;
        // The upper 32 bits of 48, as a signed number.
        (state >> 16) as u32 as i32
    };
    let (high, low) = (next(), next());
    (i64::from(high) << 32).wrapping_add(i64::from(low))
}

/// A sample of each item by itself, as `RDD.sample` takes one without replacement of a batch that is one
/// partition.
pub struct Sampler {
    random: Random,
    fraction: f64,
    /// How many items are passed over before the next is taken, of a small fraction.
    gap: Option<u64>,
}

impl Sampler {
    /// Up to this fraction Spark draws how many items to pass over, not a number for each.
    const MOST_BY_GAPS: f64 = 0.4;
    /// Spark's `rngEpsilon`.
    const LEAST: f64 = 5e-11;

    /// Takes the fraction of the items, 0 to 1.
    pub fn new(fraction: f64, seed: i64) -> Sampler {
        let mut sampler = Sampler { random: Random::new(seed_of_partition(seed)), fraction, gap: None };
        if fraction <= Self::MOST_BY_GAPS {
            sampler.draw_gap();
        }
        sampler
    }

    fn draw_gap(&mut self) {
        let even = self.random.even().max(Self::LEAST);
        self.gap = Some((even.ln() / (-self.fraction).ln_1p()) as u64);
    }

    /// Whether the next item is taken.
    pub fn takes(&mut self) -> bool {
        match &mut self.gap {
            _ if self.fraction >= 1.0 => true,
            None => self.random.even() <= self.fraction,
            Some(0) => {
                self.draw_gap();
                true
            }
            Some(gap) => {
                *gap -= 1;
                false
            }
        }
    }
}
