//! The source itself: what the threads bring, in the order in which it came.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use sstream::connect::{
    Bad, Came, ReadAgain, Ready, Reason, RecordSource, Room, Shard as Share, SourceError, SourceParts, Wake,
};

use super::again::Again;
use super::chunk::{Chunk, State};
use super::lane::Lane;
use super::ledger::{Ledger, Place};
use super::pool::{Pool, Reading, lose};
use super::shards::{Listing, enter, ready};
use super::start::StartAt;
use crate::client::Client;

/// What is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to begin, without a position in a checkpoint.
    pub from: StartAt,
    /// This pipeline's share of the shards.
    pub share: Option<Share>,
    /// How they are read.
    pub reading: Reading,
}

/// Reads shards.
pub struct KinesisSource {
    pub(super) client: Arc<Client>,
    pub(super) options: Options,
    pub(super) parts: SourceParts,
    wake: Wake,
    pool: Option<Pool>,
    pub(super) ledger: Ledger,
    listing: Listing,
    /// A listing was asked for that has not come.
    is_listing: bool,
    /// Shards that are being read, or of which something waits.
    active: BTreeSet<Arc<str>>,
    chunks: VecDeque<Chunk>,
    pub(super) again: Again,
    /// A checkpoint keeps the position.
    pub(super) is_kept: bool,
    /// What came later is not wanted, in ms since the epoch.
    until_ms: Option<u64>,
}

/// What a record's time and the service's clock may be apart, in ms: that clock is told in seconds.
const CLOCKS_MS: u64 = 2000;

impl KinesisSource {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// The system has no pipe left.
    pub fn open(client: Client, options: Options, parts: SourceParts) -> Result<KinesisSource, SourceError> {
        Ok(KinesisSource {
            wake: Wake::new().map_err(|error| SourceError::read("kinesis", error))?,
            client: Arc::new(client),
            again: Again::new(options.reading.form.clone()),
            options,
            parts,
            pool: None,
            ledger: Ledger::default(),
            listing: Listing::default(),
            is_listing: true,
            active: BTreeSet::new(),
            chunks: VecDeque::new(),
            is_kept: false,
            until_ms: None,
        })
    }

    /// Takes over what the threads have brought.
    fn hear(&mut self) -> Result<(), SourceError> {
        let Some(pool) = &self.pool else { return Ok(()) };
        if let Some(listing) = pool.listing() {
            if self.options.reading.available_now {
                self.until_ms.get_or_insert(listing.now_ms + CLOCKS_MS);
            }
            (self.listing, self.is_listing) = (listing, false);
            self.attach()?;
        }
        if let Some(pool) = &self.pool {
            self.chunks.extend(pool.chunks()?);
        }
        self.settle()
    }

    /// Is done with chunks of which all was taken.
    fn settle(&mut self) -> Result<(), SourceError> {
        let mut has_ended = false;
        while self.chunks.front().is_some_and(Chunk::is_empty)
            && let Some(chunk) = self.chunks.pop_front()
        {
            if let Some(pool) = &self.pool {
                pool.release(chunk.cost());
            }
            match chunk.state {
                State::More => {}
                State::Tip(now_ms) => self.ledger.saw_nothing(&chunk.shard, now_ms),
                State::End => {
                    self.ledger.set(&chunk.shard, Place::Ended);
                    has_ended = true;
                }
            }
            if chunk.is_last {
                self.active.remove(&chunk.shard);
            }
        }
        if has_ended {
            // Its children may be known already, or be new.
            self.is_listing = true;
            if let Some(pool) = &self.pool {
                pool.want_listing();
            }
            self.attach()?;
        }
        Ok(())
    }

    /// Begins to read the shards whose turn it is.
    fn attach(&mut self) -> Result<(), SourceError> {
        let Options { from, share, reading } = &self.options;
        while let Err(shard) = enter(&self.listing, from, *share, &self.active, &mut self.ledger) {
            let what = format!("kinesis {}, {shard}", self.client.stream());
            let reason = "it is not there any more, and was not read to its end".to_owned();
            lose(reading.on_loss, &self.parts.console, what, reason)?;
            self.ledger.set(&shard, Place::Ended);
        }
        let Some(pool) = &mut self.pool else { return Ok(()) };
        for (shard, place, is_closed) in ready(&self.listing, &self.active, &self.ledger) {
            if self.parts.console.is_verbose() {
                self.parts.console.info(&format!("kinesis {}, {shard}: reading", self.client.stream()));
            }
            self.active.insert(shard.clone());
            let mut lane = Lane::new(&shard, place);
            // One that is closed has an end of its own.
            lane.until_ms = self.until_ms.filter(|_| !is_closed);
            pool.read(lane, self.active.len())?;
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.options.reading.available_now && !self.is_listing && self.active.is_empty() && self.chunks.is_empty()
    }

    fn look(&mut self) -> Result<Came, SourceError> {
        self.hear()?;
        Ok(match () {
            () if self.has_records() => Came::Something,
            () if self.is_done() => Came::End,
            () => Came::Timeout,
        })
    }
}

impl RecordSource for KinesisSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        if self.pool.is_none() {
            let (client, reading) = (self.client.clone(), self.options.reading.clone());
            self.again.clear();
            self.pool = Some(Pool::start(client, reading, self.parts.console.clone(), self.wake.bell())?);
        }
        // However fast they come.
        if self.parts.stop.is_asked() {
            return Ok(Came::Stop);
        }
        let came = self.look()?;
        if came != Came::Timeout {
            return Ok(came);
        }
        let ready = self.parts.waited.during(|| self.wake.wait(Some(&self.parts.stop), timeout));
        match ready.map_err(|error| SourceError::read("kinesis", error))? {
            Ready::Wake => Ok(Came::Stop),
            _ => self.look(),
        }
    }

    /// What has come is taken, unless a position says where to go on.
    fn held(&mut self) -> Result<bool, SourceError> {
        self.pool = None;
        Ok(!self.is_kept && self.has_records())
    }

    fn has_records(&self) -> bool {
        self.chunks.iter().any(|chunk| !chunk.is_empty())
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let (mut records, before) = (0, block.len());
        while let Some(chunk) = self.chunks.front_mut() {
            let taken = block.len() - before;
            if records >= room.records || taken >= room.bytes {
                break;
            }
            let left = Room { records: room.records - records, bytes: room.bytes - taken };
            records += chunk.take(left, None, Some(&mut self.ledger), block, bad)?;
            self.settle()?;
        }
        Ok(records)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}
