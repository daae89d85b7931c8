//! Object container files of Avro, read as lines of JSON: what they hold, as packed files are.
//!
//! ```text
//! header    "Obj" 01, a map of the schema's text and the codec's name, 16 bytes that mark a block's end
//! blocks    how many data, how many bytes, the data by the codec, the mark
//! ```
//!
//! Of a block that is not whole nothing is given: what stands there is known to be good by the mark behind it.

use std::fmt;
use std::io::{self, BufReader, Cursor, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::DeflateDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

use crate::record::forms::avro::{Datums, Schema};
use crate::varint;

/// How a container begins.
pub const MAGIC: &[u8] = b"Obj\x01";

/// A block, or a header, has no more bytes, unpacked neither.
const MOST: u64 = 256 << 20;

/// So much memory may be asked for by what was packed with xz.
const XZ_MOST_KIB: u32 = 128 << 10;

/// How many bytes of lines are made at a time.
const PIECE: usize = 64 << 10;

/// Marks the end of a block.
type Mark = [u8; 16];

/// What a container holds, a line of JSON each.
pub struct Container<R> {
    bytes: Counted<R>,
    /// None before the header was read.
    header: Option<Header>,
    block: Block,
    /// How many blocks were given.
    blocks: u64,
    /// Lines that were made, and how much of them was read.
    lines: Vec<u8>,
    given: usize,
    /// What comes behind these lines.
    failed: Option<io::Error>,
}

struct Header {
    schema: Schema,
    codec: Codec,
    mark: Mark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Codec {
    Null,
    Deflate,
    Snappy,
    Bzip2,
    Xz,
    Zstandard,
}

/// The block whose data are being given.
#[derive(Default)]
struct Block {
    /// Where it begins.
    place: u64,
    data: Vec<u8>,
    at: usize,
    /// How many data it has, and how many of them were given.
    count: u64,
    given: u64,
}

/// What is wrong with a container.
#[derive(Debug)]
pub struct Damage(String);

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Damage {}

fn damage(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Damage(message))
}

/// Whether an error says already what is wrong with a container.
pub fn is_told(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Damage>())
}

impl<R: Read> Container<R> {
    /// In these bytes, from their beginning on.
    pub fn new(bytes: R) -> Container<R> {
        let bytes = Counted { bytes: BufReader::new(bytes), at: 0 };
        let (block, lines) = (Block::default(), Vec::new());
        Container { bytes, header: None, block, blocks: 0, lines, given: 0, failed: None }
    }

    /// Makes more lines: false at the end.
    fn make(&mut self) -> io::Result<bool> {
        self.lines.clear();
        self.given = 0;
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        if self.header.is_none() {
            self.header = Some(self.bytes.header()?);
        }
        let Some(header) = &self.header else { return Ok(false) };
        while self.lines.is_empty() {
            if self.block.given == self.block.count && !self.bytes.block(header, &mut self.block, self.blocks)? {
                return Ok(false);
            }
            if let Err(error) = self.block.make(header, &mut self.lines) {
                match self.lines.is_empty() {
                    true => return Err(error),
                    false => self.failed = Some(error),
                }
            } else if self.block.given == self.block.count {
                self.blocks += 1;
            }
        }
        Ok(true)
    }
}

impl<R: Read> Read for Container<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.lines.len() && !self.make()? {
            return Ok(0);
        }
        let rest = &self.lines[self.given..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        Ok(count)
    }
}

impl Block {
    /// Makes lines of the data that come next.
    fn make(&mut self, header: &Header, lines: &mut Vec<u8>) -> io::Result<()> {
        let mut data = Datums::new(&self.data).at(self.at);
        while self.given < self.count && lines.len() < PIECE {
            let before = lines.len();
            let failed = |reason: String| {
                damage(format!(
                    "Avro, and damaged: record {} of the block at byte {}: {reason}",
                    self.given + 1,
                    self.place
                ))
            };
            if let Err(reason) = data.push_json(&header.schema, lines) {
                lines.truncate(before);
                return Err(failed(reason));
            }
            lines.push(b'\n');
            self.given += 1;
        }
        self.at = data.read();
        match self.given == self.count && self.at < self.data.len() {
            true => Err(damage(format!(
                "Avro, and damaged: {} bytes behind the last record of the block at byte {}",
                self.data.len() - self.at,
                self.place
            ))),
            false => Ok(()),
        }
    }
}

/// Bytes, and how many of them were read.
struct Counted<R> {
    bytes: BufReader<R>,
    at: u64,
}

impl<R: Read> Counted<R> {
    /// The next bytes, if there are so many; none at all is the end.
    fn fill(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.bytes.read_exact(buffer)?;
        self.at += buffer.len() as u64;
        Ok(())
    }

    fn long(&mut self) -> io::Result<i64> {
        let mut bytes = [0; varint::LONGEST];
        for at in 0..bytes.len() {
            self.fill(&mut bytes[at..=at])?;
            if let Some(number) = varint::take_signed(&mut &bytes[..=at]) {
                return Ok(number);
            }
        }
        Err(damage(format!("Avro, and damaged: an integer of more than 64 bits before byte {}", self.at)))
    }

    /// So many bytes as are said before them; memory is taken as they come.
    fn counted(&mut self) -> io::Result<Vec<u8>> {
        let length = self.long()?;
        let length = u64::try_from(length)
            .ok()
            .filter(|length| *length <= MOST)
            .ok_or_else(|| damage(format!("Avro, and damaged: a length of {length} bytes before byte {}", self.at)))?;
        let mut bytes = Vec::new();
        if self.bytes.by_ref().take(length).read_to_end(&mut bytes)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += length;
        Ok(bytes)
    }

    fn header(&mut self) -> io::Result<Header> {
        let mut read = || {
            let mut magic = [0; MAGIC.len()];
            self.fill(&mut magic)?;
            if magic != *MAGIC {
                return Err(damage("no container file of Avro: it does not begin with Obj".to_owned()));
            }
            let (mut schema, mut codec) = (None, Codec::Null);
            loop {
                let count = self.long()?;
                if count == 0 {
                    break;
                }
                if count < 0 {
                    self.long()?;
                }
                for _ in 0..count.unsigned_abs() {
                    let (key, value) = (self.counted()?, self.counted()?);
                    match &key[..] {
                        b"avro.schema" => {
                            schema = Some(Schema::parse(&value).map_err(|error| damage(format!("Avro: {error}")))?)
                        }
                        b"avro.codec" => codec = Codec::of(&value)?,
                        _ => {}
                    }
                }
            }
            let schema = schema.ok_or_else(|| damage("Avro, and damaged: the header has no schema".to_owned()))?;
            let mut mark = Mark::default();
            self.fill(&mut mark)?;
            Ok(Header { schema, codec, mark })
        };
        read().map_err(|error| cut_off(error, "in the header"))
    }

    /// Reads the next block; false at the end.
    fn block(&mut self, header: &Header, block: &mut Block, before: u64) -> io::Result<bool> {
        use io::BufRead as _;
        if self.bytes.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let place = self.at;
        let mut read = || {
            let count = self.long()?;
            let packed = self.counted()?;
            let mut mark = Mark::default();
            self.fill(&mut mark)?;
            let damaged = |what: String| damage(format!("Avro, and damaged: the block at byte {place} {what}"));
            if mark != header.mark {
                return Err(damaged("does not end with the file's mark".to_owned()));
            }
            let count = u64::try_from(count).map_err(|_| damaged(format!("has {count} records")))?;
            let data = header.codec.unpack(packed).map_err(|error| damaged(format!("cannot be unpacked ({error})")))?;
            Ok(Block { place, data, at: 0, count, given: 0 })
        };
        *block = read()
            .map_err(|error| cut_off(error, &format!("in the block at byte {place}, behind {before} whole ones")))?;
        Ok(true)
    }
}

/// An error, in words where it is that there is nothing more.
fn cut_off(error: io::Error, place: &str) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => damage(format!("Avro, and cut off {place}")),
        _ => error,
    }
}

impl Codec {
    fn of(name: &[u8]) -> io::Result<Codec> {
        match name {
            b"null" => Ok(Codec::Null),
            b"deflate" => Ok(Codec::Deflate),
            b"snappy" => Ok(Codec::Snappy),
            b"bzip2" => Ok(Codec::Bzip2),
            b"xz" => Ok(Codec::Xz),
            b"zstandard" => Ok(Codec::Zstandard),
            other => Err(damage(format!(
                "Avro, by the codec {}, where null, deflate, snappy, bzip2, xz and zstandard are known",
                String::from_utf8_lossy(other)
            ))),
        }
    }

    fn unpack(self, packed: Vec<u8>) -> io::Result<Vec<u8>> {
        let packed = match self {
            Codec::Null => return Ok(packed),
            Codec::Snappy => return snappy(&packed),
            _ => Cursor::new(packed),
        };
        match self {
            Codec::Deflate => all(DeflateDecoder::new(packed)),
            Codec::Bzip2 => all(MultiBzDecoder::new(packed)),
            Codec::Xz => all(XzReader::new_mem_limit(packed, false, XZ_MOST_KIB)),
            Codec::Null | Codec::Snappy | Codec::Zstandard => {
                all(StreamingDecoder::new(packed).map_err(io::Error::other)?)
            }
        }
    }
}

fn too_large() -> io::Error {
    io::Error::other(format!("it holds more than {} MiB", MOST >> 20))
}

fn all(content: impl Read) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    match content.take(MOST + 1).read_to_end(&mut data)? as u64 > MOST {
        true => Err(too_large()),
        false => Ok(data),
    }
}

/// By snappy, with a checksum of the data behind it.
fn snappy(packed: &[u8]) -> io::Result<Vec<u8>> {
    let (packed, checksum) = packed.split_last_chunk::<4>().ok_or(io::ErrorKind::UnexpectedEof)?;
    if snap::raw::decompress_len(packed).map_err(io::Error::other)? as u64 > MOST {
        return Err(too_large());
    }
    let data = snap::raw::Decoder::new().decompress_vec(packed).map_err(io::Error::other)?;
    match crc32fast::hash(&data) == u32::from_be_bytes(*checksum) {
        true => Ok(data),
        false => Err(io::Error::other("its checksum is another")),
    }
}
