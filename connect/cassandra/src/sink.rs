//! Batches become rows, once their end has come.

use sstream::connect::record::{Kind, elements, kind, members, unescape};
use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, Spool, Under};
use sstream_tables::types::Types;

use crate::chunk::Chunk;
use crate::row::Template;
use crate::sender::Sender;
use crate::table::{Create, Name};

/// Writes rows.
pub struct CassandraSink<'a> {
    /// Makes rows of records.
    pub template: Template,
    /// Sends them.
    pub sender: Sender,
    /// The table that is to be made of the first batch, and the columns that were told but for that of the id.
    pub create: Option<(Name, Create, Option<Vec<String>>)>,
    /// Requests have about so many bytes at most.
    pub bulk_bytes: usize,
    /// The batch.
    pub spool: Spool,
    /// What becomes of records that are no rows, and of those that servers refuse.
    pub bad_records: &'a BadRecords,
}

impl CassandraSink<'_> {
    /// Makes the table, if that is wanted, for the records of a batch; false if none of these has columns,
    /// and the next batch may tell.
    fn make_table(&mut self, time: BatchTime) -> Result<bool, OutletError> {
        let Some((name, create, told)) = &self.create else { return Ok(true) };
        let mut types = Types::default();
        let mut blocks = self.spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                if let Ok(Some(value)) = self.template.value(record, time) {
                    see(&value, told.as_deref(), &mut types);
                }
            }
        }
        let mut columns = types.columns();
        if columns.is_empty() {
            return Ok(false);
        }
        if let Some(id) = &self.template.id {
            columns.retain(|(column, _)| column != id);
            columns.push((id, sstream_tables::ColumnType::Text));
        }
        let statement = create.statement(name, &columns).map_err(|message| self.sender.hopeless(message))?;
        self.sender.run(&statement)?;
        self.create = None;
        Ok(true)
    }

    /// No record of a batch has columns: what is wrong with each, and nothing is written.
    fn refuse_all(&mut self, time: BatchTime) -> Result<(), OutletError> {
        let mut blocks = self.spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                match self.template.value(record, time) {
                    Ok(None) => {}
                    Ok(Some(_)) => {
                        self.bad_records.take(time, record, "it is no object, whose keys would be columns")?
                    }
                    Err(reason) => self.bad_records.take(time, record, &reason)?,
                }
            }
        }
        Ok(())
    }
}

/// Looks at the types of a row's values.
fn see(value: &[u8], told: Option<&[String]>, types: &mut Types) {
    match (kind(value), told) {
        (Some(Kind::Object), _) => {
            for (key, value) in members(value) {
                let name = String::from_utf8_lossy(&unescape(key)).into_owned();
                if told.is_none_or(|told| told.contains(&name)) {
                    types.see(&name, value);
                }
            }
        }
        (Some(Kind::Array), Some(told)) => {
            told.iter().zip(elements(value)).for_each(|(column, value)| types.see(column, value));
        }
        (_, Some([column])) => types.see(column, value),
        _ => {}
    }
}

impl Sink for CassandraSink<'_> {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.template.ids = format!("{}-{}", under.job, under.stage);
        // A batch that is there already changes nothing when it is written once more.
        Ok(None)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        if self.spool.is_empty() {
            return Ok(());
        }
        if !self.make_table(time)? {
            self.refuse_all(time)?;
            self.spool.clear();
            return Ok(());
        }
        let layout = self.sender.layout()?;
        let CassandraSink { template, sender, bulk_bytes, spool, bad_records, .. } = self;
        let mut bad = |record: &[u8], reason: &str| bad_records.take(time, record, reason);
        let mut timestamp = i64::try_from(time.0).unwrap_or(i64::MAX).saturating_mul(1000);
        let (mut chunk, mut place) = (Chunk::default(), 0);
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                place += 1;
                let row = match template.make(&layout, record, time, place) {
                    Ok(row) => row,
                    Err(reason) => {
                        bad(record, &reason)?;
                        None
                    }
                };
                chunk.push(&layout, record, row);
                if chunk.is_full() {
                    sender.deliver(chunk.take(&layout, *bulk_bytes, &mut timestamp), &mut bad)?;
                }
            }
        }
        sender.deliver(chunk.take(&layout, *bulk_bytes, &mut timestamp), &mut bad)?;
        spool.clear();
        Ok(())
    }
}
