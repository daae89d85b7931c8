//! What the source of files asks of followed files.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Tail, failed};
use crate::clock::Reading;
use crate::source::SourceError;
use crate::source::kinds::files::find::{Finder, files_in, is_rotated_name};
use crate::source::kinds::files::identity::Stamp;
use crate::source::kinds::files::pattern::Pattern;
use crate::source::kinds::files::{Desk, Discovery, FileEntry, Seen};

impl Discovery for Tail {
    fn look(&mut self, seen: Seen, now: Reading, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        if self.options.available_now && self.scans > 0 {
            return Ok(());
        }
        let mut look_everywhere = seen.look_everywhere || self.scans == 0;
        let mut paths: Vec<PathBuf> = seen.paths.into_keys().collect();
        paths.sort();
        for path in paths {
            match path.metadata() {
                Ok(metadata) if metadata.is_file() => self.consider(&path, &metadata, desk)?,
                // A directory, or something that is gone.
                _ => look_everywhere = true,
            }
        }
        if look_everywhere || now.monotonic >= self.next_scan {
            self.scan(now, desk)?;
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

    fn at_end(&mut self, number: u64, now: Reading, desk: &mut Desk<'_>) {
        let Some(followed) = self.followed.get(&number) else { return };
        let unchanged_for = now.wall.saturating_sub(Duration::from_nanos(followed.stamp.modified_ns));
        // What was rotated before this run, and is not written any more, ends with it.
        let is_over =
            self.options.available_now && followed.left_since.is_some() && unchanged_for >= self.options.drain;
        if is_over || followed.is_copy {
            desk.end(number);
        }
    }

    fn ended(&mut self, number: u64, desk: &mut Desk<'_>) {
        self.unfollow(number);
        desk.drop_file(number);
        // A restart must not look for it.
        desk.hurry();
    }

    fn gone(&mut self, entry: &FileEntry) {
        self.unfollow(entry.number);
    }

    fn is_complete(&self) -> bool {
        true
    }

    fn restore(&mut self, files: Vec<FileEntry>, is_first: bool, desk: &mut Desk<'_>) -> Result<(), SourceError> {
        self.is_first_start = is_first;
        let mut files_by_number = BTreeMap::new();
        for entry in files {
            desk.skip_numbers(entry.number);
            match entry.is_done {
                true => files_by_number.remove(&entry.number),
                false => files_by_number.insert(entry.number, entry),
            };
        }
        let mut newest = BTreeMap::new();
        for (number, entry) in files_by_number {
            let Some((path, file)) = self.finder().find(&entry, entry.offset) else {
                // Of one that was empty when it was seen, nothing is known to be missing.
                if entry.print.length > 0 {
                    self.finder().lost(&entry, &format!("from byte {} on", entry.offset))?;
                }
                desk.tell_of(FileEntry { is_done: true, ..entry });
                desk.hurry();
                continue;
            };
            let stamp = Stamp::of_file(&file).map_err(|error| failed(&path, error))?;
            desk.add_known(FileEntry { path: path.clone(), stamp, ..entry.clone() }, file)?;
            // As it was when it was seen last, unless this is its copy.
            let is_copy = !stamp.is_same_file(&entry.stamp);
            let since = if is_copy { stamp } else { entry.stamp };
            let found = FileEntry { path: path.clone(), stamp: since, ..entry.clone() };
            // A name that it was given by a rotation is not its own.
            let original = self.patterns.iter().map(Pattern::text).find(|text| is_rotated_name(&entry.path, text));
            let original = original.map_or(entry.path.clone(), Path::to_owned);
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
                if let Some(path) = files_in(dir, |stamp| stamp.is_same_file(&known)).into_iter().next() {
                    let file = File::open(&path).map_err(|error| failed(&path, error))?;
                    self.take_anew(&path, &original, file, desk)?;
                }
            }
        }
        Ok(())
    }

    fn known(&self) -> Vec<FileEntry> {
        Vec::new()
    }

    fn finder(&self) -> Finder {
        let (skip_lost, console) = (self.options.skip_lost, self.console.clone());
        Finder { dirs: self.dirs.clone(), copies: true, skip_lost, console }
    }

    fn limit(&self, total: u64, desk: &mut Desk<'_>) -> u64 {
        desk.limit(total)
    }
}
