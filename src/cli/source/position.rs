//! How the position of a batch reads that its source keeps in a checkpoint.

use std::path::{Path, PathBuf};

use crate::source::kinds::files::position::Record;
use crate::source::kinds::{queue, rate, replay};

/// Bytes of a file that a batch was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRange {
    /// The file.
    pub path: PathBuf,
    /// The first byte.
    pub from: u64,
    /// The byte behind the last one.
    pub to: u64,
}

/// What a batch was made of, by the entry that a source of this kind keeps of it; `file` is
/// what a kind reads that has one file. None where that is no bytes of files.
pub fn file_ranges(kind: &str, file: &Path, recorded: &[u8]) -> Option<Vec<FileRange>> {
    let of_file = |(from, to)| vec![FileRange { path: file.to_owned(), from, to }];
    match kind {
        "dir" | "tail" => {
            let record = Record::read(recorded)?;
            let ranges = record.ranges.iter().map(|range| {
                let file = record.files.get(range.file)?;
                Some(FileRange { path: file.path.clone(), from: range.from.offset, to: range.to.end() })
            });
            ranges.collect()
        }
        "queue" => queue::bytes_of(recorded).map(of_file),
        "replay" => replay::bytes_of(recorded).map(of_file),
        _ => None,
    }
}

/// The same of a source that reads no file, in words.
pub fn shown(kind: &str, recorded: &[u8]) -> Option<String> {
    match kind {
        "rate" => rate::numbers_of(recorded).map(|(from, to)| format!("the numbers from {from} to {to}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_as_bytes_of_files() {
        let recorded = [10u64, 25, 3].map(u64::to_le_bytes).concat();
        let recorded = [&recorded[..], &[0; 4]].concat();
        let range = FileRange { path: "b.jsonl".into(), from: 10, to: 25 };
        for kind in ["queue", "replay"] {
            assert_eq!(file_ranges(kind, Path::new("b.jsonl"), &recorded), Some(vec![range.clone()]), "{kind}");
            assert_eq!(file_ranges(kind, Path::new("b.jsonl"), b"x"), None);
        }
        assert_eq!(file_ranges("rate", Path::new(""), &recorded), None);
        let recorded = [1_469_283_110_000u64, 100, 10, 5, 15].map(u64::to_le_bytes).concat();
        assert_eq!(shown("rate", &recorded).as_deref(), Some("the numbers from 105 to 115"));
        assert_eq!(shown("rate", b"x"), None);
    }
}
