//! `sample`: some of the records, as Spark's `sample` without replacement takes them; some of the
//! keys; or so many records a second.
//!
//! Nothing is kept from batch to batch, and what is drawn depends on the seed, the batch's time and a
//! record's place in its batch alone: a batch that comes again gives the same sample again, however it
//! is cut into blocks.
//!
//! - Draws are those of SplitMix64. In batch T it starts from `mix(mix(seed + G) ^ T)`, with `G` its
//!   increment and [`mix`] its last step; each draw adds `G` and mixes.
//! - **A fraction**: the n-th record is kept where the n-th draw is below the fraction of 2^64.
//! - **Keys**: a key is kept where its hash is below the fraction of 2^64. The hash, the same on every
//!   host and in every version, is [`mix`] of FNV-1a (64 bits) over the seed, 8 bytes with the lowest
//!   first, and the key as JSON in normal form. So the keys of 1/100 are among those of 1/10.
//! - **A rate**: a batch keeps at most what comes due in its interval, counted from the epoch, so that
//!   a second of batches of any interval has exactly N. They are drawn as a reservoir: every choice of
//!   so many records is as likely as any other.

use super::filter::Runs;
use super::grouping::Grouping;
use super::{OpError, Operator, Out};
use crate::frame::{BatchTime, Block, Head};
use crate::interval::Interval;
use crate::record::key::normal_key_in;

/// SplitMix64's increment.
const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

/// What part of something is taken: more than nothing, at most all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// Of 2^64.
    threshold: u128,
}

impl Fraction {
    /// Reads `1/10`, `0.1` or `10%`.
    ///
    /// # Errors
    /// It is none of these, nothing, or more than all.
    pub fn parse(text: &str) -> Result<Fraction, String> {
        let (above, below) = match (text.split_once('/'), text.strip_suffix('%')) {
            (Some((above, below)), _) => (decimal(above), decimal(below)),
            (None, Some(percent)) => (decimal(percent), Some((100, 1))),
            (None, None) => (decimal(text), Some((1, 1))),
        };
        let (Some(above), Some(below)) = (above, below) else {
            return Err("a fraction is written as 1/10, 0.1 or 10%".to_owned());
        };
        let (above, below) = (above.0 * below.1, above.1 * below.0);
        match above {
            0 => Err("takes nothing: a fraction is more than 0".to_owned()),
            _ if above > below => Err("is more than all: a fraction is at most 1".to_owned()),
            // Both are below 2^60, so that a shift by 64 fits.
            _ => Ok(Fraction { threshold: (above << 64) / below }),
        }
    }

    #[inline]
    fn takes(self, draw: u64) -> bool {
        u128::from(draw) < self.threshold
    }
}

/// A decimal number of at most 9 digits, as a fraction.
fn decimal(text: &str) -> Option<(u128, u128)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{part}");
    let is_short = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_short.then(|| digits.parse().ok()).flatten()?;
    Some((number, 10_u128.pow(part.len() as u32)))
}

/// What is taken.
pub enum Choice {
    /// Each record with this probability.
    Records(Fraction),
    /// All records of so many of the keys.
    Keys(Fraction, Box<Grouping>),
    /// At most so many records a second.
    Rate(u64),
}

/// Takes a sample.
pub struct Sample {
    choice: Choice,
    seed: u64,
    interval: Interval,
    /// The batch that is open.
    time: Option<BatchTime>,
    draws: Draws,
    reservoir: Reservoir,
}

impl Sample {
    /// A sample of what `choice` says; with another `seed` another one.
    pub fn new(choice: Choice, seed: u64) -> Sample {
        Sample {
            choice,
            seed,
            interval: Interval::Fixed(1),
            time: None,
            draws: Draws(0),
            reservoir: Reservoir::default(),
        }
    }

    fn begin(&mut self, time: BatchTime) {
        self.time = Some(time);
        self.draws = Draws(mix(mix(self.seed.wrapping_add(INCREMENT)) ^ time.0));
        if let Choice::Rate(per_second) = self.choice {
            self.reservoir.room = due(per_second, time.0) - due(per_second, self.interval.begin(time.0));
        }
    }
}

/// How many records have come due since the epoch.
fn due(per_second: u64, time_ms: u64) -> u64 {
    u64::try_from(u128::from(per_second) * u128::from(time_ms) / 1000).unwrap_or(u64::MAX)
}

impl Operator for Sample {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.interval = head.interval;
        Ok(())
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        if self.time != Some(block.time) {
            self.begin(block.time);
        }
        let Sample { choice, seed, draws, reservoir, .. } = self;
        match choice {
            Choice::Records(fraction) => {
                let mut keep = Runs::new(block.bytes, false, out);
                let mut start = 0;
                for record in block {
                    let end = start + record.len() + 1;
                    if fraction.takes(draws.next()) {
                        keep.matched(start, end);
                    }
                    start = end;
                }
                keep.finish();
            }
            Choice::Keys(fraction, grouping) => {
                let (mut given, mut normal) = (None, Vec::new());
                grouping.items(block, out, |item, out| {
                    let key = normal_key_in(item.key, &mut normal);
                    // A record of several keys is given once.
                    if fraction.takes(hash(*seed, key))
                        && given.replace(item.record.as_ptr()) != Some(item.record.as_ptr())
                    {
                        out.record(item.record);
                    }
                    Ok(())
                })?;
            }
            Choice::Rate(_) => block.into_iter().for_each(|record| reservoir.take(record, draws)),
        }
        Ok(())
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        self.reservoir.give(out);
        self.time = None;
        out.end(time);
        Ok(())
    }
}

/// Random numbers, SplitMix64.
struct Draws(u64);

impl Draws {
    #[inline]
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(INCREMENT);
        mix(self.0)
    }

    /// One of the numbers below `end`.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}

/// The last step of SplitMix64: each bit of the result depends on all of the number.
#[inline]
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The hash of a key in normal form.
fn hash(seed: u64, key: &[u8]) -> u64 {
    let bytes = seed.to_le_bytes();
    mix(bytes
        .iter()
        .chain(key)
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)))
}

/// A fair choice of at most so many records of a batch (Vitter's algorithm R).
#[derive(Default)]
struct Reservoir {
    room: u64,
    seen: u64,
    /// With the place of each in the batch.
    kept: Vec<(u64, Box<[u8]>)>,
}

impl Reservoir {
    fn take(&mut self, record: &[u8], draws: &mut Draws) {
        let place = self.seen;
        self.seen += 1;
        if place < self.room {
            self.kept.push((place, record.into()));
        } else {
            let at = draws.below(self.seen);
            if at < self.room {
                self.kept[at as usize] = (place, record.into());
            }
        }
    }

    /// Gives what was kept in the order in which it came.
    fn give(&mut self, out: &mut Out<'_>) {
        self.kept.sort_unstable_by_key(|(place, _)| *place);
        for (_, record) in self.kept.drain(..) {
            out.record(&record);
        }
        self.seen = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Program;
    use crate::frame::Reason;
    use crate::op::grouping::By;
    use crate::op::testing;

    fn fraction(text: &str) -> Fraction {
        Fraction::parse(text).unwrap()
    }

    fn by(source: &str) -> Box<Grouping> {
        Box::new(Grouping::new(By::Program(Program::parse(source, &[]).unwrap()), None))
    }

    /// `batches` batches of the numbers below `records`, by how many ms they are apart.
    fn run(choice: Choice, seed: u64, interval: u64, batches: usize, records: usize) -> Vec<Vec<String>> {
        let batch: Vec<String> = (0..records).map(|number| number.to_string()).collect();
        let mut sample = Sample::new(choice, seed);
        let run = testing::try_run(&mut sample, interval, &vec![batch; batches], Reason::Eof).unwrap();
        run.batches.into_iter().map(|(_, records)| records).collect()
    }

    #[test]
    fn fractions() {
        for same in ["1/10", "0.1", "10%", "0.10", ".1", "10.0%", "0.5/5"] {
            assert_eq!(fraction(same), fraction("1/10"), "{same}");
        }
        assert!(fraction("1").takes(u64::MAX) && fraction("100%").takes(u64::MAX));
        assert!(!fraction("1/2").takes(1 << 63) && fraction("1/2").takes((1 << 63) - 1));
        for wrong in ["", "x", "1/x", "1/", "/", "%", "-1", "1e-3", "1/1234567890", "1 / 10", "1/10%"] {
            assert!(Fraction::parse(wrong).unwrap_err().contains("is written as 1/10"), "{wrong}");
        }
        assert!(Fraction::parse("0").unwrap_err().contains("more than 0"));
        assert!(Fraction::parse("101%").unwrap_err().contains("at most 1"));
        assert!(Fraction::parse("1/0").unwrap_err().contains("at most 1"));
    }

    #[test]
    fn each_record_with_its_probability_and_each_batch_another_sample() {
        let batches = run(Choice::Records(fraction("1/10")), 7, 1000, 50, 1000);
        // 50000 draws: 4 standard deviations are 268.
        let kept: usize = batches.iter().map(Vec::len).sum();
        assert!((4732..=5268).contains(&kept), "{kept}");
        assert_ne!(batches[0], batches[1]);
        assert_eq!(batches, run(Choice::Records(fraction("0.1")), 7, 1000, 50, 1000));
        assert_ne!(batches, run(Choice::Records(fraction("1/10")), 8, 1000, 50, 1000));
        assert_eq!(run(Choice::Records(fraction("1")), 0, 1000, 1, 99)[0].len(), 99);
    }

    #[test]
    fn a_sample_does_not_depend_on_blocks_or_on_batches_before() {
        for make in [|| Choice::Records(fraction("1/3")), || Choice::Rate(4)] {
            let of = |cuts: &[usize]| {
                let mut collected = testing::Collected::default();
                let mut out = Out::new(&mut collected);
                let mut sample = Sample::new(make(), 1);
                sample.head(&mut Head::new(1000)).unwrap();
                let time = BatchTime(9000);
                out.set_time(time);
                let mut number = 0;
                for records in cuts {
                    let bytes: String = (number..number + records).map(|number| format!("{number}\n")).collect();
                    let block = Block { time, records: *records as u64, bytes: bytes.as_bytes() };
                    sample.block(block, &mut out).unwrap();
                    number += records;
                }
                sample.end(time, &mut out).unwrap();
                collected.batches
            };
            assert_eq!(of(&[100]), of(&[1, 60, 39]));
            assert_eq!(of(&[100])[0].1, run(make(), 1, 1000, 9, 100)[8]);
        }
    }

    #[test]
    fn the_same_keys_always() {
        // Computed by the program in Python that docs/SAMPLING.md shows.
        assert_eq!(hash(0, b"\"ann\""), 0xe438_0120_7852_e8f0);
        assert_eq!(hash(42, b"17"), 0x5cb7_ec2c_f934_7f20);
        let tenth = &run(Choice::Keys(fraction("1/10"), by(".")), 0, 1000, 2, 10_000);
        assert!((880..=1120).contains(&tenth[0].len()), "{}", tenth[0].len());
        assert_eq!(tenth[0], tenth[1]);
        let hundredth = &run(Choice::Keys(fraction("1%"), by(".")), 0, 1000, 1, 10_000)[0];
        assert!(!hundredth.is_empty() && hundredth.iter().all(|key| tenth[0].contains(key)));
        assert_ne!(tenth[0], run(Choice::Keys(fraction("1/10"), by(".")), 1, 1000, 1, 10_000)[0]);
    }

    #[test]
    fn keys_are_one_by_meaning_and_a_record_of_several_comes_once() {
        let batch = vec!["1", "1.0", "10e-1", r#""\u0061""#, r#""a""#];
        let kept = testing::run(&mut Sample::new(Choice::Keys(fraction("1/2"), by(".")), 0), &[batch]).batches;
        assert!(kept[0].1.iter().filter(|key| !key.starts_with('"')).count() % 3 == 0, "{kept:?}");
        let of =
            |record| testing::run(&mut Sample::new(Choice::Keys(fraction("1"), by(".[]")), 0), &[vec![record]]).batches;
        assert_eq!(of("[1,2]")[0].1, ["[1,2]"]);
        assert!(of("[]")[0].1.is_empty());
    }

    #[test]
    fn a_second_has_as_many_as_the_rate_says() {
        let counts = |rate, interval, batches| {
            let counts: Vec<usize> = run(Choice::Rate(rate), 0, interval, batches, 20).iter().map(Vec::len).collect();
            counts
        };
        assert_eq!(counts(7, 1000, 2), [7, 7]);
        assert_eq!(counts(30, 1000, 1), [20]);
        assert_eq!(counts(2, 250, 8), [0, 1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(counts(1, 3000, 2), [3, 3]);
    }

    #[test]
    fn every_place_of_a_batch_is_as_likely() {
        let mut kept = [0_i32; 10];
        for batch in run(Choice::Rate(3), 5, 1000, 4000, 10) {
            let places: Vec<usize> = batch.iter().map(|number| number.parse().unwrap()).collect();
            assert!(places.len() == 3 && places.is_sorted());
            places.iter().for_each(|place| kept[*place] += 1);
        }
        // 1200 each; 4 standard deviations are 116.
        assert!(kept.iter().all(|count| (count - 1200).abs() < 116), "{kept:?}");
    }
}
