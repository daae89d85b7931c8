//! Hadoop's codecs, as far as every Hadoop reads them without libraries of the system.

use clap::ValueEnum;
use flate2::{Compress, Compression as Level, FlushCompress, Status};

/// How data is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Codec {
    /// zlib, as DefaultCodec and DeflateCodec have it
    #[default]
    Zlib,
    /// gzip
    Gzip,
}

impl Codec {
    /// The class that readers look for.
    pub fn class(self) -> &'static str {
        match self {
            Codec::Zlib => "org.apache.hadoop.io.compress.DefaultCodec",
            Codec::Gzip => "org.apache.hadoop.io.compress.GzipCodec",
        }
    }
}

/// Compresses one piece after the other, each by itself.
#[derive(Debug)]
pub struct Compressor {
    codec: Codec,
    deflate: Compress,
}

/// What a piece of gzip begins with: deflated, no name, no time, from an unknown system.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Output grows by so much at a time, in bytes.
const ROOM: usize = 4 << 10;

impl Compressor {
    /// One for this codec.
    pub fn new(codec: Codec) -> Compressor {
        Compressor { codec, deflate: Compress::new(Level::default(), codec == Codec::Zlib) }
    }

    /// Appends a piece, compressed.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match self.codec {
            Codec::Zlib => self.deflate(piece, out),
            Codec::Gzip => {
                out.extend_from_slice(&GZIP_HEAD);
                self.deflate(piece, out);
                out.extend_from_slice(&crc32fast::hash(piece).to_le_bytes());
                // The format has the length modulo 2³².
                out.extend_from_slice(&(piece.len() as u32).to_le_bytes());
            }
        }
    }

    fn deflate(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        self.deflate.reset();
        loop {
            out.reserve(ROOM);
            let rest = &piece[self.deflate.total_in() as usize..];
            // Deflating fails only where a dictionary is wanted, and none is.
            match self.deflate.compress_vec(rest, out, FlushCompress::Finish) {
                Ok(Status::Ok | Status::BufError) => {}
                Ok(Status::StreamEnd) | Err(_) => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn pieces_are_whole_by_themselves() {
        let large: Vec<u8> = (0..200_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for codec in [Codec::Zlib, Codec::Gzip] {
            let mut compressor = Compressor::new(codec);
            for piece in [&b""[..], b"a", &large, b"once more"] {
                let (mut out, mut back) = (vec![7], Vec::new());
                compressor.push(piece, &mut out);
                match codec {
                    Codec::Zlib => flate2::read::ZlibDecoder::new(&out[1..]).read_to_end(&mut back).unwrap(),
                    Codec::Gzip => flate2::read::GzDecoder::new(&out[1..]).read_to_end(&mut back).unwrap(),
                };
                assert!(back == piece, "{codec:?} {}", piece.len());
            }
        }
    }
}
