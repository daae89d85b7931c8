//! Where the tables that live on are while a stage runs: a file of SQLite in a new folder in `$TMPDIR`.
//!
//! The folder's path stands in a file of its own, `sql.PID.tables` in the directory of the stages that
//! run, so that `--query` finds it. The stage holds a lock on that file; one without a lock is what
//! a killed process left behind, and the next stage removes it with its folder.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::hash::BuildHasher as _;
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sstream::connect::{Console, runtime};

/// How the names of folders begin.
const PREFIX: &str = "sstream-sql-";

/// The file of SQLite in the folder.
const DATABASE: &str = "tables.db";

/// The folder; it is removed with this.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    published: Option<Published>,
}

/// The file that says where the folder is.
#[derive(Debug)]
struct Published {
    path: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Scratch {
    /// Makes a folder that nobody else may look into, and lets `--query` find it, or goes on where that
    /// cannot be. What is left of those that were killed is removed.
    ///
    /// # Errors
    /// As the system says.
    pub fn new(console: &Console) -> io::Result<Scratch> {
        let random = foldhash::quality::RandomState::default().hash_one(0);
        let folder = std::env::temp_dir().join(format!("{PREFIX}{}-{random:x}", std::process::id()));
        // First: a killed process must not leave a folder that nobody knows of.
        let published = publish(&folder).inspect_err(|error| {
            console.info(&format!("--query will not find the tables: {error}"));
        });
        let scratch = Scratch { folder, published: published.ok() };
        DirBuilder::new().mode(0o700).create(&scratch.folder)?;
        Ok(scratch)
    }

    /// The file of SQLite.
    pub fn database(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }

    /// A file beside it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn publish(folder: &Path) -> io::Result<Published> {
    let directory = runtime::directory();
    runtime::ensure(&directory).map_err(|error| io::Error::other(error.to_string()))?;
    sweep(&directory);
    let path = path_of(&directory, std::process::id());
    // An older process of the same number may have left one.
    let _ = std::fs::remove_file(&path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.lock()?;
    file.write_all(folder.as_os_str().as_bytes())?;
    Ok(Published { path, _file: file })
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some(published) = &self.published {
            let _ = std::fs::remove_file(&published.path);
        }
    }
}

/// The file of SQLite of a process; none if it has none, or is gone.
pub fn of_process(process: u32) -> Option<PathBuf> {
    let directory = runtime::directory();
    runtime::check(&directory).ok()?;
    let file = File::open(path_of(&directory, process)).ok()?;
    is_locked(&file).then(|| folder_in(&file)).flatten().map(|folder| folder.join(DATABASE))
}

fn path_of(directory: &Path, process: u32) -> PathBuf {
    directory.join(format!("sql.{process}.tables"))
}

fn is_locked(file: &File) -> bool {
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The folder that a published file names, if it can be one of ours.
fn folder_in(mut file: &File) -> Option<PathBuf> {
    let mut path = Vec::new();
    io::Read::read_to_end(&mut file, &mut path).ok()?;
    let path = PathBuf::from(std::ffi::OsString::from_vec(path));
    let is_ours = path.is_absolute() && path.file_name()?.as_bytes().starts_with(PREFIX.as_bytes());
    is_ours.then_some(path)
}

/// Removes what killed processes left.
fn sweep(directory: &Path) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_one = name.as_bytes().starts_with(b"sql.") && name.as_bytes().ends_with(b".tables");
        let Some(file) = is_one.then(|| File::open(entry.path()).ok()).flatten() else { continue };
        // With the lock held nobody else removes it meanwhile; one that is being made is empty.
        if file.try_lock().is_ok()
            && let Some(folder) = folder_in(&file)
        {
            let _ = std::fs::remove_dir_all(folder);
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
