//! Files that are done with, and stay where they are: those that were rotated and read to their
//! end, and copies that copytruncate made. They are known until they are gone, also after a
//! restart, so that none is taken for a new one.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{Tail, failed};
use crate::source::SourceError;
use crate::source::kinds::files::find::files_in;
use crate::source::kinds::files::identity::{Stamp, open_regular};
use crate::source::kinds::files::{Desk, FileEntry};
use crate::source::kinds::packing::Packing;

impl Tail {
    /// Does not take this file for a new one.
    pub(super) fn remember_done(&mut self, entry: FileEntry) {
        self.done.insert(entry.stamp.inode, entry);
    }

    /// Whether this is a file that is done with, by what the system says of it.
    pub(super) fn is_known_done(&self, stamp: &Stamp) -> bool {
        self.done.get(&stamp.inode).is_some_and(|entry| entry.stamp.is_same_file(stamp))
    }

    /// Says whether the file at this path is done with, and notes its name. One that has grown all the same is read on.
    pub(super) fn pass_over_done(&mut self, path: &Path, stamp: &Stamp, desk: &mut Desk) -> Result<bool, SourceError> {
        if !self.is_known_done(stamp) {
            return Ok(false);
        }
        let Some(entry) = self.done.get_mut(&stamp.inode) else { return Ok(false) };
        entry.path = path.to_owned();
        if entry.stamp == *stamp {
            return Ok(true);
        }
        if Packing::of(path).is_some() {
            return Ok(true);
        }
        let Ok(file) = open_regular(path) else { return Ok(true) };
        let offset = entry.offset;
        let is_as_before = stamp.size >= offset && entry.print.matches(&file).map_err(|error| failed(path, error))?;
        if is_as_before && stamp.size == offset {
            entry.stamp = *stamp;
            return Ok(true);
        }
        self.done.remove(&stamp.inode);
        if is_as_before {
            let original = self.original_of(path);
            let number = desk.add_open(path, &original, file, offset)?;
            self.follow(number, path, &original, desk)?;
        }
        Ok(is_as_before)
    }

    /// Forgets files that are gone: the numbers on the disk of those that are there are known.
    pub(super) fn forget_done(&mut self, there: &HashSet<u64>) {
        let away = self.done.values().filter(|entry| !there.contains(&entry.stamp.inode));
        let dirs: HashSet<PathBuf> = away.filter_map(|entry| Some(entry.path.parent()?.to_owned())).collect();
        let mut elsewhere = HashSet::new();
        for dir in dirs {
            for path in files_in(&dir, |stamp| self.is_known_done(stamp)) {
                elsewhere.extend(path.metadata().ok().map(|metadata| Stamp::of(&metadata).inode));
            }
        }
        self.done.retain(|inode, _| there.contains(inode) || elsewhere.contains(inode));
    }
}
