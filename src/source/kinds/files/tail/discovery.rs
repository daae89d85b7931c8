//! What the source of files asks of followed files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Tail, failed};
use crate::clock::Reading;
use crate::source::SourceError;
use crate::source::kinds::files::desk::NotTaken;
use crate::source::kinds::files::find::{Finder, files_in, is_rotated_name};
use crate::source::kinds::files::identity::{Stamp, open_regular};
use crate::source::kinds::files::left_out::LeftOut;
use crate::source::kinds::files::{Desk, Discovery, FileEntry, Seen};

impl Discovery for Tail {
    fn look(&mut self, seen: Seen, now: Reading, desk: &mut Desk) -> Result<(), SourceError> {
        if self.options.available_now && self.scans > 0 {
            return Ok(());
        }
        let mut look_everywhere = seen.look_everywhere || self.scans == 0;
        let mut paths: Vec<PathBuf> = seen.paths.into_keys().collect();
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            match path.metadata() {
                Ok(metadata) if metadata.is_file() => files.push((path, metadata)),
                // A directory, or something that is gone.
                _ => look_everywhere = true,
            }
        }
        self.consider_all(files, desk)?;
        if look_everywhere || now.monotonic >= self.next_scan {
            self.scan(now, desk)?;
            if self.scans == 1 && self.is_first_start {
                self.leave_history(desk);
            }
            if self.scans == 1 && self.is_first_start && self.options.from_end {
                // A restart must know that this was the start.
                desk.hurry();
            }
        }
        Ok(())
    }

    fn due(&self) -> Duration {
        if self.options.available_now { Duration::MAX } else { self.next_scan }
    }

    fn look_often(&mut self, every: Duration) {
        self.options.scan = self.options.scan.min(every);
    }

    fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    fn at_end(&mut self, number: u64, now: Reading, desk: &mut Desk) {
        if self.is_over(number, now, desk) {
            desk.end(number);
        }
    }

    fn anew(&mut self, number: u64, desk: &mut Desk) -> Result<(), SourceError> {
        let Some(file) = desk.get(number).and_then(|taken| taken.file()) else { return Ok(()) };
        let stamp = Stamp::of_file(file).map_err(|error| SourceError::read("a followed file", error))?;
        self.look_at(number, stamp, desk)
    }

    fn damaged(&mut self, number: u64, error: &io::Error, desk: &mut Desk) {
        if let Some(taken) = desk.get(number) {
            let (path, read_at) = (&taken.entry.path, taken.read_at());
            self.left_out.add(path, error);
            let error = crate::error::describe(error);
            self.console.warn(&format!("{}: {error}: left out from byte {read_at} on", path.display()));
        }
        desk.end(number);
    }

    fn ended(&mut self, number: u64, desk: &mut Desk) {
        self.unfollow(number);
        // A restart must not look for it.
        desk.hurry();
        if let Some(entry) = desk.drop_file(number) {
            self.end_copies(number, desk);
            self.remember_done(entry);
        }
    }

    fn not_taken(&mut self, entry: &FileEntry, _: NotTaken, _: Reading) {
        self.unfollow(entry.number);
    }

    fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    fn is_complete(&self) -> bool {
        true
    }

    fn restore(&mut self, files: Vec<FileEntry>, is_first: bool, desk: &mut Desk) -> Result<(), SourceError> {
        self.is_first_start = is_first;
        let mut files_by_number = BTreeMap::new();
        for entry in files {
            desk.skip_numbers(entry.number);
            if entry.is_done {
                files_by_number.remove(&entry.number);
                self.remember_done(entry);
            } else {
                files_by_number.insert(entry.number, entry);
            }
        }
        for entry in files_by_number.values() {
            // One that was truncated is done with, and is another now.
            self.done.remove(&entry.stamp.inode);
        }
        let mut newest = BTreeMap::new();
        for (number, entry) in files_by_number {
            if self.has_gone(&entry.path) {
                // How far it was read stays known, should its path come back.
                let entry = FileEntry { is_done: true, ..entry };
                desk.tell_of(entry.clone());
                self.remember_done(entry);
                continue;
            }
            // A name that it was given by a rotation is not its own.
            let original = self.original_of(&entry.path);
            // One that was empty has nothing to go on with: it is found as a new one is, behind
            // what its name had meanwhile.
            let found = if entry.print.length == 0 { None } else { self.finder().find(&entry, entry.offset) };
            let Some((path, file)) = found else {
                self.look_for_loss(&entry, desk)?;
                desk.tell_of(FileEntry { is_done: true, ..entry.clone() });
                desk.hurry();
                let known = entry.stamp;
                let since = FileEntry { path: PathBuf::new(), stamp: Stamp { inode: 0, ..known }, ..entry };
                newest.insert(original, (since, known));
                continue;
            };
            let stamp = Stamp::of_file(&file).map_err(|error| failed(&path, error))?;
            desk.add_known(FileEntry { path: path.clone(), stamp, ..entry.clone() }, file)?;
            if path != entry.path {
                desk.rename(number, &path);
            }
            // As it was when it was seen last, unless this is its copy.
            let is_copy = !stamp.is_same_file(&entry.stamp);
            let since = if is_copy { stamp } else { entry.stamp };
            let found = FileEntry { path: path.clone(), stamp: since, ..entry.clone() };
            self.follow(number, &path, &original, desk)?;
            if is_copy {
                self.mark_as_copy(number);
            }
            newest.insert(original, (found, entry.stamp));
        }
        for (original, (found, known)) in newest {
            if found.path != original {
                self.take_rotated_since(&original, &found, desk)?;
            }
            // What was truncated after it was copied begins anew.
            if !found.stamp.is_same_file(&known) {
                let dir = original.parent().unwrap_or(Path::new("/"));
                let mut paths = files_in(dir, |stamp| stamp.is_same_file(&known));
                paths.retain(|path| self.takes(path) || is_rotated_name(path, &original));
                if let Some(path) = paths.into_iter().next() {
                    let file = open_regular(&path).map_err(|error| failed(&path, error))?;
                    if !self.is_followed(&file).map_err(|error| failed(&path, error))? {
                        self.take_anew(&path, &original, file, desk)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn known(&self) -> Vec<FileEntry> {
        self.done.values().cloned().collect()
    }

    fn finder(&self) -> Finder {
        let (skip_lost, console) = (self.options.skip_lost, self.console.clone());
        Finder { dirs: self.dirs.clone(), copies: true, skip_lost, console }
    }

    fn limit(&self, total: u64, desk: &mut Desk) -> u64 {
        desk.limit(total)
    }
}
