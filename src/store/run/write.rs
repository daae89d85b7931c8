//! Writes a run.

use super::{BLOCK_BYTES, FOOTER_BYTES, MAGIC, Place, Run, SECTION_BYTES, Section, VERSION};
use crate::store::error::{Result, StoreError};
use crate::store::files::RunFile;
use crate::store::filter;
use crate::store::order::Order;
use crate::varint;

/// A run that is being written: keys are pushed in their order, each once.
pub struct Writer {
    file: Box<dyn RunFile>,
    id: u64,
    name: String,
    order: Order,
    /// The section that is open: its blocks, and where each lies.
    data: Vec<u8>,
    places: Vec<Place>,
    /// Where the block that is open begins, and the number of its first key.
    block: usize,
    first: u64,
    /// The numbers of the section's keys.
    orders: Vec<u64>,
    last: u64,
    sections: Vec<Section>,
    entries: u64,
    written: u64,
}

impl Writer {
    pub(in crate::store) fn new(file: Box<dyn RunFile>, (id, name): (u64, String), order: Order) -> Writer {
        Writer {
            file,
            id,
            name,
            order,
            data: Vec::new(),
            places: Vec::new(),
            block: 0,
            first: 0,
            orders: Vec::new(),
            last: 0,
            sections: Vec::new(),
            entries: 0,
            written: 0,
        }
    }

    /// Adds a key with its value, or one that is dropped.
    pub fn push(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        self.push_ordered(self.order.of(key), key, value)
    }

    /// As [`Writer::push`], of a key whose number is known.
    #[inline]
    pub(in crate::store) fn push_ordered(&mut self, order: u64, key: &[u8], value: Option<&[u8]>) -> Result<()> {
        debug_assert!(order >= self.last, "keys out of order");
        // Keys of one number are in one block, so that a look at one is enough.
        if self.data.len() - self.block >= BLOCK_BYTES && (order != self.last || !self.order.has_lookups()) {
            self.end_block();
            if self.data.len() >= SECTION_BYTES {
                self.end_section()?;
            }
        }
        if self.data.len() == self.block {
            self.first = order;
        }
        self.last = order;
        self.entries += 1;
        if self.order.has_lookups() {
            self.orders.push(order);
        }
        varint::push(key.len() as u64, &mut self.data);
        varint::push(value.map_or(0, |value| value.len() as u64 + 1), &mut self.data);
        self.data.extend_from_slice(key);
        self.data.extend_from_slice(value.unwrap_or_default());
        Ok(())
    }

    /// About how many bytes it has.
    pub fn bytes(&self) -> u64 {
        self.written + self.data.len() as u64
    }

    /// The number of the key that was pushed last.
    pub(in crate::store) fn last(&self) -> u64 {
        self.last
    }

    fn end_block(&mut self) {
        let crc = crc32fast::hash(&self.data[self.block..]);
        self.places.push(Place { first: self.first, end: self.data.len() as u64, crc });
        self.block = self.data.len();
    }

    fn end_section(&mut self) -> Result<()> {
        let data = self.data.len() as u64;
        let start = self.data.len();
        self.places.iter().for_each(|place| place.push(&mut self.data));
        filter::push(&self.orders, &mut self.data);
        self.sections.push(Section {
            first: self.places[0].first,
            at: self.written,
            data,
            blocks: self.places.len() as u32,
            tail: (self.data.len() - start) as u32,
            crc: crc32fast::hash(&self.data[start..]),
        });
        self.append()?;
        self.places.clear();
        self.orders.clear();
        self.block = 0;
        Ok(())
    }

    fn append(&mut self) -> Result<()> {
        self.file.append(&self.data).map_err(|error| StoreError::io("write", &self.name, error))?;
        self.written += self.data.len() as u64;
        self.data.clear();
        Ok(())
    }

    /// Writes what is left, durably but for the file's name.
    pub(in crate::store) fn finish(mut self) -> Result<Run> {
        if self.data.len() > self.block {
            self.end_block();
        }
        if !self.places.is_empty() {
            self.end_section()?;
        }
        for section in std::mem::take(&mut self.sections) {
            section.push(&mut self.data);
            self.sections.push(section);
        }
        let crc = crc32fast::hash(&self.data);
        let mut footer = Vec::with_capacity(FOOTER_BYTES);
        footer.extend_from_slice(MAGIC);
        footer.extend_from_slice(&VERSION.to_le_bytes());
        footer.extend_from_slice(&crc.to_le_bytes());
        for number in [self.sections.len() as u64, self.entries, self.last] {
            footer.extend_from_slice(&number.to_le_bytes());
        }
        footer.extend_from_slice(&crc32fast::hash(&footer).to_le_bytes());
        self.data.extend_from_slice(&footer);
        self.append()?;
        self.file.sync().map_err(|error| StoreError::io("sync", &self.name, error))?;
        let Writer { file, id, name, order, sections, entries, last, written, .. } = self;
        Ok(Run { id, name, file, order, sections, entries, last, bytes: written })
    }
}
