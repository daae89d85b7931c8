//! `--shard I/N`: the share of one of several pipelines.

use std::fmt;
use std::str::FromStr;

/// A share of what a stream is dealt into, partitions or shards, which depends on nothing but their
/// numbers: share I of N has those whose number leaves I - 1 when divided by N.
///
/// ```
/// use sstream::connect::Shard;
///
/// let second: Shard = "2/3".parse().unwrap();
/// assert_eq!((0..9).filter(|number| second.has(*number)).collect::<Vec<_>>(), [1, 4, 7]);
/// assert_eq!(second.to_string(), "2/3");
/// assert!("0/3".parse::<Shard>().is_err() && "4/3".parse::<Shard>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u16,
    of: u16,
}

impl Shard {
    /// Whether the partition or shard of this number is in it.
    pub fn has(self, number: u64) -> bool {
        number % u64::from(self.of) == u64::from(self.number) - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        text.split_once('/')
            .and_then(|(number, of)| Some(Shard { number: number.parse().ok()?, of: of.parse().ok()? }))
            .filter(|shard| (1..=shard.of).contains(&shard.number))
            .ok_or_else(|| "a shard is I/N, I from 1 to N: of three hosts the first has 1/3, the last 3/3".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_shard() {
        for of in 1..7u16 {
            let shards: Vec<Shard> = (1..=of).map(|number| format!("{number}/{of}").parse().unwrap()).collect();
            for number in 0..50 {
                assert_eq!(shards.iter().filter(|shard| shard.has(number)).count(), 1);
            }
        }
        for wrong in ["0/3", "4/3", "1", "1/0", "a/b", "1/3/5"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
