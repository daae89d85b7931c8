//! Spark's layout: the files of a group in a directory of their own.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use sstream::connect::directory::{SUCCESS, remove, sync_directory};
use sstream::connect::{BatchTime, OutletError};

use super::files::Place;
use super::staging::{Staging, Whole, failed};

/// What a directory's name ends with until it is seen.
const DIRECTORY: &str = "dir";

/// Moves files that are whole into a directory, which is complete with that.
///
/// # Errors
/// The disk's.
pub fn gather(files: &[Whole], prefix: &str, place: Place<'_>) -> Result<Whole, OutletError> {
    let Place { staging, start } = place;
    let name = staging.name(&format!("{start}.{DIRECTORY}"));
    let directory = staging.path(&name);
    let gathered = remove(&directory).and_then(|()| {
        fs::create_dir(&directory)?;
        for file in files {
            let to = directory.join(&file.path);
            fs::create_dir_all(to.parent().unwrap_or(&directory))?;
            fs::rename(staging.path(&file.name), to)?;
        }
        File::create(directory.join(SUCCESS)).map(drop)
    });
    gathered.map_err(|error| failed(&directory, error))?;
    Ok(Whole { name, path: format!("{prefix}-{start}"), number: 1 })
}

/// Whether a name is of a directory that made place for another one, and of which group's.
pub fn aside(name: &str, staging: &Staging) -> Option<BatchTime> {
    let time = name.strip_prefix(&staging.name(""))?.strip_suffix(&format!(".{DIRECTORY}.old"))?;
    time.parse().ok().map(BatchTime)
}

/// Makes a file durable, or all files and names of a directory.
///
/// # Errors
/// The disk's.
pub fn sync(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            sync(&entry?.path())?;
        }
        return sync_directory(path);
    }
    File::open(path)?.sync_all()
}
