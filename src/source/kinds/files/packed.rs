//! Files that were packed: `.gz .bz2 .xz .zst`, read as what they hold.
//!
//! All that is said of such a file in bytes, ranges and fingerprints among them, is of what it
//! holds, so that a log that is packed after it was rotated is the same log still.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The most that is unpacked at a time where it is only counted or passed over, in bytes.
const PIECE: usize = 64 << 10;

/// How a file was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// By gzip.
    Gzip,
    /// By bzip2.
    Bzip2,
    /// By xz.
    Xz,
    /// By zstd.
    Zstd,
}

impl Packing {
    /// Told from a file's name.
    pub fn of(path: &Path) -> Option<Packing> {
        match path.extension()?.as_encoded_bytes() {
            b"gz" => Some(Packing::Gzip),
            b"bz2" => Some(Packing::Bzip2),
            b"xz" => Some(Packing::Xz),
            b"zst" => Some(Packing::Zstd),
            _ => None,
        }
    }

    /// Unpacks a file from its beginning.
    fn unpack(self, file: &File) -> io::Result<Box<dyn Read>> {
        let bytes = BufReader::new(Bytes { file: file.try_clone()?, at: 0 });
        Ok(match self {
            Packing::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Packing::Bzip2 => Box::new(MultiBzDecoder::new(bytes)),
            Packing::Xz => Box::new(XzReader::new(bytes, true)),
            Packing::Zstd => Box::new(Frames { bytes: Some(bytes), frame: None }),
        })
    }
}

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
        let content = packing.unpack(file)?;
        Ok(Unpacked { file: file.try_clone()?, packing, content, at: 0 })
    }

    /// Reads from the byte `from` on; 0 at the end.
    pub fn read_at(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        if from < self.at {
            (self.content, self.at) = (self.packing.unpack(&self.file)?, 0);
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

fn damaged(error: io::Error) -> io::Error {
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => "packed, and cut off".to_owned(),
        _ => format!("packed, and damaged ({error})"),
    };
    io::Error::new(io::ErrorKind::InvalidData, message)
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

/// The frames of a zstd file, one after the other.
struct Frames {
    /// Between two frames.
    bytes: Option<BufReader<Bytes>>,
    frame: Option<(FrameDecoder, BufReader<Bytes>)>,
}

impl Frames {
    /// Begins the next frame; false at the end.
    fn begin(&mut self, mut bytes: BufReader<Bytes>) -> io::Result<bool> {
        use io::BufRead as _;
        while !bytes.fill_buf()?.is_empty() {
            let mut decoder = FrameDecoder::new();
            match decoder.init(&mut bytes) {
                Ok(()) => {
                    self.frame = Some((decoder, bytes));
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut bytes.by_ref().take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        self.bytes = Some(bytes);
        Ok(false)
    }
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((decoder, bytes)) = &mut self.frame {
                while decoder.can_collect() == 0 && !decoder.is_finished() {
                    decoder
                        .decode_blocks(&mut *bytes, BlockDecodingStrategy::UptoBlocks(1))
                        .map_err(io::Error::other)?;
                }
                let count = decoder.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
            }
            if let Some((_, bytes)) = self.frame.take() {
                self.bytes = Some(bytes);
            }
            let Some(bytes) = self.bytes.take() else { return Ok(0) };
            if !self.begin(bytes)? {
                return Ok(0);
            }
        }
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::io::Write as _;

    /// As gzip packs.
    pub fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::testing::gzip;
    use super::*;

    /// `1\n2\n`, and a second stream with `3\n`, as xz writes them.
    const XZ: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x03\x31\x0a\x32\x0a\x00\x66\x96\x70\x33\xc5\xba\xb0\xe3\x00\x01\x1c\x04\x6f\x2c\x9c\xc1\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x01\x33\x0a\x00\x00\x00\xff\xad\x18\x92\x1b\xfa\xc2\xdc\x00\x01\x1a\x02\xdc\x2e\xa5\x7e\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";

    fn packed(packing: Packing) -> Vec<u8> {
        match packing {
            Packing::Gzip => ["1\n2\n", "3\n"].map(gzip).concat(),
            Packing::Bzip2 => {
                let pack = |text: &str| {
                    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                    encoder.write_all(text.as_bytes()).unwrap();
                    encoder.finish().unwrap()
                };
                ["1\n2\n", "3\n"].map(pack).concat()
            }
            Packing::Xz => XZ.to_owned(),
            Packing::Zstd => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                let pack = |text: &str| ruzstd::encoding::compress_to_vec(text.as_bytes(), level);
                // Between them a frame that is to be passed over.
                [pack("1\n2\n"), b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc".to_vec(), pack("3\n")].concat()
            }
        }
    }

    #[test]
    fn every_packing_is_read_forwards_and_from_anywhere() {
        let folder = tempfile::tempdir().unwrap();
        for (ending, packing) in
            [("gz", Packing::Gzip), ("bz2", Packing::Bzip2), ("xz", Packing::Xz), ("zst", Packing::Zstd)]
        {
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
            assert!(error.to_string().starts_with("packed, and "), "{ending}: {error}");
            std::fs::write(&path, "no packed file at all").unwrap();
            Unpacked::open(&File::open(&path).unwrap(), packing).unwrap().length().unwrap_err();
        }
    }
}
