//! Follows files as they grow, as `tail -F` does, and loses nothing in a rotation.
//!
//! - **Renamed, and a new file made** (logrotate's create): the old one is read on,
//!   under whatever name, until nothing came for `drain`; what it ends with is a
//!   record, newline or not. The new one is read from its beginning, after what the old
//!   one held.
//! - **Truncated** (copytruncate): seen by its size, or by its first bytes, which are
//!   not as they were. What was not read yet is read from the copy beside it, whose
//!   first bytes are the same; then the file from its beginning.
//! - **While the source is stopped**: the next start finds the file by its number on the disk
//!   and its first bytes, renamed in its directory or copied. Files that were made
//!   and renamed meanwhile, whose names begin with the file's, are read as well.
//!   Where the file is not found, or was packed, what was not read of it is gone,
//!   which is an error unless the user says otherwise.

mod discovery;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::find::{files_in, is_packed, is_rotated_name, rotation};
use super::identity::{Inode, Stamp, inode};
use super::pattern::{Found, Pattern};
use super::{Desk, Discovery, FileEntry, PathError, patterns};
use crate::clock::Reading;
use crate::console::Console;
use crate::source::SourceError;

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
}

/// Finds the files to follow.
pub struct Tail {
    patterns: Vec<Pattern>,
    options: TailOptions,
    console: Console,
    followed: BTreeMap<u64, Followed>,
    by_inode: HashMap<Inode, u64>,
    dirs: Vec<PathBuf>,
    /// Paths that cannot be opened, and were told of.
    failing: HashSet<PathBuf>,
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
    /// The scan that saw it last under a name of ours.
    seen_in: u64,
    /// It has no name of ours any more, and has not grown since.
    left_since: Option<Duration>,
    /// A copy that was made before a truncation: nobody writes to it, so that it is done with at
    /// its end. Whoever made it may remove it soon, and a restart should not look for it then.
    is_copy: bool,
}

impl Tail {
    /// For files, or patterns of files.
    pub fn new(paths: &[PathBuf], options: TailOptions, console: Console) -> Result<Tail, PathError> {
        let patterns = patterns(paths)?;
        for pattern in patterns.iter().filter(|pattern| pattern.is_literal()) {
            let path = pattern.text().to_owned();
            match path.metadata() {
                Ok(metadata) if metadata.is_dir() => return Err(PathError::IsDirectory(path)),
                Ok(_) => drop(File::open(&path).map_err(|error| PathError::Read { path, error })?),
                Err(error) if error.kind() == io::ErrorKind::NotFound => match path.parent() {
                    Some(parent) if !parent.is_dir() => return Err(PathError::NoDirectory(parent.to_owned())),
                    _ => {}
                },
                Err(error) => return Err(PathError::Read { path, error }),
            }
        }
        Ok(Tail {
            patterns,
            options,
            console,
            followed: BTreeMap::new(),
            by_inode: HashMap::new(),
            dirs: Vec::new(),
            failing: HashSet::new(),
            scans: 0,
            next_scan: Duration::ZERO,
            is_first_start: true,
        })
    }

    fn takes(&self, path: &Path) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(path))
    }

    /// Follows a file that is open on the desk.
    fn follow(&mut self, number: u64, path: &Path, original: &Path, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        let Some(file) = desk.get(number).and_then(|taken| taken.file()) else { return Ok(()) };
        let metadata = file.metadata().map_err(|error| failed(path, error))?;
        if let Some(before) = self.newest_at(original) {
            desk.read_after(number, before);
        }
        let (path, original) = (path.to_owned(), original.to_owned());
        let (inode, stamp) = (inode(&metadata), Stamp::of(&metadata));
        let seen_in = self.scans;
        let followed = Followed { path, original, inode, stamp, seen_in, left_since: None, is_copy: false };
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

    /// Looks at one path, where a file may be new, or have grown.
    fn consider(&mut self, path: &Path, metadata: &Metadata, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        let stamp = Stamp::of(metadata);
        let is_ours = metadata.is_file() && self.takes(path);
        let scans = self.scans;
        let number = self.by_inode.get(&inode(metadata)).copied();
        if let Some(number) = number
            && let Some(followed) = self.followed.get_mut(&number)
            && followed.stamp.is_same_file(&stamp)
        {
            if is_ours {
                (followed.seen_in, followed.left_since) = (scans, None);
                followed.original = path.to_owned();
            }
            if followed.path != path && !is_at(&followed.path, &stamp) {
                followed.path = path.to_owned();
                desk.rename(number, path);
            }
            return self.look_at(number, stamp, desk);
        }
        if !is_ours {
            return Ok(());
        }
        // What a file held that had the name before comes first.
        if let Some(before) = self.newest_at(path)
            && let Some(taken) = desk.get(before)
        {
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
            self.take_rotated_since(path, &since, desk)?;
        }
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) => {
                if self.failing.insert(path.to_owned()) {
                    self.console.warn(&format!(
                        "{}: {}: left out, and tried again",
                        path.display(),
                        crate::error::describe(&error)
                    ));
                }
                return Ok(());
            }
        };
        self.failing.remove(path);
        let starts_at_end = self.options.from_end && self.is_first_start && self.scans <= 1;
        let from = if starts_at_end { last_line_end(&file).map_err(|error| failed(path, error))? } else { 0 };
        let number = desk.add_open(path, file, from)?;
        self.follow(number, path, path, desk)
    }

    /// A file that is being read: has it grown, or been truncated?
    fn look_at(&mut self, number: u64, stamp: Stamp, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        let Some(followed) = self.followed.get_mut(&number) else { return Ok(()) };
        followed.stamp = stamp;
        let Some(taken) = desk.get(number) else { return Ok(()) };
        let read_at = taken.read_at();
        if stamp.size >= read_at {
            // A time of change is too coarse to tell that nothing happened.
            let path = followed.path.clone();
            if desk.begins_as_before(number, stamp).map_err(|error| failed(&path, error))? {
                if stamp.size > read_at {
                    desk.ready(number);
                }
                return Ok(());
            }
        }
        self.truncated(number, desk)
    }

    /// A file begins anew. What it held is in a copy, or gone.
    fn truncated(&mut self, number: u64, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        let (Some(followed), Some(taken)) = (self.followed.get(&number).cloned(), desk.get(number)) else {
            return Ok(());
        };
        let (path, entry) = (followed.path, taken.entry.clone());
        // Its name may be another's by now.
        let file = taken.file().map(File::try_clone).transpose().map_err(|error| failed(&path, error))?;
        self.console.warn(&format!("{}: was truncated: reading it from its beginning", path.display()));
        self.unfollow(number);
        match self.finder().find_copy(&entry, entry.offset) {
            Some((copy, file)) => {
                let stamp = Stamp::of_file(&file).map_err(|error| failed(&copy, error))?;
                desk.move_to(number, &copy, file)?;
                self.follow(number, &copy, &followed.original, desk)?;
                self.mark_as_copy(number);
                self.take_rotated_since(&followed.original, &FileEntry { stamp, ..entry }, desk)?;
            }
            None => {
                desk.drop_file(number);
                desk.hurry();
            }
        }
        match file {
            Some(file) => self.take_anew(&path, &followed.original, file, desk),
            None => Ok(()),
        }
    }

    /// Takes up a file from its beginning.
    fn take_anew(&mut self, path: &Path, original: &Path, file: File, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        let number = desk.add_open(path, file, 0)?;
        self.follow(number, path, original, desk)
    }

    fn scan(&mut self, now: Reading, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        self.scans += 1;
        self.next_scan = now.monotonic + self.options.scan;
        let mut files = Vec::new();
        let mut matched = |path: PathBuf, metadata: &Metadata| {
            if metadata.is_file() {
                files.push((path, metadata.clone()));
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
        // Oldest first, as rotated files would be.
        files.sort_by_cached_key(|(path, metadata)| (Stamp::of(metadata).modified_ns, path.clone()));
        for (path, metadata) in files {
            self.consider(&path, &metadata, desk)?;
        }
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
    fn look_at_left(&mut self, now: Reading, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        for number in self.followed.keys().copied().collect::<Vec<_>>() {
            let Some(followed) = self.followed.get_mut(&number).filter(|followed| followed.seen_in < self.scans) else {
                continue;
            };
            let since = *followed.left_since.get_or_insert(now.monotonic);
            let Some(taken) = desk.get(number) else { continue };
            let Some(file) = taken.file() else { continue };
            let stamp = Stamp::of_file(file).map_err(|error| failed(&followed.path, error))?;
            if stamp.size != taken.read_at() {
                followed.left_since = Some(now.monotonic);
                self.look_at(number, stamp, desk)?;
            } else if taken.is_at_end() && (followed.is_copy || now.monotonic >= since + self.options.drain) {
                desk.end(number);
            }
        }
        Ok(())
    }

    /// Files may have been rotated more than once since the last look, or while the
    /// source was stopped: takes up those that were made after `since`, the file that had
    /// the name `original` then, and have lost that name again.
    fn take_rotated_since(
        &mut self,
        original: &Path,
        since: &FileEntry,
        desk: &mut Desk<'_>,
    ) -> Result<(), SourceError> {
        let Some(dir) = original.parent() else { return Ok(()) };
        let mut later = files_in(dir, |other| other.inode != since.stamp.inode);
        later.retain(|path| is_rotated_name(path, original) && !self.takes(path));
        let mut rotated = Vec::new();
        for path in later {
            let Ok(metadata) = path.metadata() else { continue };
            let stamp = Stamp::of(&metadata);
            let is_followed = self.by_inode.contains_key(&inode(&metadata));
            // What was made before that one was written last is older, and was there when it
            // was seen. Packing makes a new file, with the old one's time of change.
            let is_later = match is_packed(&path) {
                true => stamp.modified_ns > since.stamp.modified_ns,
                false if stamp.born_ns == 0 => stamp.modified_ns >= since.stamp.modified_ns,
                false => stamp.born_ns >= since.stamp.modified_ns,
            };
            if is_later && !is_followed {
                rotated.push((stamp.born_ns, stamp.modified_ns, Reverse(rotation(&path)), path));
            }
        }
        rotated.sort();
        for (.., path) in rotated {
            if is_packed(&path) {
                self.finder().lost(&FileEntry { path, ..since.clone() }, "all of it")?;
                continue;
            }
            let file = File::open(&path).map_err(|error| failed(&path, error))?;
            // A copy that somebody made is none of them.
            if since.print.length > 0 && since.print.matches(&file).map_err(|error| failed(&path, error))? {
                continue;
            }
            self.take_anew(&path, original, file, desk)?;
        }
        Ok(())
    }
}

fn failed(path: &Path, error: io::Error) -> SourceError {
    SourceError::read(path.display().to_string(), error)
}

/// Whether a path leads to this file now.
fn is_at(path: &Path, stamp: &Stamp) -> bool {
    path.metadata().is_ok_and(|metadata| Stamp::of(&metadata).is_same_file(stamp))
}

/// The byte after the last whole line.
fn last_line_end(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut buffer = vec![0; 64 << 10];
    while end > 0 {
        let from = end.saturating_sub(buffer.len() as u64);
        let piece = &mut buffer[..(end - from) as usize];
        file.read_exact_at(piece, from)?;
        if let Some(newline) = memchr::memrchr(b'\n', piece) {
            return Ok(from + newline as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}
