//! A file a batch, whole or not there: Spark's `saveAsTextFiles`, but one file
//! and no directory of parts.
//!
//! A batch is written to `.NAME-TIME[.SUFFIX].tmp` beside the place where it
//! belongs. [`Files::prepare`] makes that file durable, [`Files::publish`] gives
//! it its name and makes the name durable: whoever lists the directory finds
//! whole batches only, whenever this process dies. A file that is there already
//! is replaced, because the same batch is written again after a restart.
//!
//! What a crash left under a temporary name is removed at the next start. The
//! writer holds a lock on its temporary file, so another pipeline's is let be.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::Sink;
use super::text::{LineForm, push_lines};
use crate::frame::{BatchTime, Block};
use crate::stage::OutletError;

/// How much is written at a time, in bytes.
const WRITE_BYTES: usize = 256 << 10;

const TEMPORARY: &str = ".tmp";

/// How the files of a stream are called: `PREFIX-TIME_IN_MS[.SUFFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNames {
    directory: PathBuf,
    /// The last part of the prefix, with its `-`.
    start: OsString,
    /// `.SUFFIX`, or nothing.
    end: String,
}

impl FileNames {
    /// Takes a prefix, which may name a directory, and a suffix, with or
    /// without its dot. The error says what is wrong with them.
    pub fn new(prefix: &Path, suffix: Option<&str>) -> Result<FileNames, String> {
        let shown = prefix.display();
        let name = match prefix.file_name() {
            Some(name) if !prefix.as_os_str().as_encoded_bytes().ends_with(b"/") => name,
            _ => return Err(format!("PREFIX '{shown}' ends without a name for files: as in {}", shown_in(prefix))),
        };
        let suffix = suffix.unwrap_or_default();
        let suffix = suffix.strip_prefix('.').unwrap_or(suffix);
        if suffix.contains('/') {
            return Err(format!("SUFFIX '{suffix}' must not contain a /: directories belong into PREFIX"));
        }
        let mut start = name.to_owned();
        start.push("-");
        let directory = match prefix.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let end = if suffix.is_empty() { String::new() } else { format!(".{suffix}") };
        Ok(FileNames { directory, start, end })
    }

    /// Where the files go.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A batch's file.
    pub fn path(&self, time: BatchTime) -> PathBuf {
        self.directory.join(self.name(time))
    }

    /// What a batch's file is called until it is whole.
    pub fn temporary(&self, time: BatchTime) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(self.name(time));
        name.push(TEMPORARY);
        self.directory.join(name)
    }

    fn name(&self, time: BatchTime) -> OsString {
        let mut name = self.start.clone();
        name.push(time.to_string());
        name.push(&self.end);
        name
    }

    /// The batch of a temporary name, if it is one of these.
    fn temporary_time(&self, name: &OsStr) -> Option<BatchTime> {
        let name = name.as_encoded_bytes().strip_prefix(b".")?.strip_prefix(self.start.as_encoded_bytes())?;
        let time = name.strip_suffix(TEMPORARY.as_bytes())?.strip_suffix(self.end.as_bytes())?;
        let is_number = !time.is_empty() && time.iter().all(u8::is_ascii_digit);
        is_number.then(|| std::str::from_utf8(time).ok()?.parse().ok().map(BatchTime))?
    }
}

/// A prefix that would do, for a message.
fn shown_in(prefix: &Path) -> String {
    prefix.join("batch").display().to_string()
}

/// Writes a file a batch.
pub struct Files {
    names: FileNames,
    form: LineForm,
    /// Whether an empty batch gets an empty file.
    keeps_empty: bool,
    open: Option<Temporary>,
    lines: Vec<u8>,
}

/// The file of a batch that is not whole. Dropped, it is removed.
struct Temporary {
    path: PathBuf,
    file: BufWriter<File>,
    is_published: bool,
}

impl Files {
    /// Looks whether files can be made in the directory, which is not made: one
    /// that is missing is a mount that is missing more often than not. Removes
    /// what a crash left there.
    pub fn open(names: FileNames, form: LineForm, keeps_empty: bool) -> io::Result<Files> {
        use rustix::fs::Access;
        remove_leftovers(&names)?;
        rustix::fs::access(&names.directory, Access::WRITE_OK | Access::EXEC_OK)?;
        Ok(Files { names, form, keeps_empty, open: None, lines: Vec::new() })
    }

    /// The open batch's file.
    fn temporary(&mut self, time: BatchTime) -> Result<&mut Temporary, OutletError> {
        match &mut self.open {
            Some(temporary) => Ok(temporary),
            none => Ok(none.insert(Temporary::create(self.names.temporary(time))?)),
        }
    }

    /// The batch is complete: makes what was written durable, still under its
    /// temporary name. False if the batch gets no file. Whoever makes a note of
    /// the batch before it is published calls [`Files::sync_directory`] first.
    pub fn prepare(&mut self, time: BatchTime) -> Result<bool, OutletError> {
        if self.open.is_none() && !self.keeps_empty {
            return Ok(false);
        }
        let Temporary { path, file, .. } = self.temporary(time)?;
        file.flush().and_then(|()| file.get_ref().sync_all()).map_err(|error| failed(path, error))?;
        Ok(true)
    }

    /// Gives a prepared batch its name, durably.
    pub fn publish(&mut self, time: BatchTime) -> Result<(), OutletError> {
        let path = self.names.path(time);
        if let Some(mut temporary) = self.open.take() {
            fs::rename(&temporary.path, &path).map_err(|error| failed(&path, error))?;
            temporary.is_published = true;
        }
        self.sync_directory()
    }

    /// Makes the names in the directory durable.
    pub fn sync_directory(&self) -> Result<(), OutletError> {
        let directory = &self.names.directory;
        match File::open(directory).and_then(|file| file.sync_all()) {
            // Some file systems cannot, and need not.
            Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(failed(directory, error)),
            _ => Ok(()),
        }
    }
}

impl Sink for Files {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        push_lines(block, self.form, &mut lines);
        let Temporary { path, file, .. } = self.temporary(block.time)?;
        file.write_all(&lines).map_err(|error| failed(path, error))?;
        self.lines = lines;
        Ok(())
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        if self.prepare(time)? { self.publish(time) } else { Ok(()) }
    }
}

impl Temporary {
    fn create(path: PathBuf) -> Result<Temporary, OutletError> {
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let what = format!("{}, which another sstream-sink with this PREFIX writes", path.display());
                return Err(OutletError::Write { what, error });
            }
            Err(error) => return Err(failed(&path, error)),
        };
        // Where there are no locks, two pipelines must not share a PREFIX.
        let _ = flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(Temporary { path, file: BufWriter::with_capacity(WRITE_BYTES, file), is_published: false })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_published {
            // If it cannot be removed now, the next start does it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn failed(path: &Path, error: io::Error) -> OutletError {
    OutletError::Write { what: path.display().to_string(), error }
}

/// Removes temporary files that nobody writes any more.
fn remove_leftovers(names: &FileNames) -> io::Result<()> {
    for entry in fs::read_dir(&names.directory)? {
        let name = entry?.file_name();
        if names.temporary_time(&name).is_none() {
            continue;
        }
        let path = names.directory.join(name);
        let is_locked = File::open(&path).is_ok_and(|file| {
            flock(&file, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK)
        });
        if !is_locked {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt as _;

    fn names(directory: &Path, suffix: Option<&str>) -> FileNames {
        FileNames::new(&directory.join("out"), suffix).unwrap()
    }

    fn files(directory: &Path, suffix: Option<&str>) -> Files {
        Files::open(names(directory, suffix), LineForm::Text, false).unwrap()
    }

    fn block(time: u64, bytes: &str) -> Block<'_> {
        Block { time: BatchTime(time), records: bytes.lines().count() as u64, bytes: bytes.as_bytes() }
    }

    fn listing(directory: &Path) -> BTreeMap<String, String> {
        let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
        entries
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
            .collect()
    }

    fn listed(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_batch_is_a_file_and_an_empty_one_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = files(directory.path(), Some("txt"));
        files.block(block(1000, "\"a\"\n[1,2]\n")).unwrap();
        files.block(block(1000, "\"b\\nc\"\n")).unwrap();
        assert_eq!(listing(directory.path()).into_keys().collect::<Vec<_>>(), [".out-1000.txt.tmp"]);
        files.end(BatchTime(1000), 3).unwrap();
        files.end(BatchTime(2000), 0).unwrap();
        files.block(block(3000, "3\n")).unwrap();
        files.end(BatchTime(3000), 1).unwrap();
        assert_eq!(listing(directory.path()), listed(&[("out-1000.txt", "a\n[1,2]\nb\nc\n"), ("out-3000.txt", "3\n")]));
        let mode = fs::metadata(directory.path().join("out-1000.txt")).unwrap().permissions().mode();
        assert_ne!(mode & 0o044, 0, "others may not read what they could read of any new file");
    }

    #[test]
    fn json_and_empty_files_where_wanted() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = Files::open(names(directory.path(), None), LineForm::Json, true).unwrap();
        files.block(block(1000, "\"b\\nc\"\n")).unwrap();
        files.end(BatchTime(1000), 1).unwrap();
        files.end(BatchTime(2000), 0).unwrap();
        assert_eq!(listing(directory.path()), listed(&[("out-1000", "\"b\\nc\"\n"), ("out-2000", "")]));
    }

    #[test]
    fn the_same_batch_again_replaces_its_file() {
        let directory = tempfile::tempdir().unwrap();
        for text in ["1\n2\n", "1\n"] {
            let mut files = files(directory.path(), None);
            files.block(block(1000, text)).unwrap();
            files.end(BatchTime(1000), 1).unwrap();
        }
        assert_eq!(listing(directory.path()), listed(&[("out-1000", "1\n")]));
    }

    #[test]
    fn prepared_is_not_published() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = files(directory.path(), None);
        files.block(block(1000, "1\n")).unwrap();
        assert!(files.prepare(BatchTime(1000)).unwrap());
        files.sync_directory().unwrap();
        assert_eq!(listing(directory.path()), listed(&[(".out-1000.tmp", "1\n")]));
        files.publish(BatchTime(1000)).unwrap();
        assert_eq!(listing(directory.path()), listed(&[("out-1000", "1\n")]));
        assert!(!files.prepare(BatchTime(2000)).unwrap());
    }

    #[test]
    fn a_void_batch_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut files = files(directory.path(), None);
        files.block(block(1000, "1\n")).unwrap();
        drop(files);
        assert_eq!(listing(directory.path()), listed(&[]));
    }

    #[test]
    fn leftovers_go_unless_somebody_writes_them_or_they_are_anothers() {
        let directory = tempfile::tempdir().unwrap();
        let mut other = files(directory.path(), None);
        other.block(block(7000, "7\n")).unwrap();
        let foreign = [".out-1-2.tmp", ".out-.tmp", ".out-1.txt.tmp", ".other-1.tmp", "out-1.tmp", ".out-x.tmp"];
        for name in foreign.iter().chain(&[".out-1000.tmp", ".out-2000.tmp"]) {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let _files = files(directory.path(), None);
        let left: Vec<_> = listing(directory.path()).into_keys().collect();
        let mut want: Vec<_> = foreign.iter().chain(&[".out-7000.tmp"]).map(|name| (*name).to_owned()).collect();
        want.sort();
        assert_eq!(left, want);
        other.end(BatchTime(7000), 1).unwrap();
    }

    #[test]
    fn two_writers_of_one_batch_do_not_mix() {
        let directory = tempfile::tempdir().unwrap();
        let (mut one, mut two) = (files(directory.path(), None), files(directory.path(), None));
        one.block(block(1000, "1\n")).unwrap();
        let error = two.block(block(1000, "2\n")).unwrap_err().to_string();
        assert!(error.contains("another sstream-sink"), "{error}");
        one.end(BatchTime(1000), 1).unwrap();
        assert_eq!(listing(directory.path()), listed(&[("out-1000", "1\n")]));
    }

    #[test]
    fn wrong_names_are_told() {
        for (prefix, suffix, says) in [
            ("out/", None, "as in out/batch"),
            ("/", None, "as in /batch"),
            ("", None, "as in batch"),
            ("..", None, "as in ../batch"),
            ("out", Some("a/b"), "directories belong into PREFIX"),
        ] {
            let error = FileNames::new(Path::new(prefix), suffix).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        let names = FileNames::new(Path::new("x"), Some(".log")).unwrap();
        assert_eq!(names.path(BatchTime(5)), Path::new("./x-5.log"));
        let missing = FileNames::new(Path::new("/no/such/x"), None).unwrap();
        assert!(Files::open(missing, LineForm::Text, false).is_err());
    }
}
