//! Every file of a directory once and whole: Spark's `textFileStream`.
//!
//! When is a file whole? One that is renamed into the directory is at once: the
//! system tells a rename from a new file. Any other is when it was not changed for
//! `settle`, by its modification time or by our own clock; so is, with no event to
//! tell, one that was renamed.
//!
//! When are two files one? A file is known by its path and what the system says of it:
//! number on its disk, time of birth, time of change, size. Renamed within the
//! directories it is the same still; a new file under an old name is another. What is
//! changed in place after it was taken is not taken again. A file that two looks in
//! a row did not find is forgotten: moved out and in again it would count again.

mod discovery;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::identity::Stamp;
use super::left_out::LeftOut;
use super::pattern::{Found, Pattern, is_hidden, list};
use super::{Desk, FileEntry, PathError, patterns};
use crate::clock::Reading;
use crate::console::Console;

/// What a user can choose.
#[derive(Clone, Debug)]
pub struct DirOptions {
    /// A file that is written in place is whole when it was not changed for so long.
    pub settle: Duration,
    /// Leave what is there at the first start.
    pub new_only: bool,
    /// How often to look through the directories, events or not.
    pub scan: Duration,
    /// Take what is there, and no more.
    pub available_now: bool,
    /// Go on without what positions name and is gone.
    pub skip_lost: bool,
}

/// Finds the files of directories.
pub struct Dir {
    patterns: Vec<Pattern>,
    options: DirOptions,
    console: Console,
    known: HashMap<Arc<Path>, Known>,
    /// For files that were renamed.
    by_stamp: HashMap<Stamp, Arc<Path>>,
    waiting: HashMap<PathBuf, Waiting>,
    /// When to look at each file that waits.
    waiting_due: BTreeSet<(Duration, PathBuf)>,
    /// Files that are whole, found by the look that goes on.
    whole: Vec<(Stamp, PathBuf)>,
    dirs: Vec<PathBuf>,
    /// Directories that could not be looked through and files that could not be read, and
    /// were told of.
    failing: HashSet<PathBuf>,
    left_out: LeftOut,
    scans: u64,
    next_scan: Duration,
    is_first_start: bool,
}

/// A file that was taken, or will be.
#[derive(Clone, Copy, Debug)]
struct Known {
    stamp: Stamp,
    /// Its number on the desk, until all of it was taken.
    on_desk: Option<u64>,
    /// The scan that saw it last.
    seen_in: u64,
}

/// A file that may still be written.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    stamp: Stamp,
    due: Duration,
}

impl Dir {
    /// For directories, or patterns of directories or files.
    pub fn new(paths: &[PathBuf], options: DirOptions, console: Console) -> Result<Dir, PathError> {
        let patterns = patterns(paths)?;
        for pattern in patterns.iter().filter(|pattern| pattern.is_literal()) {
            let path = pattern.text().to_owned();
            match path.metadata() {
                Ok(metadata) if metadata.is_dir() => {}
                Ok(_) => return Err(PathError::IsFile(path)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(PathError::NoDirectory(path)),
                Err(error) => return Err(PathError::Read { path, error }),
            }
        }
        Ok(Dir {
            patterns,
            options,
            console,
            known: HashMap::new(),
            by_stamp: HashMap::new(),
            waiting: HashMap::new(),
            waiting_due: BTreeSet::new(),
            whole: Vec::new(),
            dirs: Vec::new(),
            failing: HashSet::new(),
            left_out: LeftOut::default(),
            scans: 0,
            next_scan: Duration::ZERO,
            is_first_start: true,
        })
    }

    fn know(&mut self, path: &Path, stamp: Stamp, on_desk: Option<u64>) {
        let path: Arc<Path> = path.into();
        self.by_stamp.insert(stamp, path.clone());
        self.known.insert(path, Known { stamp, on_desk, seen_in: self.scans });
    }

    fn forget(&mut self, path: &Path) -> Option<Known> {
        let known = self.known.remove(path)?;
        if self.by_stamp.get(&known.stamp).is_some_and(|other| &**other == path) {
            self.by_stamp.remove(&known.stamp);
        }
        Some(known)
    }

    fn wait_for(&mut self, path: &Path, waiting: Option<Waiting>) {
        if let Some(before) = self.waiting.remove(path) {
            self.waiting_due.remove(&(before.due, path.to_owned()));
        }
        if let Some(waiting) = waiting {
            self.waiting.insert(path.to_owned(), waiting);
            self.waiting_due.insert((waiting.due, path.to_owned()));
        }
    }

    /// Looks at one path, where a file may be new. `was_renamed` to there.
    fn consider(&mut self, path: &Path, metadata: &Metadata, was_renamed: bool, now: Reading, desk: &mut Desk) {
        if !metadata.is_file() || path.file_name().is_none_or(is_left_alone) {
            return;
        }
        let stamp = Stamp::of(metadata);
        let scans = self.scans;
        match self.known.get_mut(path) {
            Some(known) if known.stamp.is_same_file(&stamp) => {
                known.seen_in = scans;
                if known.stamp != stamp && known.on_desk.is_none() {
                    self.forget(path);
                    self.know(path, stamp, None);
                    let message = "changed after it was taken, and is not taken again: write a new file instead";
                    self.console.warn(&format!("{}: {message}", path.display()));
                }
                return;
            }
            // Another file has the name now.
            Some(_) => {
                if let Some(Known { on_desk: Some(number), .. }) = self.forget(path)
                    && desk.get(number).is_some_and(|taken| taken.file().is_none())
                {
                    desk.forget(number);
                }
            }
            None => {}
        }
        if let Some(old) = self.by_stamp.get(&stamp).cloned() {
            // Renamed, or a second link. What is on the desk is under one name.
            let on_desk = self.known.get(&old).and_then(|known| known.on_desk);
            if let Some(number) = on_desk {
                self.forget(&old);
                desk.rename(number, path);
            }
            self.know(path, stamp, on_desk);
            return self.wait_for(path, None);
        }
        if scans <= 1 && self.is_first_start && self.options.new_only {
            self.know(path, stamp, None);
            return desk.tell_of(done(path, stamp));
        }
        if was_renamed {
            self.wait_for(path, None);
            self.whole.push((stamp, path.to_owned()));
        } else if self.waiting.get(path).is_none_or(|waiting| waiting.stamp != stamp) {
            self.let_settle(path, stamp, now);
        }
    }

    /// A file that was written at some time: it is whole, or waits.
    fn let_settle(&mut self, path: &Path, stamp: Stamp, now: Reading) {
        // A time of change that is still to come says nothing: it is as good as now.
        let age = now.wall.saturating_sub(Duration::from_nanos(stamp.modified_ns));
        let left = self.options.settle.saturating_sub(age);
        self.wait_for(path, None);
        if left.is_zero() {
            self.whole.push((stamp, path.to_owned()));
        } else {
            self.wait_for(path, Some(Waiting { stamp, due: now.monotonic + left }));
        }
    }

    /// Looks at the files that may still be written and are due.
    fn look_at_waiting(&mut self, now: Reading) {
        while let Some((due, path)) = self.waiting_due.first().cloned()
            && due <= now.monotonic
        {
            let Some(waiting) = self.waiting.get(&path).copied() else { break };
            self.wait_for(&path, None);
            let Ok(metadata) = path.metadata() else { continue };
            let stamp = Stamp::of(&metadata);
            if stamp == waiting.stamp {
                self.whole.push((stamp, path));
            } else if !self.options.available_now {
                self.let_settle(&path, stamp, now);
            }
        }
    }

    /// Looks through all directories.
    fn scan(&mut self, now: Reading, desk: &mut Desk) {
        self.scans += 1;
        self.next_scan = now.monotonic + self.options.scan;
        let patterns = std::mem::take(&mut self.patterns);
        let mut folders = BTreeSet::new();
        let mut consider = |path: PathBuf, metadata: &Metadata| match metadata.is_dir() {
            true => drop(folders.insert(path)),
            false => self.consider(&path, metadata, false, now, desk),
        };
        let mut found = Found { matched: &mut consider, looked_in: Vec::new(), failed: Vec::new() };
        patterns.iter().for_each(|pattern| pattern.find(&mut found));
        let (mut dirs, mut failed) = (found.looked_in, found.failed);
        let mut consider = |path: PathBuf, metadata: &Metadata| self.consider(&path, metadata, false, now, desk);
        let mut found = Found { matched: &mut consider, looked_in: Vec::new(), failed: Vec::new() };
        for folder in &folders {
            list(folder, &mut found, |path, _, found| {
                if let Ok(metadata) = path.metadata() {
                    (found.matched)(path, &metadata);
                }
            });
        }
        dirs.append(&mut found.looked_in);
        failed.append(&mut found.failed);
        // The directory that a directory comes back to.
        dirs.extend(
            patterns
                .iter()
                .filter(|pattern| pattern.is_literal())
                .filter_map(|pattern| pattern.text().parent().map(Path::to_owned)),
        );
        dirs.sort();
        dirs.dedup();
        (self.dirs, self.patterns) = (dirs, patterns);
        self.tell_failing(&failed);
        self.forget_what_is_gone(&failed);
    }

    /// A directory that vanishes may come back, with the same files.
    fn tell_failing(&mut self, failed: &[(PathBuf, std::io::Error)]) {
        let console = &self.console;
        self.failing.retain(|path| {
            let is_failing = failed.iter().any(|(other, _)| other == path);
            let is_back = !is_failing && self.dirs.contains(path);
            if is_back {
                console.info(&format!("{}: is back", path.display()));
            }
            // Of a file it is seen when it is read.
            is_failing || (!is_back && path.symlink_metadata().is_ok())
        });
        for (path, error) in failed {
            if self.options.available_now {
                self.left_out.add(path, error);
            }
            if self.failing.insert(path.clone()) {
                let message = crate::error::describe(error);
                self.console.warn(&format!("{}: {message}: going on without it, and looking again", path.display()));
            }
        }
    }

    fn forget_what_is_gone(&mut self, failed: &[(PathBuf, std::io::Error)]) {
        let scans = self.scans;
        for (path, known) in &mut self.known {
            if failed.iter().any(|(dir, _)| path.starts_with(dir)) {
                known.seen_in = scans;
            }
        }
        // One look may miss a file that is renamed meanwhile.
        let gone = |known: &Known| known.on_desk.is_none() && known.seen_in + 2 <= scans;
        let gone: Vec<Arc<Path>> =
            self.known.iter().filter(|(_, known)| gone(known)).map(|(path, _)| path.clone()).collect();
        for path in gone {
            self.forget(&path);
        }
    }

    /// The directories that there are now, to find renamed files in.
    fn find_dirs(&self) -> Vec<PathBuf> {
        let mut dirs = Vec::new();
        let mut matched = |path: PathBuf, metadata: &Metadata| {
            if metadata.is_dir() {
                dirs.push(path);
            }
        };
        let mut found = Found { matched: &mut matched, looked_in: Vec::new(), failed: Vec::new() };
        self.patterns.iter().for_each(|pattern| pattern.find(&mut found));
        let looked_in = found.looked_in;
        dirs.extend(looked_in);
        dirs
    }

    /// Whether a file at this path is one of ours.
    fn takes(&self, path: &Path) -> bool {
        self.patterns
            .iter()
            .any(|pattern| pattern.matches(path) || path.parent().is_some_and(|parent| pattern.matches(parent)))
    }
}

/// Files that are still being written, by their names.
pub fn is_left_alone(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    is_hidden(name) || bytes.ends_with(b".tmp") || bytes.ends_with(b"._COPYING_")
}

fn done(path: &Path, stamp: Stamp) -> FileEntry {
    FileEntry { path: path.to_owned(), stamp, is_done: true, ..FileEntry::default() }
}
