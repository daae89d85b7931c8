//! The file system as checkpoints see it: two small traits, so that a crash or
//! a full disk is a unit test.
//!
//! What is promised: bytes of a file are durable after [`StoredFile::sync`];
//! names are durable after [`Storage::sync_dir`] of their directory. Everything
//! else may or may not survive a crash.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use super::{Error, Result};
use crate::frame::write_all;
use crate::os;

/// Files and directories.
pub trait Storage: Send + Sync {
    /// Opens a file to read and append; `create` makes it, and fails if it is
    /// there already.
    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn StoredFile>>;
    /// The whole content of a small file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Whether nobody but this user, or root, can have written what is in a directory. One that is not
    /// there was written by nobody.
    fn is_trusted(&self, dir: &Path) -> io::Result<bool> {
        let _ = dir;
        Ok(true)
    }
    /// When a file was last written to, in ms since the epoch.
    fn modified_ms(&self, path: &Path) -> io::Result<u64>;
    /// Gives a file its name, in place of what had that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// The names in a directory, sorted.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Makes a directory, readable by its owner alone. One that is there is no
    /// error.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// Makes a directory that is there readable by its owner alone.
    fn make_private(&self, dir: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Takes the lock that a file stands for, and makes the file if need be;
    /// `None` while another process holds it. The lock ends with the value or
    /// the process.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn LockFile>>>;
    /// Whether a process holds that lock now.
    fn is_locked(&self, path: &Path) -> io::Result<bool>;
}

/// A file of a log.
pub trait StoredFile: Send {
    /// Adds bytes at the end, all or an error.
    fn append(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()>;
    /// Reads what is at `offset`; less than asked for only at the end.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Bytes in the file.
    fn size(&self) -> io::Result<u64>;
    /// Cuts the file off.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
    /// Makes the file's bytes durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// A held lock. What its file says is for whoever finds it held.
pub trait LockFile: Send {
    /// What the file says.
    fn read(&mut self) -> io::Result<Vec<u8>>;
    /// Replaces that, in place: the lock is the file's, not the name's.
    fn write(&mut self, content: &[u8]) -> io::Result<()>;
    /// Makes what the file says durable.
    fn sync(&mut self) -> io::Result<()>;
}

/// Replaces a small file whole: a temporary name, sync, rename, sync of the
/// directory.
pub fn write_whole(storage: &dyn Storage, path: &Path, content: &[u8]) -> Result<()> {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(Error::io("cannot write", path, io::ErrorKind::InvalidInput.into()));
    };
    let temporary = dir.join(format!(".{name}.tmp"));
    let write = || {
        match storage.remove(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = storage.open(&temporary, true)?;
        file.append(&mut [IoSlice::new(content)])?;
        file.sync()?;
        storage.rename(&temporary, path)?;
        storage.sync_dir(dir)
    };
    write().map_err(|error| Error::io("cannot write", path, error))
}

/// Makes a directory and its name durable.
pub fn make_dir(storage: &dyn Storage, dir: &Path) -> Result<()> {
    storage.create_dir(dir).map_err(|error| Error::io("cannot make directory", dir, error))?;
    match dir.parent() {
        Some(parent) => storage.sync_dir(parent).map_err(|error| Error::io("cannot sync", parent, error)),
        None => Ok(()),
    }
}

/// Removes a source's or a stage's folder, if it is there. First, durably, its JSON file: a
/// folder without that is none, so that whatever a crash leaves of the rest is no damage.
pub fn remove_folder(storage: &dyn Storage, dir: &Path) -> Result<()> {
    let jsons: Vec<String> = names(storage, dir)?.into_iter().filter(|name| name.ends_with(".json")).collect();
    for name in &jsons {
        let path = dir.join(name);
        storage.remove(&path).map_err(|error| Error::io("cannot remove", &path, error))?;
    }
    if !jsons.is_empty() {
        storage.sync_dir(dir).map_err(|error| Error::io("cannot sync", dir, error))?;
    }
    remove_tree(storage, dir)
}

/// Removes a directory with all that is in it, if it is there.
fn remove_tree(storage: &dyn Storage, dir: &Path) -> Result<()> {
    for name in names(storage, dir)? {
        let path = dir.join(name);
        match storage.remove(&path) {
            Ok(()) => {}
            // Not a file.
            Err(_) if storage.list(&path).is_ok() => remove_tree(storage, &path)?,
            Err(error) => return Err(Error::io("cannot remove", &path, error)),
        }
    }
    match storage.remove_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("cannot remove", dir, error)),
        _ => Ok(()),
    }
}

/// The names in a directory; none if there is no such directory.
pub fn names(storage: &dyn Storage, dir: &Path) -> Result<Vec<String>> {
    match storage.list(dir) {
        Ok(names) => Ok(names),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("cannot list", dir, error)),
    }
}

/// The content of a small file, `None` if there is none.
pub fn read_if_there(storage: &dyn Storage, path: &Path) -> Result<Option<Vec<u8>>> {
    match storage.read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("cannot read", path, error)),
    }
}

/// The real file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

/// Refuses a checkpoint that somebody else could have written: what is in it says which files are
/// renamed, with this user's rights.
pub fn check_trusted(storage: &dyn Storage, dir: &Path) -> Result<()> {
    match storage.is_trusted(dir) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::NotTrusted { dir: dir.to_owned() }),
        Err(error) => Err(Error::io("cannot look at", dir, error)),
    }
}

impl Storage for Disk {
    fn is_trusted(&self, dir: &Path) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt as _;
        const WRITABLE_BY_OTHERS: u32 = 0o022;
        let metadata = match std::fs::metadata(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            metadata => metadata?,
        };
        let is_own = metadata.uid() == rustix::process::geteuid().as_raw() || metadata.uid() == 0;
        Ok(is_own && metadata.mode() & WRITABLE_BY_OTHERS == 0)
    }

    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn StoredFile>> {
        // Not O_APPEND: after a truncation the position is set by hand, and
        // only the lock's holder writes.
        let mut file = OpenOptions::new().read(true).write(true).create_new(create).mode(0o600).open(path).or_else(
            // Whoever only inspects a checkpoint may not be allowed to write.
            |error| match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem if !create => File::open(path),
                _ => Err(error),
            },
        )?;
        file.seek(SeekFrom::End(0))?;
        Ok(Box::new(DiskFile { file }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn modified_ms(&self, path: &Path) -> io::Result<u64> {
        let metadata = fs::metadata(path)?;
        Ok(metadata.mtime().unsigned_abs() * 1000 + metadata.mtime_nsec().unsigned_abs() / 1_000_000)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && dir.is_dir() => Ok(()),
            other => other,
        }
    }

    fn make_private(&self, dir: &Path) -> io::Result<()> {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        os::sync_directory(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn LockFile>>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Box::new(DiskLock { file }))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn is_locked(&self, path: &Path) -> io::Result<bool> {
        let file = File::open(path)?;
        // Shared, so that two that look do not see each other.
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(false),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

struct DiskFile {
    file: File,
}

impl StoredFile for DiskFile {
    fn append(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        write_all(parts, |parts| self.file.write_vectored(parts))
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < into.len() {
            match self.file.read_at(&mut into[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.file.seek(SeekFrom::Start(len)).map(drop)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        // A file without a name takes writes without an error, and loses them.
        match self.file.metadata()?.nlink() {
            0 => Err(io::Error::new(io::ErrorKind::NotFound, "the file was removed while it was written")),
            _ => Ok(()),
        }
    }
}

struct DiskLock {
    file: File,
}

impl LockFile for DiskLock {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.file.seek(SeekFrom::Start(0))?;
        self.file.read_to_end(&mut content)?;
        Ok(content)
    }

    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        self.file.write_all_at(content, 0)?;
        self.file.set_len(content.len() as u64)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Makes a path absolute without asking the file system, as the head needs it.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| Error::io("cannot use", path, error))
}
