//! A state that a checkpoint has of a stage, for tools that show it.

use std::collections::BTreeMap;

use super::error::ToolError;
use crate::checkpoint::inspect::Inspected;
use crate::error::Failure as _;
use crate::op::OpError;
use crate::op::durable::Durable;

/// The state of a stage as it was after a batch.
#[derive(Clone, Copy)]
pub struct Saved<'c> {
    /// The checkpoint.
    pub inspected: &'c Inspected,
    /// The stage.
    pub stage: &'c str,
    /// The batch's time.
    pub time_ms: u64,
}

impl Saved<'_> {
    /// Loads it.
    ///
    /// # Errors
    /// It is not there, or damaged.
    pub fn load(self, state: &mut dyn Durable) -> Result<(), ToolError> {
        state.track(true);
        let mut loaded = Ok(());
        self.inspected.state(self.stage, self.time_ms, &mut |key, entry| {
            if loaded.is_ok() {
                loaded = state.load(key, entry);
            }
        })?;
        loaded.and_then(|()| state.finish_load()).map_err(|error| self.damaged(&error))
    }

    /// Its entries, by the bytes of their keys.
    ///
    /// # Errors
    /// They are not there, or damaged.
    pub fn entries(self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, ToolError> {
        let mut entries = BTreeMap::new();
        self.inspected.state(self.stage, self.time_ms, &mut |key, entry| {
            match entry {
                Some(entry) => entries.insert(key.to_vec(), entry.to_vec()),
                None => entries.remove(key),
            };
        })?;
        Ok(entries)
    }

    /// Why what is there cannot be shown.
    pub fn damaged(self, error: &OpError) -> ToolError {
        ToolError::Command { message: format!("{}: {error}", self.stage), exit: error.exit() }
    }
}
