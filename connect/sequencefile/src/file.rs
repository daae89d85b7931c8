//! The SequenceFile, version 6.
//!
//! | part | bytes |
//! |---|---|
//! | head | `SEQ`, 6; the classes of keys and values; whether values are compressed, whether blocks are; the codec's class, if so; metadata: how many, names and values; the marker |
//! | record | length of key and value, length of the key, key, value (compressed by itself with [`Compression::Record`]) |
//! | block | the escape and the marker; how many records; lengths of keys, keys, lengths of values, values, each compressed, behind its length |
//! | marker between records | the escape, -1 in the place of a length, and the marker |
//!
//! Lengths in records have four bytes, most significant first; names, metadata and what is in blocks have Hadoop's short numbers.
//! The marker is 16 bytes at random: whoever starts in the middle of a file looks for it.

use std::hash::{BuildHasher as _, RandomState};

use clap::ValueEnum;

use crate::compress::{Codec, Compressor};
use crate::writable::{Writable, push_text, push_vint};

/// What is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// Nothing
    #[default]
    None,
    /// Each value by itself
    Record,
    /// Many keys together, and their values
    Block,
}

/// What a file is like.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What keys are.
    pub key: Writable,
    /// What values are.
    pub value: Writable,
    /// What is compressed.
    pub compression: Compression,
    /// And how.
    pub codec: Codec,
    /// Names and values for the head.
    pub metadata: Vec<(String, String)>,
}

/// In the place of a record's length: a marker follows.
const ESCAPE: i32 = -1;

/// A marker comes after so many bytes of records, as in Hadoop 3.
const MARKER_EVERY: u64 = 100 << 10;

/// A block has so many bytes of keys and values, or a record's more; Hadoop's `io.seqfile.compress.blocksize`.
const BLOCK_BYTES: usize = 1_000_000;

/// Makes the bytes of a file, of keys and values that are Writables.
pub struct SequenceFile {
    settings: Settings,
    compressor: Compressor,
    marker: [u8; 16],
    /// How many bytes of the file there are.
    length: u64,
    /// How many there were at the last marker.
    marked: u64,
    block: Block,
    scratch: Vec<u8>,
}

/// Records that wait for their block.
#[derive(Debug, Default)]
struct Block {
    records: i32,
    key_lengths: Vec<u8>,
    keys: Vec<u8>,
    value_lengths: Vec<u8>,
    values: Vec<u8>,
}

impl SequenceFile {
    /// Has begun no file.
    pub fn new(settings: Settings) -> SequenceFile {
        let compressor = Compressor::new(settings.codec);
        SequenceFile {
            settings,
            compressor,
            marker: [0; 16],
            length: 0,
            marked: 0,
            block: Block::default(),
            scratch: Vec::new(),
        }
    }

    /// Begins a file.
    pub fn begin(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        self.block.clear();
        self.marker = marker();
        let Settings { key, value, compression, codec, metadata } = &self.settings;
        out.extend_from_slice(b"SEQ\x06");
        push_text(key.class(), out);
        push_text(value.class(), out);
        out.push((*compression != Compression::None).into());
        out.push((*compression == Compression::Block).into());
        if *compression != Compression::None {
            push_text(codec.class(), out);
        }
        out.extend((metadata.len() as u32).to_be_bytes());
        for (name, value) in metadata {
            push_text(name, out);
            push_text(value, out);
        }
        out.extend_from_slice(&self.marker);
        self.length = (out.len() - before) as u64;
        self.marked = self.length;
    }

    /// Takes a record. Key and value together have less than 2 GiB.
    pub fn push(&mut self, key: &[u8], value: &[u8], out: &mut Vec<u8>) {
        if self.settings.compression == Compression::Block {
            self.block.push(key, value);
            if self.block.keys.len() + self.block.values.len() >= BLOCK_BYTES {
                self.finish_block(out);
            }
            return;
        }
        let before = out.len();
        if self.length >= self.marked + MARKER_EVERY {
            push_marker(&self.marker, out);
            self.marked = self.length + (out.len() - before) as u64;
        }
        let value = if self.settings.compression == Compression::Record {
            self.scratch.clear();
            self.compressor.push(value, &mut self.scratch);
            &self.scratch
        } else {
            value
        };
        out.extend(((key.len() + value.len()) as u32).to_be_bytes());
        out.extend((key.len() as u32).to_be_bytes());
        out.extend_from_slice(key);
        out.extend_from_slice(value);
        self.length += (out.len() - before) as u64;
    }

    /// Completes the file.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if self.block.records > 0 {
            self.finish_block(out);
        }
    }

    fn finish_block(&mut self, out: &mut Vec<u8>) {
        push_marker(&self.marker, out);
        push_vint(self.block.records, out);
        let Block { key_lengths, keys, value_lengths, values, .. } = &self.block;
        for piece in [key_lengths, keys, value_lengths, values] {
            self.scratch.clear();
            self.compressor.push(piece, &mut self.scratch);
            push_vint(self.scratch.len() as i32, out);
            out.extend_from_slice(&self.scratch);
        }
        self.block.clear();
    }
}

impl Block {
    fn push(&mut self, key: &[u8], value: &[u8]) {
        self.records += 1;
        push_vint(key.len() as i32, &mut self.key_lengths);
        self.keys.extend_from_slice(key);
        push_vint(value.len() as i32, &mut self.value_lengths);
        self.values.extend_from_slice(value);
    }

    fn clear(&mut self) {
        self.records = 0;
        for piece in [&mut self.key_lengths, &mut self.keys, &mut self.value_lengths, &mut self.values] {
            piece.clear();
        }
    }
}

fn push_marker(marker: &[u8; 16], out: &mut Vec<u8>) {
    out.extend(ESCAPE.to_be_bytes());
    out.extend_from_slice(marker);
}

/// Sixteen bytes that no record holds but by chance, whoever has made it: they are secret until the file is there.
fn marker() -> [u8; 16] {
    let half = || RandomState::new().hash_one(()).to_be_bytes();
    let mut marker = [0; 16];
    marker[..8].copy_from_slice(&half());
    marker[8..].copy_from_slice(&half());
    marker
}
