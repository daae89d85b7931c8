//! The records of all ways that are still open, each kept once however many ways have taken it, and
//! what they took as chains that share their beginnings. A way costs its last link, not its length.

use crate::event::EventTime;
use crate::op::waiting::Place;

/// A record in the buffer.
pub type RecordId = u32;

/// A link of a chain: a record at a place of the pattern, behind another link.
pub type LinkId = u32;

/// A record that some way has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When it happened.
    pub time: EventTime,
    /// Its number in order of arrival.
    pub number: u64,
    /// The record.
    pub bytes: Box<[u8]>,
}

impl Taken {
    /// Its turn among all records.
    pub fn place(&self) -> Place {
        (self.time, self.number)
    }
}

/// A link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// What was taken before.
    pub before: Option<LinkId>,
    /// What was taken.
    pub record: RecordId,
    /// The place of the pattern.
    pub place: u32,
}

/// Records and links, each counted by what refers to it.
#[derive(Debug, Default)]
pub struct Buffer {
    records: Slab<Taken>,
    links: Slab<Link>,
    bytes: u64,
}

impl Buffer {
    /// Takes a record; it goes again if no link is made of it before [`Buffer::release_record`].
    pub fn add_record(&mut self, record: Taken) -> RecordId {
        self.bytes += record.bytes.len() as u64;
        self.records.add(record)
    }

    /// The one who added the record needs it no longer.
    pub fn release_record(&mut self, id: RecordId) {
        if let Some(record) = self.records.release(id) {
            self.bytes -= record.bytes.len() as u64;
        }
    }

    /// Makes a link, held by the caller.
    pub fn add_link(&mut self, link: Link) -> LinkId {
        if let Some(before) = link.before {
            self.links.hold(before);
        }
        self.records.hold(link.record);
        self.links.add(link)
    }

    /// One more holds the link.
    pub fn hold(&mut self, id: LinkId) {
        self.links.hold(id);
    }

    /// One less holds the link: with the last one it goes, and what only it held.
    pub fn release(&mut self, id: LinkId) {
        let mut next = Some(id);
        while let Some(link) = next.and_then(|id| self.links.release(id)) {
            self.release_record(link.record);
            next = link.before;
        }
    }

    /// A record.
    pub fn record(&self, id: RecordId) -> &Taken {
        self.records.get(id)
    }

    /// A link.
    pub fn link(&self, id: LinkId) -> Link {
        *self.links.get(id)
    }

    /// The chain that ends with a link, its last link first.
    pub fn chain(&self, id: LinkId) -> impl Iterator<Item = Link> {
        std::iter::successors(Some(self.link(id)), |link| link.before.map(|before| self.link(before)))
    }

    /// How many records are held.
    pub fn records(&self) -> usize {
        self.records.len
    }

    /// About how many bytes all of it takes.
    pub fn bytes(&self) -> u64 {
        self.bytes
            + (self.records.items.len() * size_of::<Slot<Taken>>()) as u64
            + (self.links.items.len() * size_of::<Slot<Link>>()) as u64
    }

    /// From now on what changes is kept in mind.
    pub fn track(&mut self) {
        (self.records.changed, self.links.changed) = (Some(Vec::new()), Some(Vec::new()));
    }

    /// The records that are new or gone since the last call.
    pub fn changed_records(&mut self) -> Vec<RecordId> {
        self.records.take_changed()
    }

    /// The links that are new or gone since the last call.
    pub fn changed_links(&mut self) -> Vec<LinkId> {
        self.links.take_changed()
    }

    /// The record with this number, if there is one, and so the link.
    pub fn find_record(&self, id: RecordId) -> Option<&Taken> {
        self.records.find(id)
    }

    /// The link with this number, if there is one.
    pub fn find_link(&self, id: LinkId) -> Option<Link> {
        self.links.find(id).copied()
    }

    /// One more than the greatest number of a record and of a link.
    pub fn ends(&self) -> (RecordId, LinkId) {
        (self.records.items.len() as u32, self.links.items.len() as u32)
    }

    /// Puts a record where it was, or takes it away; to be followed by [`Buffer::finish_load`].
    pub fn load_record(&mut self, id: RecordId, record: Option<Taken>) {
        self.records.load(id, record);
    }

    /// Puts a link where it was, or takes it away.
    pub fn load_link(&mut self, id: LinkId, link: Option<Link>) {
        self.links.load(id, link);
    }

    /// Counts what refers to what, once all is loaded; `held` are the links that ways hold. False
    /// if something refers to nothing.
    pub fn finish_load(&mut self, held: impl Iterator<Item = LinkId>) -> bool {
        let links: Vec<Link> = self.links.items.iter().filter_map(|slot| slot.item).collect();
        let mut is_whole = true;
        for link in links {
            is_whole &= self.records.try_hold(link.record);
            is_whole &= link.before.is_none_or(|before| self.links.try_hold(before));
        }
        for id in held {
            is_whole &= self.links.try_hold(id);
        }
        self.records.finish_load();
        self.links.finish_load();
        self.bytes =
            self.records.items.iter().filter_map(|slot| slot.item.as_ref()).map(|r| r.bytes.len() as u64).sum();
        is_whole
    }
}

/// Things with numbers, which are used again.
#[derive(Debug)]
struct Slab<T> {
    items: Vec<Slot<T>>,
    free: Vec<u32>,
    len: usize,
    changed: Option<Vec<u32>>,
}

#[derive(Debug)]
struct Slot<T> {
    item: Option<T>,
    holders: u32,
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { items: Vec::new(), free: Vec::new(), len: 0, changed: None }
    }
}

impl<T> Slab<T> {
    /// Adds one, held once.
    fn add(&mut self, item: T) -> u32 {
        let slot = Slot { item: Some(item), holders: 1 };
        self.len += 1;
        let id = match self.free.pop() {
            Some(id) => {
                self.items[id as usize] = slot;
                id
            }
            None => {
                self.items.push(slot);
                (self.items.len() - 1) as u32
            }
        };
        self.note(id);
        id
    }

    fn note(&mut self, id: u32) {
        if let Some(changed) = &mut self.changed {
            changed.push(id);
            // However long a batch is, each is noted some two times at most.
            if changed.len() > 2 * self.items.len() + 1024 {
                changed.sort_unstable();
                changed.dedup();
            }
        }
    }

    fn take_changed(&mut self) -> Vec<u32> {
        let mut changed = self.changed.as_mut().map(std::mem::take).unwrap_or_default();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    fn hold(&mut self, id: u32) {
        self.items[id as usize].holders += 1;
    }

    /// Lets go of one; what it was if nobody holds it any more.
    fn release(&mut self, id: u32) -> Option<T> {
        let slot = &mut self.items[id as usize];
        slot.holders -= 1;
        if slot.holders > 0 {
            return None;
        }
        self.free.push(id);
        self.len -= 1;
        let item = slot.item.take();
        self.note(id);
        item
    }

    fn find(&self, id: u32) -> Option<&T> {
        self.items.get(id as usize)?.item.as_ref()
    }

    #[allow(clippy::expect_used)] // whoever has a number holds what it is of
    fn get(&self, id: u32) -> &T {
        self.find(id).expect("a number is of something that is held")
    }

    fn load(&mut self, id: u32, item: Option<T>) {
        let index = id as usize;
        if index >= self.items.len() {
            self.items.resize_with(index + 1, || Slot { item: None, holders: 0 });
        }
        self.items[index] = Slot { item, holders: 0 };
    }

    fn try_hold(&mut self, id: u32) -> bool {
        match self.items.get_mut(id as usize) {
            Some(slot) if slot.item.is_some() => {
                slot.holders += 1;
                true
            }
            _ => false,
        }
    }

    fn finish_load(&mut self) {
        self.len = self.items.iter().filter(|slot| slot.item.is_some()).count();
        self.free = (0..self.items.len() as u32).rev().filter(|id| self.find(*id).is_none()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_holds_goes() {
        let mut buffer = Buffer::default();
        let record = buffer.add_record(Taken { time: 1, number: 1, bytes: Box::from(*b"\"a\"") });
        let first = buffer.add_link(Link { before: None, record, place: 0 });
        let second = buffer.add_link(Link { before: Some(first), record, place: 1 });
        buffer.release_record(record);
        buffer.release(first);
        assert_eq!(buffer.chain(second).map(|link| link.place).collect::<Vec<_>>(), [1, 0]);
        buffer.release(second);
        assert_eq!((buffer.records(), buffer.links.len), (0, 0));
    }

    #[test]
    fn a_long_chain_goes_without_a_deep_stack() {
        let mut buffer = Buffer::default();
        let record = buffer.add_record(Taken { time: 1, number: 1, bytes: Box::from(*b"1") });
        let mut last = buffer.add_link(Link { before: None, record, place: 0 });
        for _ in 0..1_000_000 {
            let next = buffer.add_link(Link { before: Some(last), record, place: 0 });
            buffer.release(last);
            last = next;
        }
        buffer.release(last);
        assert_eq!(buffer.links.len, 0);
    }
}
