//! Files that were packed: `.gz .bz2 .xz .zst`, read as what they hold.
//!
//! All that is said of such a file in bytes, ranges and fingerprints among them, is of what it
//! holds, so that a log that is packed after it was rotated is the same log still.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;

use crate::source::kinds::packing::{Packing, damaged};

/// The most that is unpacked at a time where it is only counted or passed over, in bytes.
const PIECE: usize = 64 << 10;

/// What a packed file holds, as a file that is read anywhere: forwards it is unpacked on, and
/// backwards from its beginning again.
pub struct Unpacked {
    file: File,
    packing: Packing,
    content: Box<dyn Read>,
    /// Up to where it was unpacked.
    at: u64,
}

impl Unpacked {
    /// What `file` holds.
    pub fn open(file: &File, packing: Packing) -> io::Result<Unpacked> {
        let content = unpack(file, packing)?;
        Ok(Unpacked { file: file.try_clone()?, packing, content, at: 0 })
    }

    /// Reads from the byte `from` on; 0 at the end.
    pub fn read_at(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        if from < self.at {
            (self.content, self.at) = (unpack(&self.file, self.packing)?, 0);
        }
        let mut piece = [0; PIECE];
        while self.at < from {
            let most = usize::try_from(from - self.at).unwrap_or(PIECE).min(PIECE);
            match self.read(&mut piece[..most])? {
                0 => return Ok(0),
                count => self.at += count as u64,
            }
        }
        let count = self.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }

    /// How many bytes there are in all.
    pub fn length(&mut self) -> io::Result<u64> {
        let mut piece = [0; PIECE];
        while self.read_at(&mut piece, self.at)? > 0 {}
        Ok(self.at)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.content.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(damaged(error)),
                done => return done,
            }
        }
    }
}

/// Unpacks a file from its beginning.
fn unpack(file: &File, packing: Packing) -> io::Result<Box<dyn Read>> {
    Ok(packing.unpack(Bytes { file: file.try_clone()?, at: 0 }))
}

/// A file's bytes, with a place of its own in them.
struct Bytes {
    file: File,
    at: u64,
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::kinds::packing::testing::packed;

    #[test]
    fn every_packing_is_read_forwards_and_from_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        for (ending, packing) in [
            ("gz", Packing::Gzip),
            ("bz2", Packing::Bzip2),
            ("xz", Packing::Xz),
            ("zst", Packing::Zstd),
            ("avro", Packing::Avro),
        ] {
            let path = folder.path().join("log").with_extension(ending);
            assert_eq!(Packing::of(&path), Some(packing));
            let bytes = packed(packing);
            std::fs::write(&path, &bytes).unwrap();
            let mut content = Unpacked::open(&File::open(&path).unwrap(), packing).unwrap();
            assert_eq!(content.length().unwrap(), 6, "{ending}");
            for from in [2u64, 4, 0, 5, 6] {
                let mut rest = Vec::new();
                let mut buffer = [0; 3];
                loop {
                    match content.read_at(&mut buffer, from + rest.len() as u64).unwrap() {
                        0 => break,
                        count => rest.extend_from_slice(&buffer[..count]),
                    }
                }
                assert_eq!(rest, b"1\n2\n3\n"[from as usize..], "{ending} from {from}");
            }
            // Cut off, and none at all.
            std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
            let error = Unpacked::open(&File::open(&path).unwrap(), packing).unwrap().length().unwrap_err();
            let told = error.to_string();
            assert!(told.starts_with("packed, and ") || told.starts_with("Avro, and cut off"), "{ending}: {error}");
            std::fs::write(&path, "no packed file at all").unwrap();
            Unpacked::open(&File::open(&path).unwrap(), packing).unwrap().length().unwrap_err();
        }
    }
}
