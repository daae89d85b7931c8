//! What comes before a stage that runs in parts, each with its share of the keys: the records' keys, by
//! which they are dealt, and how far their times have come.
//!
//! A part, which has [`Grouping::dealt`] and [`Watermarks::of_parts`](crate::event::Watermarks::of_parts),
//! takes of the records what is here, and of the ends the greatest watermark of all that have dealt.

use super::grouping::{Grouping, Item, dealt};
use super::timed::time_of;
use super::{OpError, Operator, Out};
use crate::event::Timing;
use crate::frame::{BatchTime, Block, Head};

/// Gives records with their keys.
pub struct Deal {
    grouping: Grouping,
    /// Where the stage makes a watermark.
    timing: Option<Timing>,
    /// Whether a record may have one key alone.
    one: bool,
}

impl Deal {
    /// By the stage's own options.
    pub fn new(grouping: Grouping, timing: Option<Timing>) -> Deal {
        Deal { grouping, timing: timing.filter(|timing| timing.watermarks.is_own()), one: false }
    }

    /// For a stage that gives a record on as it is, once: parts know nothing of each other.
    pub fn with_one_key(self) -> Deal {
        Deal { one: true, ..self }
    }
}

fn take(timing: &mut Option<Timing>, item: &Item<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
    if let Some(timing) = timing
        && time_of(timing, item.record, out)?.is_none()
    {
        return Ok(());
    }
    dealt::push(item, out.buffer());
    out.finish_record();
    Ok(())
}

impl Operator for Deal {
    fn head(&mut self, head: &mut Head) -> Result<(), OpError> {
        self.timing.as_mut().map_or(Ok(()), |timing| timing.head(head)).map_err(OpError::Usage)
    }

    fn block(&mut self, block: Block<'_>, out: &mut Out<'_>) -> Result<(), OpError> {
        let Deal { grouping, timing, one } = self;
        let mut newest = None;
        grouping.items(block, out, |item, out| {
            if *one && newest.replace(item.record.as_ptr()) == Some(item.record.as_ptr()) {
                let reason = "a record has several keys, which may be in several parts: not on a cluster";
                return Err(OpError::Usage(reason.to_owned()));
            }
            take(timing, &item, out)
        })
    }

    fn end(&mut self, time: BatchTime, out: &mut Out<'_>) -> Result<(), OpError> {
        if let Some(timing) = &mut self.timing {
            let watermark = timing.watermarks.end(time, None);
            out.set_watermark(watermark);
        }
        out.end(time);
        Ok(())
    }
}
