//! Hadoop's codecs, as far as Hadoop 3.3 and Spark read them without libraries of the system.

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
    /// Snappy, in Hadoop's pieces
    Snappy,
}

impl Codec {
    /// The class that readers look for.
    pub fn class(self) -> &'static str {
        match self {
            Codec::Zlib => "org.apache.hadoop.io.compress.DefaultCodec",
            Codec::Gzip => "org.apache.hadoop.io.compress.GzipCodec",
            Codec::Snappy => "org.apache.hadoop.io.compress.SnappyCodec",
        }
    }
}

/// Compresses one piece after the other, each by itself.
pub struct Compressor {
    codec: Codec,
    deflate: Compress,
    snappy: snap::raw::Encoder,
}

/// What a piece of gzip begins with: deflated, no name, no time, from an unknown system.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// So much is compressed by Snappy at a time, in bytes: readers have room for 256 KiB, compressed or not.
const SNAPPY_BYTES: usize = 128 << 10;

/// Output grows by so much at a time, in bytes.
const ROOM: usize = 4 << 10;

impl Compressor {
    /// One for this codec.
    pub fn new(codec: Codec) -> Compressor {
        let deflate = Compress::new(Level::default(), codec == Codec::Zlib);
        Compressor { codec, deflate, snappy: snap::raw::Encoder::new() }
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
            Codec::Snappy => self.snappy(piece, out),
        }
    }

    /// Parts, each behind its length and what it is compressed to; no part at all is a length of none.
    fn snappy(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        if piece.is_empty() {
            out.extend([0; 4]);
        }
        for part in piece.chunks(SNAPPY_BYTES) {
            out.extend((part.len() as u32).to_be_bytes());
            let start = out.len() + 4;
            out.resize(start + snap::raw::max_compress_len(part.len()), 0);
            // It fails only where there is too little room, or far too much to do.
            let length = self.snappy.compress(part, &mut out[start..]).unwrap_or(0);
            out.truncate(start + length);
            out[start - 4..start].copy_from_slice(&(length as u32).to_be_bytes());
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

    /// Appends what Hadoop's pieces of Snappy hold, and says how much that is.
    fn unsnapped(pieces: &[u8], back: &mut Vec<u8>) -> usize {
        let number = |at: usize| u32::from_be_bytes(pieces[at..at + 4].try_into().unwrap()) as usize;
        let mut at = 0;
        while at < pieces.len() {
            let length = number(at);
            at += 4;
            if length > 0 {
                let end = at + 4 + number(at);
                let part = snap::raw::Decoder::new().decompress_vec(&pieces[at + 4..end]).unwrap();
                assert_eq!(part.len(), length);
                back.extend(part);
                at = end;
            }
        }
        back.len()
    }

    #[test]
    fn pieces_are_whole_by_themselves() {
        let large: Vec<u8> = (0..200_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for codec in [Codec::Zlib, Codec::Gzip, Codec::Snappy] {
            let mut compressor = Compressor::new(codec);
            for piece in [&b""[..], b"a", &large, b"once more"] {
                let (mut out, mut back) = (vec![7], Vec::new());
                compressor.push(piece, &mut out);
                match codec {
                    Codec::Zlib => flate2::read::ZlibDecoder::new(&out[1..]).read_to_end(&mut back).unwrap(),
                    Codec::Gzip => flate2::read::GzDecoder::new(&out[1..]).read_to_end(&mut back).unwrap(),
                    Codec::Snappy => unsnapped(&out[1..], &mut back),
                };
                assert!(back == piece, "{codec:?} {}", piece.len());
            }
        }
    }
}
