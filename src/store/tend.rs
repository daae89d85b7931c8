//! What is done about fresh runs, so that they stay few: parts are written anew with what is in them.

use super::error::Result;
use super::{Part, Run, Store, begin, merged};

/// A part is written as several if it has more than this and a half, or than a share of the whole.
const PART_BYTES: u64 = if cfg!(test) { 1 << 10 } else { 16 << 20 };

/// There are about so many parts at most.
const PARTS: u64 = 128;

/// A part's share of the work for each byte that was written fresh, at least.
const LEAST_FACTOR: u64 = 3;

/// So many fresh runs are there at most, but for large ones.
const MOST_FRESH: usize = if cfg!(test) { 16 } else { 64 };

/// Says of a value whether it still counts.
type Keep<'k> = dyn FnMut(&[u8]) -> bool + 'k;

impl Store {
    /// Writes parts anew, for `fresh` bytes that were written: about so much work for each byte that fresh runs
    /// stay as few as the bytes of work, both of them growing with the root of how many times the store is as large as a
    /// fresh run. What is over by its value, by the word of `keep`, is left out then: it is not to be asked for any more.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn tend(&mut self, fresh: u64, keep: &mut Keep<'_>) -> Result<()> {
        let factor = (self.base_bytes() / fresh.max(1)).isqrt().max(LEAST_FACTOR);
        self.debt = self.debt.saturating_add(fresh.saturating_mul(factor));
        self.join_small()?;
        let newest = self.fresh.last().map_or(0, |run| run.id);
        loop {
            // The one that waits longest.
            let next = (0..self.parts.len()).min_by_key(|&index| self.parts[index].merged);
            let Some(index) = next.filter(|&index| self.parts[index].merged < newest) else {
                self.debt = 0;
                break;
            };
            let bytes = self.bytes_of(index);
            if bytes > self.debt {
                break;
            }
            self.debt -= bytes;
            self.renew(index, newest, bytes, keep)?;
        }
        let merged = self.parts.iter().map(|part| part.merged).min().unwrap_or(0);
        self.fresh.retain(|run| run.id > merged);
        Ok(())
    }

    /// Makes one of the newest runs where there are too many that are small.
    fn join_small(&mut self) -> Result<()> {
        if self.fresh.len() <= MOST_FRESH {
            return Ok(());
        }
        let (mut first, mut bytes) = (self.fresh.len() - 1, 0);
        while first > 0 && self.fresh[first - 1].bytes <= 2 * bytes + self.fresh[first].bytes {
            bytes += self.fresh[first].bytes;
            first -= 1;
        }
        if first + 1 == self.fresh.len() {
            return Ok(());
        }
        let mut run = self.begin()?;
        let mut keys = merged(self.fresh[first..].iter(), 0, None)?;
        while keys.advance()? {
            run.push_ordered(keys.order(), keys.key(), keys.value())?;
        }
        drop(keys);
        self.fresh.truncate(first);
        self.add(run)
    }

    /// About how many bytes a part has, with what fresh runs have of it.
    fn bytes_of(&self, index: usize) -> u64 {
        let (from, to) = (self.parts[index].from, self.end_of(index));
        let newer: u64 = self.fresh.iter().filter(|run| run.id > self.parts[index].merged).map(|run| run.bytes).sum();
        // Hashes are spread evenly.
        let width = to.map_or(u64::MAX, |to| to - 1) - from;
        self.parts[index].bytes() + ((u128::from(newer) * u128::from(width)) >> 64) as u64
    }

    /// Writes a part anew, which has about so many bytes with all that fresh runs have of it: as one part or several.
    fn renew(&mut self, index: usize, newest: u64, bytes: u64, keep: &mut Keep<'_>) -> Result<()> {
        let whole = PART_BYTES.max(self.base_bytes() / PARTS);
        let most = if bytes > whole / 2 * 3 { bytes / bytes.div_ceil(whole) } else { u64::MAX };
        let parts = self.rewritten(index, newest, most, keep)?;
        self.parts.splice(index..=index, parts);
        Ok(())
    }

    /// What a part has to become: parts of about `most` bytes.
    fn rewritten(&mut self, index: usize, newest: u64, most: u64, keep: &mut Keep<'_>) -> Result<Vec<Part>> {
        let mut next = self.next;
        let mut keys = self.part(index)?;
        let mut from = self.parts[index].from;
        let mut parts: Vec<Part> = Vec::new();
        let mut writer = None;
        let part = |from, run: Option<Run>| Part { from, run, merged: newest };
        while keys.advance()? {
            // Nothing is below a part, so what is dropped leaves no trace.
            let Some(value) = keys.value().filter(|value| keep(value)) else { continue };
            let order = keys.order();
            if let Some(full) = writer.take_if(|open: &mut super::Writer| open.bytes() >= most && open.last() < order) {
                parts.push(part(from, Some(full.finish()?)));
                from = order;
            }
            let open = match &mut writer {
                Some(open) => open,
                none => none.insert(begin(&*self.files, self.order, &mut next)?),
            };
            open.push_ordered(order, keys.key(), Some(value))?;
        }
        if parts.is_empty() || writer.is_some() {
            parts.push(part(from, writer.map(super::Writer::finish).transpose()?));
        }
        drop(keys);
        self.next = next;
        Ok(parts)
    }
}
