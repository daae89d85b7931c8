//! Both kinds, on a real directory, with a clock that is moved by hand.

mod dir;
mod events;
mod happenings;
mod rotation;
mod streams;
mod tail;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::dir::{Dir, DirOptions};
use super::tail::{Tail, TailOptions};
use super::*;
use crate::clock::testing::ManualClock;
use crate::console::Level;
use crate::record::forms::{Form, Recipe};
use crate::source::kinds::packing::testing::gzip;

/// All files are old by this clock, in ms since the epoch, unless told otherwise.
const NOW_MS: u64 = 2_000_000_000_000;

/// A source, and what a checkpoint would keep of it.
struct World<D> {
    folder: Rc<TempDir>,
    clock: &'static ManualClock,
    source: FileSource<'static, D>,
    make: Box<dyn Fn() -> (D, bool)>,
    recipe: Recipe,
    position: Position,
    batches: Vec<(Vec<u8>, String)>,
    bad: Vec<String>,
}

fn console() -> Console {
    Console::new("test", Level::Error)
}

impl<D: Discovery> World<D> {
    fn new(folder: Rc<TempDir>, one_by_one: bool, recipe: Recipe, make: impl Fn() -> (D, bool) + 'static) -> World<D> {
        World::at(NOW_MS, folder, one_by_one, recipe, make)
    }

    fn at(
        now_ms: u64,
        folder: Rc<TempDir>,
        one_by_one: bool,
        recipe: Recipe,
        make: impl Fn() -> (D, bool) + 'static,
    ) -> World<D> {
        let clock: &'static ManualClock = Box::leak(Box::new(ManualClock::at(now_ms)));
        let source = open(make(), clock, one_by_one, &recipe);
        let mut world = World {
            folder,
            clock,
            source,
            make: Box::new(make),
            recipe,
            position: Position::default(),
            batches: Vec::new(),
            bad: Vec::new(),
        };
        world.source.restore(&Position::default()).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    /// The file was changed so long before `NOW_MS`.
    fn age(&self, name: &str, age_ms: u64) {
        let modified: SystemTime = UNIX_EPOCH + Duration::from_millis(NOW_MS - age_ms);
        File::options().write(true).open(self.path(name)).unwrap().set_modified(modified).unwrap();
    }

    /// The file was changed now.
    fn touch(&self, name: &str) {
        let modified: SystemTime = UNIX_EPOCH + self.clock.read().wall;
        File::options().write(true).open(self.path(name)).unwrap().set_modified(modified).unwrap();
    }

    fn advance(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
    }

    /// An event comes for these paths.
    fn event(&mut self, paths: &[(&str, bool)]) {
        let paths: HashMap<PathBuf, bool> = paths.iter().map(|(name, renamed)| (self.path(name), *renamed)).collect();
        let seen = Seen { paths, look_everywhere: false };
        let now = self.clock.read();
        self.source.discovery.look(seen, now, &mut self.source.desk).unwrap();
    }

    /// Everything there is now, as a batch.
    fn batch(&mut self) -> String {
        self.try_batch(u64::MAX).unwrap()
    }

    fn try_batch(&mut self, most: u64) -> Result<String, SourceError> {
        let mut block = Vec::new();
        let mut records = 0;
        while records < most && (self.source.has_records() || self.source.wait(Duration::ZERO)? == Came::Something) {
            let room = Room { records: most - records, bytes: 1 << 20 };
            let bad = &mut self.bad;
            records += self.source.take(room, &mut block, &mut |line, _| {
                bad.push(String::from_utf8_lossy(line).into_owned());
                Ok(())
            })?;
        }
        assert_eq!(records, block.iter().filter(|byte| **byte == b'\n').count() as u64);
        let mut delta = Vec::new();
        self.source.position(&mut delta);
        self.position.since.push(delta.clone());
        self.batches.push((delta, String::from_utf8(block).unwrap()));
        Ok(self.batches.last().unwrap().1.replace('"', "").replace('\n', " ").trim_end().to_owned())
    }

    /// A base takes the place of what came before.
    fn rebase(&mut self) {
        let mut base = Vec::new();
        self.source.base(&mut base);
        self.position = Position { base, since: Vec::new() };
    }

    /// The process is killed and started again.
    fn restart(&mut self) {
        self.try_restart().unwrap();
    }

    fn try_restart(&mut self) -> Result<(), SourceError> {
        let one_by_one = self.source.desk.is_one_by_one();
        self.source = open((self.make)(), self.clock, one_by_one, &self.recipe);
        self.source.restore(&self.position)
    }

    /// Every batch comes again as it was.
    fn check_again(&mut self) {
        for (delta, want) in self.batches.clone() {
            assert_eq!(self.again(&delta).unwrap(), want);
        }
    }

    fn again(&mut self, delta: &[u8]) -> Result<String, SourceError> {
        self.source.begin_again(delta)?;
        let mut all = String::new();
        let mut block = Vec::new();
        while let Some(records) = self.source.next_again(&mut block, &mut |_, _| Ok(()))? {
            assert_eq!(records, block.iter().filter(|byte| **byte == b'\n').count() as u64);
            all.push_str(std::str::from_utf8(&block).unwrap());
            block.clear();
        }
        Ok(all)
    }
}

fn open<D: Discovery>(
    (discovery, now): (D, bool),
    clock: &'static ManualClock,
    one: bool,
    recipe: &Recipe,
) -> FileSource<'static, D> {
    let lines = Lines { recipe: recipe.clone(), max_line: 100 };
    FileSource::new(discovery, Desk::new(lines, one, console()), None, clock, now, console())
}

fn form(csv: bool) -> Recipe {
    Recipe { form: if csv { Form::Csv } else { Form::Text }, ..Recipe::default() }
}

fn dir_options() -> DirOptions {
    let (settle, scan) = (Duration::from_secs(2), Duration::from_secs(10));
    DirOptions { settle, new_only: false, scan, available_now: false, skip_lost: false }
}

fn dir_with(folder: Rc<TempDir>, pattern: &str, csv: bool, options: DirOptions) -> World<Dir> {
    let path = folder.path().join(pattern);
    World::new(folder, true, form(csv), move || {
        (Dir::new(std::slice::from_ref(&path), options.clone(), console()).unwrap(), options.available_now)
    })
}

fn dir() -> World<Dir> {
    dir_with(Rc::new(TempDir::new().unwrap()), "", false, dir_options())
}

fn tail_options() -> TailOptions {
    let (scan, drain) = (Duration::from_secs(1), Duration::from_secs(5));
    TailOptions { from_end: false, scan, drain, available_now: false, skip_lost: false, gone: Vec::new() }
}

fn tail_with(folder: Rc<TempDir>, pattern: &str, csv: bool, options: TailOptions) -> World<Tail> {
    let path = folder.path().join(pattern);
    World::new(folder, false, form(csv), move || {
        (Tail::new(std::slice::from_ref(&path), options.clone(), console()).unwrap(), options.available_now)
    })
}

fn tail() -> World<Tail> {
    tail_with(Rc::new(TempDir::new().unwrap()), "app.log", false, tail_options())
}
