//! A state that goes from one process to the next in a file: each does some batches of a stream, as the parts
//! of a stage on a cluster do. Who starts them keeps the file with the batch that it is of.
//!
//! The file is entries, one behind the other: key and value, each behind its length, and between them whether
//! there is a value.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::op::OpError;
use crate::op::durable::Durable;
use crate::varint;

/// So much of the state is given at once.
const SLICE_BYTES: usize = 1 << 20;

/// The file of a state.
pub(super) struct Carried(PathBuf);

impl Carried {
    /// Takes the state that the process before has left, if there was one.
    pub fn begin(file: &Path, durable: &mut dyn Durable) -> Result<Carried, OpError> {
        let carried = Carried(file.to_owned());
        let saved = match fs::read(file) {
            Ok(saved) => saved,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                durable.track(false);
                return Ok(carried);
            }
            Err(error) => return Err(carried.failed(error)),
        };
        durable.track(true);
        let mut rest = &saved[..];
        while !rest.is_empty() {
            let (key, value) = entry(&mut rest)
                .ok_or_else(|| OpError::Damaged { what: format!("--carry {}: no whole state", file.display()) })?;
            durable.load(key, value)?;
        }
        durable.finish_load()?;
        Ok(carried)
    }

    /// Leaves the state for the next process.
    pub fn leave(&self, durable: &mut dyn Durable) -> Result<(), OpError> {
        let mut saved = Vec::new();
        let mut write = |key: &[u8], value: Option<&[u8]>| push(key, value, &mut saved);
        let mut is_whole = durable.slice(true, SLICE_BYTES, &mut write);
        while !is_whole {
            is_whole = durable.slice(false, SLICE_BYTES, &mut write);
        }
        // Not all of a state is in its slices: what changes with every batch need not be.
        let given = durable.changes(&mut write).and_then(|()| fs::write(&self.0, &saved));
        given.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> OpError {
        OpError::Storage { what: format!("--carry {}", self.0.display()), error }
    }
}

fn push(key: &[u8], value: Option<&[u8]>, out: &mut Vec<u8>) {
    varint::push(key.len() as u64, out);
    out.extend_from_slice(key);
    out.push(u8::from(value.is_some()));
    let value = value.unwrap_or_default();
    varint::push(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Takes the first entry off.
fn entry<'a>(rest: &mut &'a [u8]) -> Option<(&'a [u8], Option<&'a [u8]>)> {
    let key = bytes(rest)?;
    let has_value = *rest.split_off_first()?;
    let value = bytes(rest)?;
    Some((key, (has_value == 1).then_some(value)))
}

fn bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint::take(rest)?).ok()?;
    rest.split_off(..length)
}
