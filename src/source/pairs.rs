//! Pairs as a file has them, JSON lines `[key,value]`.

use std::path::Path;

use crate::op::join::NO_PAIR;
use crate::op::lookup::Table;
use crate::record::{self, Canonicalizer};
use crate::source::SourceError;

/// Reads all pairs of a file's content.
///
/// # Errors
/// A line is no pair.
pub fn parse(path: &Path, content: &[u8]) -> Result<Table, SourceError> {
    let mut table = Table::default();
    let mut canonicalizer = Canonicalizer::default();
    let mut record = Vec::new();
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let line = record::without_mark(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let malformed = |message: String| SourceError::Malformed {
            place: format!("{}, line {}", path.display(), index + 1),
            message,
        };
        record.clear();
        canonicalizer.canonicalize(line, &mut record).map_err(|error| malformed(error.to_string()))?;
        if !table.add(&record) {
            return Err(malformed(NO_PAIR.to_owned()));
        }
    }
    Ok(table)
}
