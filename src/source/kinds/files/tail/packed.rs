//! Rotated files that were packed: what was read of one is not read twice, and one that was not
//! finished is read on inside.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::{Copied, Tail, failed};
use crate::source::SourceError;
use crate::source::kinds::files::find::content_length;
use crate::source::kinds::files::identity::{Fingerprint, Stamp, inode};
use crate::source::kinds::files::{Desk, FileEntry};
use crate::source::kinds::packing::Packing;

/// What a packed file was before.
pub(super) enum Before {
    /// A file that is followed still.
    Followed(u64),
    /// One that is done with.
    Done,
    /// None that is known.
    Unknown,
}

impl Tail {
    /// A packed file that is new, and that a pattern matches.
    pub(super) fn consider_packed(&mut self, path: &Path, file: &File, desk: &mut Desk) -> Result<(), SourceError> {
        let starts_at_end = self.options.from_end && self.is_first_start && self.scans <= 1;
        let known = self.known_before(path, file, desk).and_then(|before| {
            let is_new = matches!(before, Before::Unknown) && !starts_at_end;
            let entry = if is_new { None } else { Some(entry_of(path, file)?) };
            Ok((before, entry))
        });
        match known {
            Ok((Before::Followed(of), Some(entry))) => {
                let inode = inode(&file.metadata().map_err(|error| failed(path, error))?);
                self.copies.insert(inode, Copied { of, entry });
            }
            Ok((_, Some(entry))) => self.leave(entry, desk),
            Ok((_, None)) => {
                let file = file.try_clone().map_err(|error| failed(path, error))?;
                let original = self.original_of(path);
                self.take_anew(path, &original, file, desk)?;
            }
            // It is being packed: what it is made of is still there.
            Err(_) if path.with_extension("").exists() => {}
            Err(error) => self.tell_left_out(path, &error),
        }
        Ok(())
    }

    /// Which file this one was before it was packed, by the beginning of what it holds and by how
    /// much that is.
    pub(super) fn known_before(&self, path: &Path, file: &File, desk: &Desk) -> io::Result<Before> {
        let print = Fingerprint::of_content(path, file)?;
        let begins = |entry: &FileEntry| entry.print.length > 0 && entry.print.length <= print.length;
        let mut length = None;
        let mut length = || -> io::Result<u64> {
            match length {
                Some(length) => Ok(length),
                None => Ok(*length.insert(content_length(path, file)?)),
            }
        };
        for (number, followed) in &self.followed {
            let Some(taken) = desk.get(*number).filter(|_| Packing::of(&followed.path).is_none()) else { continue };
            let entry = &taken.entry;
            // What is packed is removed, or will be.
            let is_removed =
                taken.file().is_some_and(|file| file.metadata().is_ok_and(|metadata| metadata.nlink() == 0));
            if (is_removed || followed.path == path.with_extension(""))
                && begins(entry)
                && entry.print.matches_content(path, file)?
                && length()? >= entry.offset
            {
                return Ok(Before::Followed(*number));
            }
        }
        for entry in self.done.values().filter(|entry| begins(entry)) {
            if entry.print.matches_content(path, file)? && length()? == entry.offset {
                return Ok(Before::Done);
            }
        }
        Ok(Before::Unknown)
    }
}

/// What there is to know of a packed file, all of which was read elsewhere.
fn entry_of(path: &Path, file: &File) -> io::Result<FileEntry> {
    let (stamp, print) = (Stamp::of_file(file)?, Fingerprint::of_content(path, file)?);
    let offset = content_length(path, file)?;
    Ok(FileEntry { path: path.to_owned(), stamp, print, offset, is_done: true, ..FileEntry::default() })
}
