//! What the source of files asks of directories.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{Dir, Waiting, done};
use crate::clock::Reading;
use crate::source::SourceError;
use crate::source::kinds::files::desk::NotTaken;
use crate::source::kinds::files::find::Finder;
use crate::source::kinds::files::left_out::LeftOut;
use crate::source::kinds::files::{Desk, Discovery, FileEntry, Seen};

impl Discovery for Dir {
    fn look(&mut self, seen: Seen, now: Reading, desk: &mut Desk) -> Result<(), SourceError> {
        let mut look_everywhere = seen.look_everywhere || self.scans == 0;
        for (path, was_renamed) in seen.paths {
            match path.metadata() {
                Ok(metadata) if metadata.is_dir() => look_everywhere = true,
                Ok(metadata) if self.takes(&path) => self.consider(&path, &metadata, was_renamed, now, desk),
                Ok(_) => {}
                // A directory that is gone.
                Err(_) => look_everywhere |= self.dirs.contains(&path),
            }
        }
        if look_everywhere || (now.monotonic >= self.next_scan && !self.options.available_now) {
            self.scan(now, desk);
            if self.scans == 1 && self.is_first_start && self.options.new_only {
                // A restart must know that this was the start.
                desk.hurry();
            }
        }
        self.look_at_waiting(now);
        let mut whole = std::mem::take(&mut self.whole);
        whole.sort_by(|(a, a_path), (b, b_path)| (a.modified_ns, a_path).cmp(&(b.modified_ns, b_path)));
        for (stamp, path) in whole {
            let number = desk.add(path.clone(), stamp);
            self.know(&path, stamp, Some(number));
        }
        Ok(())
    }

    fn due(&self) -> Duration {
        let waiting = self.waiting_due.first().map_or(Duration::MAX, |(due, _)| *due);
        if self.options.available_now { waiting } else { waiting.min(self.next_scan) }
    }

    fn look_often(&mut self, every: Duration) {
        self.options.scan = self.options.scan.min(every);
    }

    fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    fn at_end(&mut self, number: u64, _: Reading, desk: &mut Desk) {
        desk.end(number);
    }

    fn anew(&mut self, number: u64, desk: &mut Desk) -> Result<(), SourceError> {
        if let Some(taken) = desk.get(number) {
            self.console.warn(&format!(
                "{}: was written anew while it was read, after {} bytes, and is not read on: write a new file instead",
                taken.entry.path.display(),
                taken.read_at()
            ));
        }
        desk.end(number);
        Ok(())
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
        if let Some(entry) = desk.drop_file(number) {
            self.failing.remove(&entry.path);
            self.forget(&entry.path);
            self.know(&entry.path, entry.stamp, None);
        }
    }

    fn not_taken(&mut self, entry: &FileEntry, why: NotTaken, now: Reading) {
        let path = &entry.path;
        self.forget(path);
        let stamp = entry.stamp;
        match why {
            NotTaken::Gone => {
                self.console.info(&format!("{}: gone before it was read", path.display()));
                // It may have been renamed.
                self.next_scan = Duration::ZERO;
            }
            NotTaken::Changed => self.wait_for(path, Some(Waiting { stamp, due: now.monotonic })),
            NotTaken::Failed(error) => {
                if self.failing.insert(path.clone()) {
                    let error = crate::error::describe(&error);
                    let again = if self.options.available_now { "" } else { ", and tried again" };
                    self.console.warn(&format!("{}: {error}: left out{again}", path.display()));
                }
                if self.options.available_now {
                    self.left_out.add(path, &error);
                } else {
                    self.wait_for(path, Some(Waiting { stamp, due: now.monotonic + self.options.scan }));
                }
            }
        }
    }

    fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    fn is_complete(&self) -> bool {
        self.waiting.is_empty()
    }

    fn restore(&mut self, files: Vec<FileEntry>, is_first: bool, desk: &mut Desk) -> Result<(), SourceError> {
        self.is_first_start = is_first;
        self.dirs = self.find_dirs();
        let mut begun = BTreeMap::new();
        for entry in files {
            desk.skip_numbers(entry.number);
            if entry.is_done {
                begun.remove(&entry.number);
                self.forget(&entry.path);
                self.know(&entry.path, entry.stamp, None);
            } else {
                begun.insert(entry.number, entry);
            }
        }
        for (_, mut entry) in begun {
            match self.finder().find(&entry, entry.offset) {
                Some((path, file)) => {
                    entry.path = path.clone();
                    let stamp = entry.stamp;
                    let number = desk.add_known(entry, file)?;
                    self.know(&path, stamp, Some(number));
                }
                None => {
                    self.finder().lost(&entry, &format!("from byte {} on", entry.offset))?;
                    desk.tell_of(FileEntry { is_done: true, ..entry });
                    desk.hurry();
                }
            }
        }
        Ok(())
    }

    fn known(&self) -> Vec<FileEntry> {
        let taken = self.known.iter().filter(|(_, known)| known.on_desk.is_none());
        taken.map(|(path, known)| done(path, known.stamp)).collect()
    }

    fn finder(&self) -> Finder {
        let (skip_lost, console) = (self.options.skip_lost, self.console.clone());
        Finder { dirs: self.dirs.clone(), copies: false, skip_lost, console }
    }

    fn limit(&self, total: u64, desk: &mut Desk) -> u64 {
        desk.limit_whole(total)
    }
}
