//! How bytes are packed, and what they hold: `.gz .bz2 .xz .zst`, and `.avro`, which holds lines of JSON.

use std::io::{self, BufReader, Read};
use std::path::Path;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::avro::{self, Container};

/// How something was packed.
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
    /// In an object container file of Avro, with records as lines of JSON.
    Avro,
}

impl Packing {
    /// Told from a file's name.
    pub fn of(path: &Path) -> Option<Packing> {
        match path.extension()?.as_encoded_bytes() {
            b"gz" => Some(Packing::Gzip),
            b"bz2" => Some(Packing::Bzip2),
            b"xz" => Some(Packing::Xz),
            b"zst" => Some(Packing::Zstd),
            b"avro" => Some(Packing::Avro),
            _ => None,
        }
    }

    /// Told from how the bytes begin.
    pub fn told_by(first: &[u8]) -> Told {
        // Text may begin with BZh: it takes the level and the first block to tell, or the end where there is none.
        let level = first.get(3).copied().filter(|byte| matches!(byte, b'1'..=b'9')).unwrap_or(b'9');
        let bzip2 = |block: &[u8]| (Packing::Bzip2, [b"BZh", &[level][..], block].concat());
        // A frame to be passed over has one of sixteen.
        let skipped = (0x50..=0x5f).map(|byte| (Packing::Zstd, vec![byte, 0x2a, 0x4d, 0x18]));
        let mut told = Told::Plain;
        let magics = [
            (Packing::Gzip, b"\x1f\x8b".to_vec()),
            bzip2(b"1AY&SY"),
            bzip2(b"\x17\x72\x45\x38\x50\x90"),
            (Packing::Xz, b"\xfd7zXZ\0".to_vec()),
            (Packing::Zstd, b"\x28\xb5\x2f\xfd".to_vec()),
            (Packing::Avro, avro::MAGIC.to_vec()),
        ];
        for (packing, magic) in magics.into_iter().chain(skipped) {
            if first.starts_with(&magic) {
                return Told::Packed(packing);
            }
            if magic.starts_with(first) {
                told = Told::NotYet;
            }
        }
        told
    }

    /// What `bytes` hold: several that were packed, one behind the other, are one.
    pub fn unpack(self, bytes: impl Read + 'static) -> Box<dyn Read> {
        let bytes = BufReader::new(bytes);
        match self {
            Packing::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Packing::Bzip2 => Box::new(MultiBzDecoder::new(bytes)),
            Packing::Xz => Box::new(XzReader::new_mem_limit(bytes, true, XZ_MOST_KIB)),
            Packing::Zstd => Box::new(Frames { bytes: Some(bytes), frame: None }),
            Packing::Avro => Box::new(Container::new(bytes)),
        }
    }
}

/// So much memory may be asked for by what was packed with xz: twice what `xz -9` asks for.
const XZ_MOST_KIB: u32 = 128 << 10;

/// What the first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// How it was packed.
    Packed(Packing),
    /// That it was not.
    Plain,
    /// Nothing: there are too few.
    NotYet,
}

/// The error of unpacking that says what is wrong with the bytes.
pub fn damaged(error: io::Error) -> io::Error {
    if avro::is_told(&error) {
        return error;
    }
    let message = match error.kind() {
        io::ErrorKind::UnexpectedEof => "packed, and cut off".to_owned(),
        _ => format!("packed, and damaged ({error})"),
    };
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// The frames of zstd, one after the other.
struct Frames<R> {
    /// Between two frames.
    bytes: Option<BufReader<R>>,
    frame: Option<(FrameDecoder, BufReader<R>)>,
}

impl<R: Read> Frames<R> {
    /// Begins the next frame; false at the end.
    fn begin(&mut self, mut bytes: BufReader<R>) -> io::Result<bool> {
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

impl<R: Read> Read for Frames<R> {
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
pub mod testing {
    use std::io::Write as _;

    use super::Packing;

    /// As gzip packs.
    pub fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    /// `1\n2\n`, and a second stream with `3\n`, as xz writes them.
    const XZ: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x03\x31\x0a\x32\x0a\x00\x66\x96\x70\x33\xc5\xba\xb0\xe3\x00\x01\x1c\x04\x6f\x2c\x9c\xc1\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x01\x33\x0a\x00\x00\x00\xff\xad\x18\x92\x1b\xfa\xc2\xdc\x00\x01\x1a\x02\xdc\x2e\xa5\x7e\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";

    /// `1\n2\n3\n` in two parts, one behind the other.
    pub fn packed(packing: Packing) -> Vec<u8> {
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
            Packing::Avro => {
                let mark = b"0123456789abcdef";
                let header = [b"Obj\x01\x02\x16avro.schema\x0a\"int\"\0", &mark[..]].concat();
                let blocks = [&b"\x04\x04\x02\x04"[..], mark, b"\x02\x02\x06", mark].concat();
                [header, blocks].concat()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_as_soon_as_they_can() {
        for (first, told) in [
            (&b""[..], Told::NotYet),
            (b"\x1f", Told::NotYet),
            (b"\x1f\x8b", Told::Packed(Packing::Gzip)),
            (b"\x1fa", Told::Plain),
            (b"BZh91AY&S", Told::NotYet),
            (b"BZh91AY&SY", Told::Packed(Packing::Bzip2)),
            (b"BZh1\x17\x72\x45\x38\x50\x90", Told::Packed(Packing::Bzip2)),
            (b"BZh0", Told::Plain),
            (b"BZh9 is text", Told::Plain),
            (b"B\n", Told::Plain),
            (b"\xfd7zXZ", Told::NotYet),
            (b"\xfd7zXZ\0", Told::Packed(Packing::Xz)),
            (b"\x28\xb5\x2f\xfd and more", Told::Packed(Packing::Zstd)),
            (b"\x5a\x2a\x4d\x18", Told::Packed(Packing::Zstd)),
            (b"Obj", Told::NotYet),
            (b"Obj\x01", Told::Packed(Packing::Avro)),
            (b"Object", Told::Plain),
            (b"(a line)\n", Told::Plain),
        ] {
            assert_eq!(Packing::told_by(first), told, "{first:?}");
        }
    }
}
