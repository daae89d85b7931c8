//! Rows of batches whose file is not complete: durable before the batches are committed, and read again at a restart.
//!
//! The file has pieces one after the other: the batch's time and the length of its rows, each a little-endian integer of eight bytes,
//! then the rows, as lines of JSON. How much of it counts is said by the newest commit: what is behind that was
//! written by somebody who died, and is cut off.

use std::fs::File;
use std::io::{self, BufReader, Read as _, Take, Write as _};
use std::path::PathBuf;

use sstream::connect::{BatchTime, OutletError};

use super::staging::{Staging, failed};
use crate::error::SinkError;

/// Bytes before the rows of a piece.
const HEAD: u64 = 16;

/// The rows that are held for a group.
#[derive(Debug)]
pub struct HeldRows {
    /// The file's name.
    pub name: String,
    /// How long it is, in bytes.
    pub length: u64,
    file: File,
}

impl HeldRows {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(staging: &Staging, name: String) -> Result<HeldRows, OutletError> {
        let path = staging.path(&name);
        let file = File::options().create(true).truncate(true).read(true).write(true).open(&path);
        Ok(HeldRows { file: file.map_err(|error| failed(&path, error))?, name, length: 0 })
    }

    /// Goes on with one, of which so much counts. Nothing if it is not there.
    ///
    /// # Errors
    /// It cannot be read, or is shorter.
    pub fn open(staging: &Staging, name: String, length: u64) -> Result<Option<HeldRows>, OutletError> {
        let path = staging.path(&name);
        let file = match File::options().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| failed(&path, error))?,
        };
        let there = file.metadata().map_err(|error| failed(&path, error))?.len();
        if there < length {
            let what = format!("it has {there} bytes, of {length} that are committed");
            return Err(SinkError::Gone { path, what }.into());
        }
        let mut held = HeldRows { file, name, length };
        held.cut(staging, length)?;
        Ok(Some(held))
    }

    /// Cuts off what is behind a length.
    ///
    /// # Errors
    /// It cannot be.
    pub fn cut(&mut self, staging: &Staging, length: u64) -> Result<(), OutletError> {
        use std::io::Seek as _;
        let cut = self.file.set_len(length).and_then(|()| self.file.seek(io::SeekFrom::Start(length)));
        cut.map_err(|error| failed(&staging.path(&self.name), error))?;
        self.length = length;
        Ok(())
    }

    /// Appends rows of a batch.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn append(&mut self, staging: &Staging, time: BatchTime, rows: &[u8]) -> Result<(), OutletError> {
        let head = [time.0.to_le_bytes(), (rows.len() as u64).to_le_bytes()].concat();
        let written = self.file.write_all(&head).and_then(|()| self.file.write_all(rows));
        written.map_err(|error| failed(&staging.path(&self.name), error))?;
        self.length += HEAD + rows.len() as u64;
        Ok(())
    }
}

/// Reads rows that are held, from their beginning.
pub struct Rows {
    reader: Take<BufReader<File>>,
    path: PathBuf,
    rows: Vec<u8>,
}

impl Rows {
    /// Those of a file, of which so much counts.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(staging: &Staging, name: &str, length: u64) -> Result<Rows, OutletError> {
        let path = staging.path(name);
        let file = File::open(&path).map_err(|error| failed(&path, error))?;
        Ok(Rows { reader: BufReader::new(file).take(length), path, rows: Vec::new() })
    }

    /// The next piece: a batch's time, and rows of it.
    ///
    /// # Errors
    /// It cannot be read, or is no file of rows.
    #[allow(clippy::should_implement_trait)] // a piece is borrowed
    pub fn next(&mut self) -> Result<Option<(BatchTime, &[u8])>, OutletError> {
        if self.reader.limit() == 0 {
            return Ok(None);
        }
        let mut head = [[0; 8]; 2];
        for word in &mut head {
            self.reader.read_exact(word).map_err(|error| self.damaged(error))?;
        }
        let [time, bytes] = head.map(u64::from_le_bytes);
        if bytes > self.reader.limit() {
            return Err(self.damaged(io::ErrorKind::UnexpectedEof.into()));
        }
        self.rows.clear();
        let read = (&mut self.reader).take(bytes).read_to_end(&mut self.rows);
        match read {
            Ok(read) if read as u64 == bytes => Ok(Some((BatchTime(time), &self.rows))),
            Ok(_) => Err(self.damaged(io::ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(self.damaged(error)),
        }
    }

    fn damaged(&self, error: io::Error) -> OutletError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                SinkError::Gone { path: self.path.clone(), what: "it is no whole file of rows".to_owned() }.into()
            }
            _ => failed(&self.path, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(staging: &Staging, held: &HeldRows) -> Result<String, OutletError> {
        let (mut read, mut rows) = (String::new(), Rows::open(staging, &held.name, held.length)?);
        while let Some((time, rows)) = rows.next()? {
            read.push_str(&format!("{time}:{} ", String::from_utf8_lossy(rows).trim_end()));
        }
        Ok(read)
    }

    #[test]
    fn what_is_committed_comes_back_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::open(folder.path(), "part").unwrap();
        let mut held = HeldRows::create(&staging, "run.1.rows".to_owned()).unwrap();
        held.append(&staging, BatchTime(1), b"1\n").unwrap();
        held.append(&staging, BatchTime(2), b"2\n").unwrap();
        let committed = held.length;
        held.append(&staging, BatchTime(3), b"3\n").unwrap();
        drop(held);
        let mut held = HeldRows::open(&staging, "run.1.rows".to_owned(), committed).unwrap().unwrap();
        assert_eq!(rows(&staging, &held).unwrap(), "1:1 2:2 ");
        held.append(&staging, BatchTime(3), b"33\n").unwrap();
        assert_eq!(rows(&staging, &held).unwrap(), "1:1 2:2 3:33 ");
        assert!(HeldRows::open(&staging, "run.2.rows".to_owned(), 1).unwrap().is_none());
        let error = HeldRows::open(&staging, "run.1.rows".to_owned(), 1000).unwrap_err().to_string();
        assert!(error.contains("of 1000 that are committed"), "{error}");
        held.length -= 1;
        assert!(rows(&staging, &held).unwrap_err().to_string().contains("no whole file of rows"));
    }
}
