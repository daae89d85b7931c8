//! What rotations do to the files that are followed: [one truncated](Tail::truncated),
//! [its copy](Tail::note_copy), [those that had the name meanwhile](Tail::take_rotated_since).

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::packed::Before;
use super::{Copied, Followed, Tail, failed};
use crate::source::SourceError;
use crate::source::kinds::files::find::{files_in, is_packed, is_rotated_name, original_name, rotation};
use crate::source::kinds::files::identity::{Fingerprint, Stamp, begin_alike, inode, open_regular};
use crate::source::kinds::files::{Desk, Discovery as _, FileEntry};
use crate::source::kinds::packing::Packing;

impl Tail {
    /// A file begins anew. What it held is in a copy, or gone.
    pub(super) fn truncated(&mut self, number: u64, desk: &mut Desk) -> Result<(), SourceError> {
        let (Some(followed), Some(taken)) = (self.followed.get(&number).cloned(), desk.get(number)) else {
            return Ok(());
        };
        let (path, entry) = (followed.path, taken.entry.clone());
        // Its name may be another's by now.
        let file = taken.file().map(File::try_clone).transpose().map_err(|error| failed(&path, error))?;
        self.console.warn(&format!("{}: was truncated: reading it from its beginning", path.display()));
        self.unfollow(number);
        match self.find_copy_of(&entry, entry.offset) {
            Some((copy, file)) => {
                let stamp = Stamp::of_file(&file).map_err(|error| failed(&copy, error))?;
                desk.move_to(number, &copy, file)?;
                self.follow(number, &copy, &followed.original, desk)?;
                self.mark_as_copy(number);
                self.take_rotated_since(&followed.original, &FileEntry { stamp, ..entry }, desk)?;
            }
            // What came of an event is all that there is of it.
            None if desk.has_event(number) => desk.end(number),
            None => {
                desk.drop_file(number);
                desk.hurry();
                self.end_read_copy(&entry, desk);
                self.end_copies(number, desk);
            }
        }
        match file {
            // Unless it was rotated after that, and is among those taken up already.
            Some(file) if !self.is_followed(&file).map_err(|error| failed(&path, error))? => {
                self.take_anew(&path, &followed.original, file, desk)
            }
            _ => Ok(()),
        }
    }

    /// The copy of a truncated file that holds what was not read of it. None that is done with, or
    /// read already.
    fn find_copy_of(&self, entry: &FileEntry, need: u64) -> Option<(PathBuf, File)> {
        let is_free = |stamp: &Stamp| {
            let is_read = self.followed.values().any(|followed| followed.stamp.is_same_file(stamp));
            !is_read && !self.is_known_done(stamp)
        };
        self.finder().find_copy(entry, need, is_free)
    }

    /// A copy that was made before the last lines came that were read of a file: it holds nothing
    /// else. Whether there is one.
    fn end_read_copy(&mut self, entry: &FileEntry, desk: &mut Desk) -> bool {
        let Some((path, file)) = self.find_copy_of(entry, 0) else { return false };
        if let Ok(copy) = entry_of(&path, &file) {
            self.leave(copy, desk);
        }
        true
    }

    /// A file is truncated or over, and copies of it hold nothing that was not read.
    pub(super) fn end_copies(&mut self, number: u64, desk: &mut Desk) {
        let (of_it, others) = self.copies.drain().partition(|(_, copied)| copied.of == number);
        self.copies = others;
        for (_, copied) in of_it {
            self.leave(copied.entry, desk);
        }
    }

    /// A file that a position names is not there: is anything of it that was not read?
    pub(super) fn look_for_loss(&mut self, entry: &FileEntry, desk: &mut Desk) -> Result<(), SourceError> {
        let path = entry.path.display();
        if entry.print.length == 0 {
            // Of one that was empty when it was seen, nothing is known to be missing.
            return Ok(());
        }
        if self.end_read_copy(entry, desk) {
            return Ok(());
        }
        let was_rotated = !self.takes(&entry.path) || self.original_of(&entry.path) != entry.path;
        if was_rotated && entry.offset >= entry.stamp.size {
            self.console.info(&format!("{path}: gone, after it was rotated and read to its end"));
            return Ok(());
        }
        self.finder().lost(entry, &format!("from byte {} on", entry.offset))
    }

    /// A file is done with, and a restart is not to take it for a new one.
    pub(super) fn leave(&mut self, entry: FileEntry, desk: &mut Desk) {
        desk.tell_of(entry.clone());
        desk.hurry();
        self.remember_done(entry);
    }

    /// Notes, and says, whether a new file under a rotation's name is a copy of a followed one, which will be
    /// truncated (copytruncate), or is: then what matters of it is read there.
    pub(super) fn note_copy(&mut self, path: &Path, file: &File, desk: &Desk) -> io::Result<bool> {
        let Some(original) = original_name(path) else { return Ok(false) };
        let entry = entry_of(path, file)?;
        for (number, followed) in self.followed.iter().rev() {
            let Some(taken) = desk.get(*number).filter(|_| followed.original == original && !followed.is_copy) else {
                continue;
            };
            let Some(source) = taken.file() else { continue };
            let now = Stamp::of_file(source)?;
            let is_whole = now.size >= taken.read_at() && taken.entry.print.matches(source)?;
            let is_copy = match is_whole {
                // Copied before it was rotated itself; perhaps not to the end yet.
                true => {
                    !is_rotated_name(&followed.path, &original)
                        && entry.stamp.size <= now.size
                        && begin_alike(file, source)?
                }
                false => taken.entry.print.length > 0 && taken.entry.print.matches(file)?,
            };
            if is_copy {
                self.copies.insert(inode(&file.metadata()?), Copied { of: *number, entry });
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a file held that had this name before comes first, and what came between.
    pub(super) fn take_replaced(&mut self, path: &Path, desk: &mut Desk) -> Result<(), SourceError> {
        let Some(before) = self.newest_at(path) else { return Ok(()) };
        let Some(taken) = desk.get(before) else { return Ok(()) };
        let mut since = taken.entry.clone();
        if let Some(file) = taken.file() {
            let stamp = Stamp::of_file(file).map_err(|error| failed(path, error))?;
            self.look_at(before, stamp, desk)?;
        }
        if let Some(newest) =
            self.newest_at(path).filter(|newest| *newest != before).and_then(|newest| desk.get(newest))
        {
            since = newest.entry.clone();
        }
        self.take_rotated_since(path, &since, desk)
    }

    pub(super) fn is_followed(&self, file: &File) -> io::Result<bool> {
        Ok(self.by_inode.contains_key(&inode(&file.metadata()?)))
    }

    /// Takes up a file from its beginning.
    pub(super) fn take_anew(
        &mut self,
        path: &Path,
        original: &Path,
        file: File,
        desk: &mut Desk,
    ) -> Result<(), SourceError> {
        let number = desk.add_open(path, original, file, 0)?;
        self.follow(number, path, original, desk)
    }

    /// Files may have been rotated more than once since the last look, or while the
    /// source was stopped: takes up those that were written after `since`, the file that had
    /// the name `original` then, and have lost that name again.
    pub(super) fn take_rotated_since(
        &mut self,
        original: &Path,
        since: &FileEntry,
        desk: &mut Desk,
    ) -> Result<(), SourceError> {
        for path in self.rotated_since(original, since) {
            if is_packed(&path) {
                self.take_packed_since(&path, original, since, desk)?;
                continue;
            }
            let file = open_regular(&path).map_err(|error| failed(&path, error))?;
            // A copy that somebody made is none of them.
            if since.print.length > 0 && since.print.matches(&file).map_err(|error| failed(&path, error))? {
                continue;
            }
            self.take_anew(&path, original, file, desk)?;
        }
        Ok(())
    }

    /// One of those files, which is packed: unless it is known from before it was.
    fn take_packed_since(
        &mut self,
        path: &Path,
        original: &Path,
        since: &FileEntry,
        desk: &mut Desk,
    ) -> Result<(), SourceError> {
        let readable = open_regular(path).ok().filter(|_| Packing::of(path).is_some());
        let known = readable.map(|file| Ok((self.known_before(path, &file, desk)?, file)));
        match known {
            Some(Ok((Before::Unknown, file))) => self.take_anew(path, original, file, desk),
            Some(Ok(_)) => Ok(()),
            // It is being packed: what it is made of is still there.
            Some(Err::<_, io::Error>(_)) if path.with_extension("").exists() => Ok(()),
            _ => self.finder().lost(&FileEntry { path: path.to_owned(), ..since.clone() }, "all of it"),
        }
    }

    /// Those files, the oldest first.
    fn rotated_since(&self, original: &Path, since: &FileEntry) -> Vec<PathBuf> {
        let Some(dir) = original.parent() else { return Vec::new() };
        let mut later = files_in(dir, |other| other.inode != since.stamp.inode);
        later.retain(|path| is_rotated_name(path, original));
        let mut rotated = Vec::new();
        for path in later {
            let Ok(metadata) = path.metadata() else { continue };
            let stamp = Stamp::of(&metadata);
            let is_taken = self.by_inode.contains_key(&inode(&metadata)) || self.is_known_done(&stamp);
            // What was not written since that one was written last is older, and was there when it
            // was seen. Packing keeps the time of change.
            let is_later = match is_packed(&path) {
                true => stamp.modified_ns > since.stamp.modified_ns,
                false => stamp.modified_ns >= since.stamp.modified_ns,
            };
            if is_later && !is_taken {
                // A copy is younger than what it was copied from, so that times of birth say little; and
                // some count rotations up, some down.
                rotated.push((stamp.modified_ns, Reverse(rotation(&path)), stamp.born_ns, path));
            }
        }
        rotated.sort();
        rotated.into_iter().map(|(.., path)| path).collect()
    }

    /// A file that was empty when it was seen last was written since: it may have been copied and
    /// truncated meanwhile, which left no trace in it. Its copies come before what it holds now.
    /// Whether there are any.
    pub(super) fn take_copied_since(&mut self, number: u64, desk: &mut Desk) -> Result<bool, SourceError> {
        let (Some(followed), Some(taken)) = (self.followed.get(&number).cloned(), desk.get(number)) else {
            return Ok(false);
        };
        let (Followed { path, original, .. }, mut since) = (followed, taken.entry.clone());
        let Some(file) = taken.file() else { return Ok(false) };
        if self.rotated_since(&original, &since).is_empty() {
            return Ok(false);
        }
        let file = file.try_clone().map_err(|error| failed(&path, error))?;
        self.unfollow(number);
        desk.drop_file(number);
        // It may have been rotated itself since: then it has its place among the others.
        since.stamp.inode = 0;
        self.take_rotated_since(&original, &since, desk)?;
        if !self.is_followed(&file).map_err(|error| failed(&path, error))? {
            self.take_anew(&path, &original, file, desk)?;
        }
        Ok(true)
    }

    /// At the first start: what was rotated before is none of ours.
    pub(super) fn leave_history(&mut self, desk: &mut Desk) {
        let originals: HashSet<PathBuf> = self.followed.values().map(|followed| followed.original.clone()).collect();
        for original in originals {
            let Some(dir) = original.parent() else { continue };
            for path in files_in(dir, |_| true) {
                let is_ours = self.takes(&path) || !is_rotated_name(&path, &original);
                if !is_ours
                    && let Ok(entry) = open_regular(&path).and_then(|file| entry_of(&path, &file))
                    && !self.is_known_done(&entry.stamp)
                {
                    self.leave(entry, desk);
                }
            }
        }
    }
}

/// What there is to know of a file that was read to its end elsewhere.
fn entry_of(path: &Path, file: &File) -> io::Result<FileEntry> {
    let stamp = Stamp::of_file(file)?;
    let print = Fingerprint::of(file)?;
    Ok(FileEntry { path: path.to_owned(), stamp, print, offset: stamp.size, is_done: true, ..FileEntry::default() })
}
