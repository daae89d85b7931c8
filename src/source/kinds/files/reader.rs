//! One open file: its lines as records, and up to where they were taken. The lines may be of what is no file of this
//! machine, if its bytes can be read from anywhere.

use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::identity::Fingerprint;
use super::packed::Unpacked;
use super::position::Boundary;
use crate::op::BLOCK_BYTES;
use crate::record::forms::{self, Bad, Format, Place, Recipe};
use crate::source::SourceError;
use crate::source::engine::lines::LineBuffer;
use crate::source::engine::records::Room;
use crate::source::kinds::packing::Packing;

/// The most that is read at a time, in bytes.
pub const READ: usize = 256 << 10;

/// How lines become records, the same for all files of a source.
pub struct Lines {
    /// What makes the format of one file: of csv each has its own header.
    pub recipe: Recipe,
    /// A longer line is bad, in bytes.
    pub max_line: usize,
}

/// Bytes that are read from anywhere.
pub trait ReadAt {
    /// Reads from the byte `from` on, as much as there is at once; 0 at the end.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize>;
}

impl ReadAt for Arc<File> {
    fn read_at(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        FileExt::read_at(&**self, buffer, from)
    }
}

impl ReadAt for Unpacked {
    fn read_at(&mut self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        Unpacked::read_at(self, buffer, from)
    }
}

/// A file that is being read.
pub struct FileReader {
    file: Arc<File>,
    is_packed: bool,
    lines: LineReader,
}

impl FileReader {
    /// Reads `file` on from `from`, where a record begins. `path` is for messages, and tells
    /// whether it is packed; records that say where they are from call the file `name`.
    pub fn open(
        path: &Path,
        name: &Path,
        file: File,
        from: Boundary,
        lines: &Lines,
    ) -> Result<FileReader, SourceError> {
        let unpacked = Packing::of(path).map(|packing| Unpacked::open(&file, packing)).transpose();
        let unpacked = unpacked.map_err(|error| SourceError::read(path.display().to_string(), error))?;
        let (file, is_packed) = (Arc::new(file), unpacked.is_some());
        let content: Box<dyn ReadAt> = match unpacked {
            Some(unpacked) => Box::new(unpacked),
            None => Box::new(file.clone()),
        };
        let lines = LineReader::open(path.display().to_string(), name.as_os_str().as_bytes(), content, from, lines)?;
        Ok(FileReader { file, is_packed, lines })
    }

    /// Whether the file is packed: then it is whole, and bytes are of what it holds.
    pub fn is_packed(&self) -> bool {
        self.is_packed
    }

    /// The file itself.
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Deref for FileReader {
    type Target = LineReader;

    fn deref(&self) -> &LineReader {
        &self.lines
    }
}

impl DerefMut for FileReader {
    fn deref_mut(&mut self) -> &mut LineReader {
        &mut self.lines
    }
}

/// The lines of something that is being read, as records.
pub struct LineReader {
    content: Box<dyn ReadAt>,
    name: String,
    format: Box<dyn Format>,
    lines: LineBuffer,
    max_line: usize,
    /// Zeros at a line's beginning are a hole.
    without_holes: bool,
    /// What the read from the first byte on gave, as far as a fingerprint goes.
    first: Vec<u8>,
    /// Where the next read begins.
    read_at: u64,
    /// Up to where lines were taken.
    taken: u64,
}

impl LineReader {
    /// Reads `content` on from `from`, where a record begins. Messages call it `name`, and records that say where they
    /// are from `source`.
    ///
    /// # Errors
    /// What comes before that and is needed cannot be read.
    pub fn open(
        name: String,
        source: &[u8],
        content: Box<dyn ReadAt>,
        from: Boundary,
        lines: &Lines,
    ) -> Result<LineReader, SourceError> {
        let mut reader = LineReader {
            content,
            name,
            format: lines.recipe.format(source),
            lines: LineBuffer::new(Vec::new(), lines.recipe.coding),
            max_line: lines.max_line,
            without_holes: lines.recipe.without_holes,
            first: Vec::new(),
            read_at: 0,
            taken: 0,
        };
        if let (Some(ahead), Some(join)) = (from.ahead, reader.format.join()) {
            join.start_ahead(ahead);
        }
        let from = from.offset;
        if from > 0 {
            reader.read_header(from)?;
            let coding = reader.lines.coding();
            let before = if reader.format.course().needs_line_numbers() { reader.count_lines(from)? } else { 0 };
            reader.lines = LineBuffer::new(Vec::new(), coding.decided());
            (reader.read_at, reader.taken) = (from, from);
            reader.format.course().go_to(Place { offset: from, lines: before, files: 0 });
        }
        Ok(reader)
    }

    /// How many lines come before this byte.
    fn count_lines(&mut self, before: u64) -> Result<u64, SourceError> {
        let mut lines = 0;
        (self.read_at, self.lines) = (0, LineBuffer::new(Vec::new(), self.lines.coding().decided()));
        let coding = self.lines.coding();
        if coding.ends_by_newline() {
            loop {
                let count = self.read_piece(before)?;
                if count == 0 {
                    return Ok(lines);
                }
                let piece = &self.lines.space(READ)[..count];
                lines += memchr::memchr_iter(b'\n', piece).count() as u64;
            }
        }
        while self.read(before)? > 0 {
            while self.lines.has_line() {
                let length = self.lines.lines(usize::MAX, 1).bytes.len();
                lines += 1;
                // An overlong one is a line as others.
                match self.lines.take_overlong() {
                    Some(_) => {}
                    None => self.lines.consume(length),
                }
            }
        }
        Ok(lines)
    }

    /// What the beginning says is needed further down too: the encoding, the columns' names.
    fn read_header(&mut self, before: u64) -> Result<(), SourceError> {
        while self.lines.is_open() && self.read(before)? > 0 {}
        while self.format.needs_header() && (self.lines.has_line() || self.read(before)? > 0) {
            let line = self.lines.lines(usize::MAX, 1);
            let length = line.bytes.len();
            self.format.records(line, usize::MAX - 2, &mut Vec::new(), &mut |_, _| Ok(()))?;
            self.lines.consume(length);
            self.lines.take_overlong();
        }
        Ok(())
    }

    /// Reads on, not beyond the byte `limit`; 0 when there is nothing more now.
    pub fn read(&mut self, limit: u64) -> Result<usize, SourceError> {
        let count = self.read_piece(limit)?;
        if count > 0 {
            self.lines.add(count);
            if self.without_holes {
                let hole = self.lines.skip_hole() as u64;
                self.taken += hole;
                self.format.course().skip_hole(hole);
            }
            self.lines.skip_beyond(self.max_line);
        }
        Ok(count)
    }

    /// Whether what was read first, not beyond the byte `limit`, begins so. The file may have been truncated and
    /// written anew after it was looked at, and before it was read.
    pub fn began_as(&self, print: Fingerprint, limit: u64) -> bool {
        match self.first.get(..print.length as usize) {
            Some(first) => Fingerprint::of_bytes(first) == print,
            // It has become shorter, unless no more was asked for.
            None => self.read_at >= limit,
        }
    }

    /// Reads on, into the space behind the lines.
    fn read_piece(&mut self, limit: u64) -> Result<usize, SourceError> {
        let want = usize::try_from(limit.saturating_sub(self.read_at)).unwrap_or(READ).min(READ);
        if want == 0 {
            return Ok(0);
        }
        loop {
            let space = &mut self.lines.space(READ)[..want];
            match self.content.read_at(space, self.read_at) {
                Ok(count) => {
                    if self.read_at == 0 {
                        self.first = space[..count.min(Fingerprint::MOST)].to_vec();
                    }
                    self.read_at += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(SourceError::read(&self.name, error)),
            }
        }
    }

    /// Whether a whole line was read and not taken.
    pub fn has_line(&self) -> bool {
        self.lines.has_line()
    }

    /// Takes lines that were read, as far as there is room.
    pub fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        if let Some(start) = self.lines.take_overlong() {
            // It ends the event before it.
            let records = self.format.complete(block, bad)?;
            let before = std::mem::replace(&mut self.taken, self.read_at - self.lines.buffered() as u64);
            self.format.course().pass(self.taken - before);
            bad(&start, &forms::too_long(self.max_line))?;
            return Ok(records);
        }
        let lines = self.lines.lines(room.bytes.min(BLOCK_BYTES), room.records);
        let records = self.format.records(lines, self.max_line, block, bad)?;
        let length = lines.bytes.len();
        self.lines.consume(length);
        self.taken += length as u64;
        Ok(records)
    }

    /// The file is over: what is unfinished is a record.
    pub fn finish(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let mut records = 0;
        self.lines.finish();
        while self.lines.has_line() {
            records += self.take(Room { records: u64::MAX, bytes: BLOCK_BYTES }, block, bad)?;
        }
        records += self.format.finish(block, bad)?;
        self.taken = self.read_at;
        Ok(records)
    }

    /// Up to where the file became records: a place from which it can be read on.
    pub fn boundary(&self) -> Boundary {
        Boundary { offset: self.taken - self.format.unfinished(), ahead: self.format.ahead() }
    }

    /// Lines are taken up to there, and not those behind it of a stream that is not ahead.
    pub fn stop_at(&mut self, to: Boundary) {
        if let Some(join) = self.format.join() {
            join.stop_at(to.offset, to.ahead);
        }
    }

    /// Whether no line was taken yet, from its beginning on.
    pub fn is_untouched(&self) -> bool {
        self.taken == 0 && self.format.ahead().is_none()
    }

    /// The event that is begun at the end of `before` may go on in this file, of which nothing was
    /// taken yet.
    pub fn go_on_from(&mut self, before: &mut LineReader) {
        std::mem::swap(&mut self.format, &mut before.format);
        self.format.course().go_on();
    }

    /// Whether an event that began in the file before is not complete.
    pub fn has_carried(&self) -> bool {
        self.format.has_carried()
    }

    /// Whether an event of several lines is begun, behind which not even a part of a line has come.
    pub fn has_quiet_event(&self) -> bool {
        self.format.has_event() && self.taken == self.read_at
    }

    /// Whether an event of several lines is begun.
    pub fn has_event(&self) -> bool {
        self.format.has_event()
    }

    /// The event that is begun is complete.
    pub fn complete(&mut self, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(self.format.complete(block, bad)?)
    }

    /// Up to where it was read.
    pub fn read_at(&self) -> u64 {
        self.read_at
    }

    /// How many bytes were read that are no whole record.
    pub fn unfinished(&self) -> u64 {
        self.read_at - self.boundary().offset
    }

    /// How many lines had invalid UTF-8.
    pub fn invalid_lines(&self) -> u64 {
        self.format.invalid_lines()
    }

    /// What its encoding is called.
    pub fn encoding_name(&self) -> &'static str {
        self.lines.coding().encoding_name()
    }

    /// How many bytes of holes were left out.
    pub fn hole_bytes(&self) -> u64 {
        self.format.hole_bytes()
    }

    /// It will be a while until there is more: holds no more memory than it needs.
    pub fn park(&mut self) {
        self.lines.shrink();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_first_is_told_from_what_was_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let lines = Lines { recipe: Recipe::default(), max_line: 100 };
        std::fs::write(&path, "one\ntwo\n").unwrap();
        let looked_at = Fingerprint::of(&File::open(&path).unwrap()).unwrap();
        for (content, limit, is_it) in [
            ("one\ntwo\n", u64::MAX, true),
            ("one\ntwo\nthree\n", u64::MAX, true),
            ("one\ntwo\n", 4, true),
            ("one\n", u64::MAX, false),
            ("three\nfour\n", u64::MAX, false),
        ] {
            std::fs::write(&path, content).unwrap();
            let file = File::open(&path).unwrap();
            let mut reader = FileReader::open(&path, &path, file, Boundary::at(0), &lines).unwrap();
            assert!(reader.read(limit).unwrap() > 0);
            assert_eq!(reader.began_as(looked_at, limit), is_it, "{content:?} {limit}");
        }
    }
}
