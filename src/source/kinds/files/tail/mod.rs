//! Follows files as they grow, as `tail -F` does, and loses nothing in a rotation.
//!
//! - **Renamed, and a new file made** (logrotate's create): the old one is read on,
//!   under whatever name, until nothing came for `drain`; what it ends with is a
//!   record, newline or not. The new one is read from its beginning, after what the old
//!   one held.
//! - **Truncated** (copytruncate): seen by its size, or by its first bytes, which are
//!   not as they were. What was not read yet is read from the copy beside it, whose
//!   first bytes are the same; then the file from its beginning. A copy that a pattern
//!   matches is no file of its own.
//! - **While the source is stopped**: the next start finds the file by its number on the disk
//!   and its first bytes, renamed in its directory or copied. Files that were made, or
//!   written, and renamed meanwhile, whose names begin with the file's, are read as well.
//!   Where the file is not found, what was not read of it is gone, which is an error
//!   unless the user says otherwise.
//! - **Packed**: known by the beginning of what it holds, and by how much that is. What was
//!   read of it is not read again; what was not is read there.
//!
//! What is done with is known until it is gone, so that it is taken for nothing new; at the
//! first start that is all that was rotated before.

mod discovery;
mod done;
mod last;
mod packed;
mod rotation;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{FileType, Metadata};
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::find::{original_name, rotation};
use super::identity::{Inode, Stamp, inode, last_touched, open_regular};
use super::left_out::LeftOut;
use super::pattern::{Found, Pattern};
use super::{Desk, FileEntry, PathError, patterns};
use crate::clock::Reading;
use crate::console::Console;
use crate::source::SourceError;
use crate::source::kinds::packing::Packing;

/// What a user can choose.
#[derive(Clone, Debug)]
pub struct TailOptions {
    /// At the first start leave what files hold.
    pub from_end: bool,
    /// How often to look at the files, events or not.
    pub scan: Duration,
    /// How long a file that has lost its name is read on with nothing coming.
    pub drain: Duration,
    /// Take what is there, and no more.
    pub available_now: bool,
    /// Go on without what positions name and is gone.
    pub skip_lost: bool,
    /// Files, or patterns of files, that the run before followed and this one does not.
    pub gone: Vec<PathBuf>,
}

/// Finds the files to follow.
pub struct Tail {
    patterns: Vec<Pattern>,
    /// Of what is not followed any more.
    gone: Vec<Pattern>,
    options: TailOptions,
    console: Console,
    followed: BTreeMap<u64, Followed>,
    by_inode: HashMap<Inode, u64>,
    /// Files that are done with and are there still, by their numbers on the disk.
    done: HashMap<u64, FileEntry>,
    /// Copies of files that are followed, which hold nothing new.
    copies: HashMap<Inode, Copied>,
    dirs: Vec<PathBuf>,
    /// Paths that cannot be opened, and were told of.
    failing: HashSet<PathBuf>,
    left_out: LeftOut,
    scans: u64,
    next_scan: Duration,
    is_first_start: bool,
}

/// A file that is being read.
#[derive(Clone, Debug)]
struct Followed {
    path: PathBuf,
    /// The last name that was one of ours.
    original: PathBuf,
    inode: Inode,
    stamp: Stamp,
    /// The scan that saw it last under its own name.
    seen_in: u64,
    /// It has not its own name any more.
    left: Option<Left>,
    /// A copy that was made before a truncation: nobody writes to it, so that it is done with at
    /// its end. Whoever made it may remove it soon, and a restart should not look for it then.
    is_copy: bool,
}

/// Since when a file has lost its name, or has one that rotations give.
#[derive(Clone, Copy, Debug)]
struct Left {
    /// When that was seen, or when it was seen to grow since, by the monotonic clock.
    since: Duration,
    /// It was so before this run.
    before_start: bool,
}

/// A copy of a followed file, which is still whole itself.
#[derive(Clone, Debug)]
struct Copied {
    of: u64,
    entry: FileEntry,
}

impl Tail {
    /// For files, or patterns of files.
    pub fn new(paths: &[PathBuf], options: TailOptions, console: Console) -> Result<Tail, PathError> {
        let patterns = patterns(paths)?;
        for pattern in patterns.iter().filter(|pattern| pattern.is_literal()) {
            let path = pattern.text().to_owned();
            match path.metadata() {
                Ok(metadata) if metadata.is_dir() => return Err(PathError::IsDirectory(path)),
                Ok(metadata) if !metadata.is_file() => {
                    return Err(PathError::IsSpecial(path, kind_of(metadata.file_type())));
                }
                Ok(_) => drop(open_regular(&path).map_err(|error| PathError::Read { path, error })?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => match path.parent() {
                    Some(parent) if !parent.is_dir() => return Err(PathError::NoDirectory(parent.to_owned())),
                    _ => {}
                },
                Err(error) => return Err(PathError::Read { path, error }),
            }
        }
        Ok(Tail {
            patterns,
            gone: super::patterns(&options.gone)?,
            options,
            console,
            followed: BTreeMap::new(),
            by_inode: HashMap::new(),
            done: HashMap::new(),
            copies: HashMap::new(),
            dirs: Vec::new(),
            failing: HashSet::new(),
            left_out: LeftOut::default(),
            scans: 0,
            next_scan: Duration::ZERO,
            is_first_start: true,
        })
    }

    fn takes(&self, path: &Path) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(path))
    }

    /// Whether a file was followed by a path that is not followed any more, under this name or the one that it
    /// had before it was rotated, and by none that is.
    fn has_gone(&self, path: &Path) -> bool {
        let original = original_name(path);
        let is_of = |patterns: &[Pattern]| {
            let of = |path: &Path| patterns.iter().any(|pattern| pattern.matches(path));
            of(path) || original.as_deref().is_some_and(of)
        };
        is_of(&self.gone) && !is_of(&self.patterns)
    }

    /// Follows a file that is open on the desk.
    fn follow(&mut self, number: u64, path: &Path, original: &Path, desk: &mut Desk) -> Result<(), SourceError> {
        let Some(file) = desk.get(number).and_then(|taken| taken.file()) else { return Ok(()) };
        let metadata = file.metadata().map_err(|error| failed(path, error))?;
        if let Some(before) = self.newest_at(original) {
            desk.read_after(number, before);
        }
        let (path, original) = (path.to_owned(), original.to_owned());
        let (inode, stamp) = (inode(&metadata), Stamp::of(&metadata));
        let seen_in = self.scans;
        // Nobody writes to what is packed.
        let is_copy = Packing::of(&path).is_some();
        let followed = Followed { path, original, inode, stamp, seen_in, left: None, is_copy };
        self.followed.insert(number, followed);
        self.by_inode.insert(inode, number);
        Ok(())
    }

    /// What was just followed is a copy.
    fn mark_as_copy(&mut self, number: u64) {
        if let Some(followed) = self.followed.get_mut(&number) {
            followed.is_copy = true;
        }
    }

    fn unfollow(&mut self, number: u64) {
        if let Some(followed) = self.followed.remove(&number)
            && self.by_inode.get(&followed.inode) == Some(&number)
        {
            self.by_inode.remove(&followed.inode);
        }
    }

    /// The newest file that had this name.
    fn newest_at(&self, path: &Path) -> Option<u64> {
        self.followed.iter().rfind(|(_, followed)| followed.original == path).map(|(number, _)| *number)
    }

    /// The name that a file had before it was rotated, if that is one of ours and there; else its own.
    fn original_of(&self, path: &Path) -> PathBuf {
        original_name(path)
            .filter(|original| self.takes(original) && original.exists())
            .unwrap_or_else(|| path.to_owned())
    }

    /// Looks at paths, where files may be new, or have grown: at those that are followed first, so
    /// that it is known what has become of them when a new one is compared with them.
    fn consider_all(&mut self, files: Vec<(PathBuf, Metadata)>, desk: &mut Desk) -> Result<(), SourceError> {
        let (followed, new): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(_, metadata)| self.by_inode.contains_key(&inode(metadata)));
        for (path, metadata) in followed.iter().chain(&new) {
            self.consider(path, metadata, desk)?;
        }
        Ok(())
    }

    fn consider(&mut self, path: &Path, metadata: &Metadata, desk: &mut Desk) -> Result<(), SourceError> {
        let stamp = Stamp::of(metadata);
        let is_ours = metadata.is_file() && self.takes(path);
        let scans = self.scans;
        let number = self.by_inode.get(&inode(metadata)).copied();
        if let Some(number) = number
            && let Some(followed) = self.followed.get_mut(&number)
            && followed.stamp.is_same_file(&stamp)
        {
            if is_ours && original_name(path).as_ref() != Some(&followed.original) {
                followed.original = path.to_owned();
            }
            if is_ours && followed.original == path {
                (followed.seen_in, followed.left) = (scans, None);
            }
            if followed.path != path && !is_at(&followed.path, &stamp) {
                followed.path = path.to_owned();
                desk.rename(number, path);
            }
            return self.look_at(number, stamp, desk);
        }
        if !is_ours || self.pass_over_done(path, &stamp, desk)? {
            return Ok(());
        }
        let file = match open_regular(path) {
            Ok(file) => file,
            Err(error) => {
                self.tell_left_out(path, &error);
                return Ok(());
            }
        };
        self.failing.remove(path);
        if Packing::of(path).is_some() {
            return self.consider_packed(path, &file, desk);
        }
        if self.note_copy(path, &file, desk).map_err(|error| failed(path, error))? {
            return Ok(());
        }
        let original = self.original_of(path);
        self.take_replaced(path, desk)?;
        let starts_at_end = self.options.from_end && self.is_first_start && self.scans <= 1;
        let from = if starts_at_end {
            last::last_end(&file, desk.lines().recipe.coding).map_err(|error| failed(path, error))?
        } else {
            0
        };
        let number = desk.add_open(path, &original, file, from)?;
        self.follow(number, path, &original, desk)
    }

    /// What cannot be read is said once, and looked at again.
    fn tell_left_out(&mut self, path: &Path, error: &io::Error) {
        if self.options.available_now {
            self.left_out.add(path, error);
        }
        if self.failing.insert(path.to_owned()) {
            let error = crate::error::describe(error);
            let again = if self.options.available_now { "" } else { ", and tried again" };
            self.console.warn(&format!("{}: {error}: left out{again}", path.display()));
        }
    }

    /// A file that is being read: has it grown, or been truncated?
    fn look_at(&mut self, number: u64, stamp: Stamp, desk: &mut Desk) -> Result<(), SourceError> {
        let Some(followed) = self.followed.get_mut(&number) else { return Ok(()) };
        followed.stamp = stamp;
        if Packing::of(&followed.path).is_some() {
            return Ok(());
        }
        let Some(taken) = desk.get(number) else { return Ok(()) };
        let was_empty = taken.entry.print.length == 0 && taken.entry.stamp.modified_ns != stamp.modified_ns;
        if was_empty && self.take_copied_since(number, desk)? {
            return Ok(());
        }
        let Some(taken) = desk.get(number) else { return Ok(()) };
        let read_at = taken.read_at();
        if stamp.size >= read_at {
            // A time of change is too coarse to tell that nothing happened.
            let path = self.followed.get(&number).map(|followed| followed.path.clone()).unwrap_or_default();
            if desk.begins_as_before(number, stamp).map_err(|error| failed(&path, error))? {
                if stamp.size > read_at {
                    desk.ready(number);
                }
                return Ok(());
            }
        }
        self.truncated(number, desk)
    }

    fn scan(&mut self, now: Reading, desk: &mut Desk) -> Result<(), SourceError> {
        self.scans += 1;
        self.next_scan = now.monotonic + self.options.scan;
        let (mut files, mut special) = (Vec::new(), Vec::new());
        let mut matched = |path: PathBuf, metadata: &Metadata| {
            if metadata.is_file() {
                files.push((path, metadata.clone()));
            } else if !metadata.is_dir() {
                special.push((path, metadata.file_type()));
            }
        };
        let mut found = Found { matched: &mut matched, looked_in: Vec::new(), failed: Vec::new() };
        self.patterns.iter().for_each(|pattern| pattern.find(&mut found));
        let (mut dirs, failed) = (found.looked_in, found.failed);
        let literal = self.patterns.iter().filter(|pattern| pattern.is_literal());
        dirs.extend(literal.filter_map(|pattern| pattern.text().parent().map(Path::to_owned)));
        dirs.sort();
        dirs.dedup();
        self.dirs = dirs;
        self.tell_failing(&failed);
        for (path, kind) in special {
            if self.failing.insert(path.clone()) {
                let kind = kind_of(kind);
                self.console.warn(&format!("{}: {kind}: left out: tail takes regular files", path.display()));
            }
        }
        // Oldest first, as rotated files would be.
        files.sort_by_cached_key(|(path, metadata)| {
            (Stamp::of(metadata).modified_ns, Reverse(rotation(path)), path.clone())
        });
        let there: HashSet<u64> = files.iter().map(|(_, metadata)| Stamp::of(metadata).inode).collect();
        self.consider_all(files, desk)?;
        self.forget_done(&there);
        self.look_at_left(now, desk)
    }

    fn tell_failing(&mut self, failed: &[(PathBuf, io::Error)]) {
        for (path, error) in failed {
            if self.failing.insert(path.clone()) {
                let waits = if self.options.available_now { "nothing is taken of it" } else { "waiting for it" };
                self.console.warn(&format!("{}: {}: {waits}", path.display(), crate::error::describe(error)));
            }
        }
        let missing = |path: &PathBuf| failed.iter().any(|(other, _)| other == path) || path.exists();
        self.failing.retain(missing);
    }

    /// Files that have lost their names are read on for a while.
    fn look_at_left(&mut self, now: Reading, desk: &mut Desk) -> Result<(), SourceError> {
        for number in self.followed.keys().copied().collect::<Vec<_>>() {
            let Some(followed) = self.followed.get_mut(&number).filter(|followed| followed.seen_in < self.scans) else {
                continue;
            };
            let before_start = self.scans == 1;
            let left = followed.left.get_or_insert(Left { since: now.monotonic, before_start });
            let Some(taken) = desk.get(number) else { continue };
            let Some(file) = taken.file() else { continue };
            let stamp = Stamp::of_file(file).map_err(|error| failed(&followed.path, error))?;
            if stamp.size != taken.read_at() && Packing::of(&followed.path).is_none() {
                left.since = now.monotonic;
                self.look_at(number, stamp, desk)?;
            } else if taken.is_at_end() && self.is_over(number, now, desk) {
                desk.end(number);
            }
        }
        Ok(())
    }

    /// Whether a file that was read to its end gets nothing more: a copy, or one that has lost its
    /// name and to which nothing came for long enough. If that was before this run, the system's
    /// times tell how long ago; a run may be shorter than the time that is to be waited.
    fn is_over(&self, number: u64, now: Reading, desk: &Desk) -> bool {
        let (Some(followed), Some(taken)) = (self.followed.get(&number), desk.get(number)) else { return false };
        if followed.is_copy {
            return true;
        }
        let Some((left, metadata)) = followed.left.zip(taken.file().and_then(|file| file.metadata().ok())) else {
            return false;
        };
        let drain = self.options.drain;
        let is_quiet = now.monotonic >= left.since + drain
            || (left.before_start && now.wall.saturating_sub(last_touched(&metadata)) >= drain);
        is_quiet && metadata.len() == taken.read_at()
    }
}

/// What is no regular file, in words.
fn kind_of(kind: FileType) -> &'static str {
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

fn failed(path: &Path, error: io::Error) -> SourceError {
    SourceError::read(path.display().to_string(), error)
}

/// Whether a path leads to this file now.
fn is_at(path: &Path, stamp: &Stamp) -> bool {
    path.metadata().is_ok_and(|metadata| Stamp::of(&metadata).is_same_file(stamp))
}
