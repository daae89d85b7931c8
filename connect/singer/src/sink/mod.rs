//! The Singer sink: a target that is run for each batch ([`target`]).
//!
//! Targets give a STATE back when what came before it is where it belongs, and most do so at the end of
//! their input alone. So each batch with records is a run: its schemas, its records, its STATE, the end.

pub mod kind;
pub mod messages;
pub mod schema;
mod target;

use messages::{Messages, state};
use sstream::connect::{BadRecords, BatchTime, Block, Console, OutletError, Sink, Spool, Waited};
use target::Target;

/// Gives each batch to a target.
pub struct SingerSink<'a> {
    command: Vec<String>,
    /// A target that ends well has the batch, though it gives back nothing.
    without_state: bool,
    messages: Messages,
    spool: Spool,
    bad_records: &'a BadRecords,
    console: Console,
    waited: Waited,
}

impl Sink for SingerSink<'_> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let SingerSink { command, without_state, messages, spool, bad_records, console, waited } = self;
        if spool.is_empty() {
            return Ok(());
        }
        // What a stream's records look like is said in front of them.
        messages.begin();
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            block.into_iter().for_each(|record| messages.look(record));
        }
        let mut target = Target::start(command, console)?;
        messages.push_schemas(target.out());
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                match messages.push(record, target.out()) {
                    Ok(()) => target.write(),
                    Err(why) => bad_records.take(time, record, &why)?,
                }
            }
        }
        target.out().extend(state(time).1);
        waited.during(|| target.finish(time, !*without_state))?;
        spool.clear();
        Ok(())
    }
}
