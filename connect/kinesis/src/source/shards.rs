//! Which shards there are, and in which order they are read.
//!
//! A shard is closed when it is split, or merged with another one, and its children go on from there: they
//! are read when their parents were read to the end, so that the records of a key come in their order.

use std::collections::BTreeSet;
use std::sync::Arc;

use sstream::connect::Shard as Share;
use sstream::connect::record::{elements, field};

use super::ledger::{Ledger, Place};
use super::start::StartAt;
use crate::client::json::{object, quoted, string};
use crate::client::{Client, Fault};

/// A shard of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its name.
    pub name: Arc<str>,
    /// What it was made of: a shard that was split, or two that were merged.
    pub parents: Vec<Arc<str>>,
    /// Whether nothing more comes.
    pub is_closed: bool,
}

/// All shards, at a time.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The shards.
    pub shards: Vec<Shard>,
    /// The service's clock before they were asked for, in ms since the epoch.
    pub now_ms: u64,
}

/// Asks for them, page by page.
///
/// # Errors
/// What came of it.
pub fn list(client: &Client) -> Result<Listing, Fault> {
    let mut listing = Listing::default();
    let mut token: Option<String> = None;
    loop {
        let body = match &token {
            None => object(&[("StreamName", &quoted(client.stream()))]),
            Some(token) => object(&[("NextToken", &quoted(token))]),
        };
        let answer = client.call("ListShards", &body)?;
        if token.is_none() {
            listing.now_ms = answer.now_ms;
        }
        for shard in field(&answer.json, b"Shards").into_iter().flat_map(elements) {
            let Some(name) = string(shard, "ShardId") else { continue };
            let parents = ["ParentShardId", "AdjacentParentShardId"];
            let range = field(shard, b"SequenceNumberRange").unwrap_or_default();
            listing.shards.push(Shard {
                name: name.into(),
                parents: parents.iter().filter_map(|parent| string(shard, parent)).map(Arc::from).collect(),
                is_closed: string(range, "EndingSequenceNumber").is_some(),
            });
        }
        token = string(&answer.json, "NextToken");
        if token.is_none() {
            return Ok(listing);
        }
    }
}

/// Whether a shard is of this share: by the number at its name's end.
pub fn is_ours(share: Option<Share>, name: &str) -> bool {
    let digits = name.rsplit('-').next().unwrap_or_default();
    share.is_none_or(|share| share.has(digits.parse().unwrap_or(0)))
}

/// Enters a listing's shards in the ledger: at first where `from` says, later ones at their oldest record.
/// The error is the first one that is known, was not read to its end, and is not there any more; `active`
/// are those that are being read.
///
/// # Errors
/// The shard that is gone.
pub fn enter(
    listing: &Listing,
    from: &StartAt,
    share: Option<Share>,
    active: &BTreeSet<Arc<str>>,
    ledger: &mut Ledger,
) -> Result<(), Arc<str>> {
    let is_first = ledger.places().next().is_none();
    for shard in listing.shards.iter().filter(|shard| is_ours(share, &shard.name)) {
        if ledger.place(&shard.name).is_none() {
            let start = if is_first { from.place(shard.is_closed, listing.now_ms) } else { Place::Oldest };
            ledger.set(&shard.name, start);
        }
    }
    let listed: BTreeSet<&str> = listing.shards.iter().map(|shard| &*shard.name).collect();
    let missing = ledger.places().filter(|(name, _)| !listed.contains(&***name) && !active.contains(*name));
    let missing: Vec<Arc<str>> = missing.map(|(name, _)| name.clone()).collect();
    for name in missing {
        if !ledger.is_ended(&name) {
            return Err(name);
        }
        ledger.forget(&name);
    }
    Ok(())
}

/// The shards that can be read now, where, and whether they are closed: their parents were read to the end, or
/// are not ours.
pub fn ready(listing: &Listing, active: &BTreeSet<Arc<str>>, ledger: &Ledger) -> Vec<(Arc<str>, Place, bool)> {
    let is_read = |parent: &Arc<str>| ledger.place(parent).is_none_or(|place| *place == Place::Ended);
    let is_next = |shard: &&Shard| !active.contains(&shard.name) && shard.parents.iter().all(is_read);
    let next = listing.shards.iter().filter(is_next);
    let places =
        next.filter_map(|shard| Some((shard.name.clone(), ledger.place(&shard.name)?.clone(), shard.is_closed)));
    places.filter(|(_, place, _)| *place != Place::Ended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2<0+1 closed` is a shard that was made of two, and is closed.
    fn listing(shards: &[&str]) -> Listing {
        let name = |number: &str| Arc::from(format!("shardId-{:012}", number.parse::<u64>().unwrap()));
        let shard = |text: &&str| {
            let (text, is_closed) = text.strip_suffix(" closed").map_or((*text, false), |text| (text, true));
            let (number, parents) = text.split_once('<').unwrap_or((text, ""));
            let parents = parents.split('+').filter(|parent| !parent.is_empty()).map(name).collect();
            Shard { name: name(number), parents, is_closed }
        };
        Listing { shards: shards.iter().map(shard).collect(), now_ms: 5 }
    }

    fn numbers(ready: &[(Arc<str>, Place, bool)]) -> Vec<u64> {
        ready.iter().map(|(name, ..)| name.rsplit('-').next().unwrap().parse().unwrap()).collect()
    }

    const RESHARDED: &[&str] = &["0 closed", "1", "2<0", "3<0 closed", "4<1+3"];

    #[test]
    fn children_come_behind_their_parents() {
        let (all, mut active, mut ledger) = (listing(RESHARDED), BTreeSet::new(), Ledger::default());
        enter(&all, &StartAt::Beginning, None, &active, &mut ledger).unwrap();
        assert_eq!(numbers(&ready(&all, &active, &ledger)), [0, 1]);
        active.extend(all.shards[..2].iter().map(|shard| shard.name.clone()));
        assert!(ready(&all, &active, &ledger).is_empty());
        ledger.set(&all.shards[0].name, Place::Ended);
        assert_eq!(numbers(&ready(&all, &active, &ledger)), [2, 3]);
        ledger.set(&all.shards[3].name, Place::Ended);
        assert_eq!(numbers(&ready(&all, &active, &ledger)), [2], "the other one of its parents is open");
    }

    #[test]
    fn the_latest_is_what_open_shards_get() {
        let (all, active, mut ledger) = (listing(RESHARDED), BTreeSet::new(), Ledger::default());
        enter(&all, &StartAt::Latest, None, &active, &mut ledger).unwrap();
        let first = ready(&all, &active, &ledger);
        assert_eq!(numbers(&first), [1, 2]);
        assert!(first.iter().all(|(_, place, _)| *place == Place::Latest(5)));
        // What is made later is read from its first record, whatever was asked for.
        ledger.set(&all.shards[1].name, Place::Ended);
        let later = listing(&["1 closed", "2<0", "3<0 closed", "4<1+3", "5<2"]);
        enter(&later, &StartAt::Latest, None, &active, &mut ledger).unwrap();
        assert_eq!(ledger.place(&later.shards[4].name), Some(&Place::Oldest));
    }

    #[test]
    fn shares_are_dealt_by_number() {
        let (all, active, mut ledger) = (listing(RESHARDED), BTreeSet::new(), Ledger::default());
        enter(&all, &StartAt::Beginning, Some("1/2".parse().unwrap()), &active, &mut ledger).unwrap();
        // The parents of the last one are another pipeline's.
        assert_eq!(numbers(&ready(&all, &active, &ledger)), [0, 4]);
    }

    #[test]
    fn a_shard_that_is_gone_before_its_end_is_told() {
        let (all, mut active, mut ledger) = (listing(&["0", "1 closed"]), BTreeSet::new(), Ledger::default());
        enter(&all, &StartAt::Latest, None, &active, &mut ledger).unwrap();
        ledger.write_batch(&mut Vec::new());
        let none = listing(&["2"]);
        let gone = enter(&none, &StartAt::Latest, None, &active, &mut ledger);
        assert_eq!(gone, Err(all.shards[0].name.clone()));
        active.insert(all.shards[0].name.clone());
        assert_eq!(enter(&none, &StartAt::Latest, None, &active, &mut ledger), Ok(()));
        assert!(ledger.place(&all.shards[1].name).is_none(), "one that had ended is no loss");
    }
}
