//! The watermark of shards, each of which sees the times of some of the records.

use super::{Shard, Shards};
use crate::event::Timing;
use crate::op::{OpError, Out};

impl<S: Shard> Shards<S> {
    /// Lets the watermark of each, which is that of `timing`, be of the records of all. All that came is
    /// finished for it.
    ///
    /// # Errors
    /// As [`Shards::finish`].
    pub fn share_watermark(
        &mut self,
        timing: impl Fn(&mut S) -> Option<&mut Timing>,
        out: &mut Out<'_>,
    ) -> Result<(), OpError> {
        self.finish(out)?;
        let mut all = None;
        self.each(|shard| {
            if let Some(timing) = timing(shard) {
                all.get_or_insert_with(|| timing.watermarks.clone()).merge(&timing.watermarks);
            }
        });
        self.each(|shard| {
            if let (Some(timing), Some(all)) = (timing(shard), &all) {
                timing.watermarks = all.clone();
            }
        });
        Ok(())
    }
}
