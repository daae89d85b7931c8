//! Both kinds, on a real directory, with a clock that is moved by hand.

mod events;
mod rotation;
mod streams;

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
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

#[test]
fn files_there_before_the_start_come_by_age_then_by_name() {
    let mut world = dir();
    for (name, age_ms) in [("b", 9000), ("a", 9000), ("older", 60_000), ("newer", 5000)] {
        world.append(name, &format!("{name}1\n{name}2"));
        world.age(name, age_ms);
    }
    for name in [".hidden", "x.tmp", "x._COPYING_"] {
        world.append(name, "no\n");
    }
    std::fs::create_dir(world.path("folder")).unwrap();
    world.append("folder/below", "no\n");
    assert_eq!(world.batch(), "older1 older2 a1 a2 b1 b2 newer1 newer2");
    world.advance(60_000);
    assert_eq!(world.batch(), "");
    world.check_again();
}

#[test]
fn a_file_is_whole_when_it_was_renamed_or_has_settled() {
    let mut world = dir();
    assert_eq!(world.batch(), "");
    world.append("slow", "1\n");
    world.age("slow", 0);
    world.append(".fast", "2\n");
    world.age(".fast", 0);
    world.rename(".fast", "fast");
    world.event(&[("slow", false), ("fast", true)]);
    assert_eq!(world.batch(), "2");
    world.advance(1999);
    assert_eq!(world.batch(), "");
    // Written again, just before it would have been whole.
    world.append("slow", "3\n");
    world.touch("slow");
    world.advance(1999);
    assert_eq!(world.batch(), "");
    world.advance(1);
    assert_eq!(world.batch(), "1 3");
    // One that comes with an old time is whole at the next look.
    world.append("old", "4\n");
    world.advance(10_000);
    assert_eq!(world.batch(), "4");
    world.check_again();
}

#[test]
fn a_renamed_file_counts_once_and_a_new_one_under_an_old_name_counts() {
    let mut world = dir();
    world.append("a", "1\n");
    assert_eq!(world.batch(), "1");
    world.rename("a", "b");
    world.event(&[("a", false), ("b", true)]);
    world.advance(10_000);
    assert_eq!(world.batch(), "");
    // Most file systems give the number on the disk to the next file.
    std::fs::remove_file(world.path("b")).unwrap();
    world.append("b", "2\n");
    world.advance(10_000);
    assert_eq!(world.batch(), "2");
    std::fs::hard_link(world.path("b"), world.path("c")).unwrap();
    world.advance(10_000);
    assert_eq!(world.batch(), "");
    // Changed in place after it was taken: it is the same file.
    world.append("b", "3\n");
    world.advance(10_000);
    assert_eq!(world.batch(), "");
    world.restart();
    assert_eq!(world.batch(), "");
}

#[test]
fn what_is_gone_from_the_directory_is_forgotten() {
    let mut world = dir();
    for number in 0..50 {
        world.append(&number.to_string(), "x\n");
    }
    world.batch();
    for number in 0..50 {
        std::fs::remove_file(world.path(&number.to_string())).unwrap();
    }
    for _ in 0..3 {
        world.advance(10_000);
        world.batch();
    }
    world.rebase();
    assert!(world.position.base.len() < 10, "{:?}", world.position.base);
}

#[test]
fn a_directory_that_vanishes_and_comes_back_has_the_same_files() {
    let outer = Rc::new(TempDir::new().unwrap());
    std::fs::create_dir(outer.path().join("in")).unwrap();
    let mut world = dir_with(outer, "in", false, dir_options());
    world.append("in/a", "1\n");
    assert_eq!(world.batch(), "1");
    world.rename("in", "away");
    for _ in 0..4 {
        world.advance(10_000);
        assert_eq!(world.batch(), "");
    }
    world.rename("away", "in");
    world.append("in/b", "2\n");
    world.advance(10_000);
    assert_eq!(world.batch(), "2");
}

#[test]
fn patterns_take_files_of_several_directories() {
    let outer = Rc::new(TempDir::new().unwrap());
    let mut world = dir_with(outer, "*/in", false, dir_options());
    for name in ["x", "y"] {
        std::fs::create_dir_all(world.path(name).join("in")).unwrap();
        world.append(&format!("{name}/in/1"), &format!("{name}1\n"));
    }
    world.age("y/in/1", 9000);
    assert_eq!(world.batch(), "x1 y1".split(' ').collect::<Vec<_>>().join(" "));
    std::fs::create_dir_all(world.path("z/in")).unwrap();
    world.append("z/in/1", "z1\n");
    // From one directory to the other: the same file.
    world.rename("x/in/1", "y/in/2");
    world.advance(10_000);
    assert_eq!(world.batch(), "z1");
    world.check_again();
}

#[test]
fn new_only_leaves_what_was_there_also_after_a_restart() {
    let folder = Rc::new(TempDir::new().unwrap());
    let mut world = dir_with(folder, "", false, DirOptions { new_only: true, ..dir_options() });
    world.append("before", "1\n");
    assert_eq!(world.batch(), "");
    world.append("after", "2\n");
    world.restart();
    assert_eq!(world.batch(), "2");
    world.rebase();
    world.restart();
    assert_eq!(world.batch(), "");
}

#[test]
fn a_file_larger_than_a_batch_goes_on_in_the_next_after_a_restart_too() {
    let mut world = dir();
    world.append("a", "1\n2\n3\n4\n5");
    world.append("b", "6\n");
    world.age("a", 9000);
    world.age("b", 8000);
    assert_eq!(world.try_batch(2).unwrap(), "1 2");
    world.restart();
    world.rename("a", "c");
    world.restart();
    assert_eq!(world.try_batch(2).unwrap(), "3 4");
    world.rebase();
    world.restart();
    assert_eq!(world.batch(), "5 6");
    world.restart();
    assert_eq!(world.batch(), "");
    world.check_again();
}

#[test]
fn each_csv_file_has_its_own_header_and_rows_may_have_several_lines() {
    let mut world = dir_with(Rc::new(TempDir::new().unwrap()), "", true, dir_options());
    world.append("1", "a,b\n1,\"x\ny\"\n2,z\n3,\"q\n");
    world.append("2", "c\n4\n");
    world.age("1", 9000);
    world.age("2", 8000);
    let batches: Vec<String> = (0..5).map(|_| world.try_batch(1).unwrap()).collect();
    assert_eq!(batches, ["{a:1,b:x\\ny}", "{a:2,b:z}", "{c:4}", "", ""]);
    assert_eq!(world.bad, ["3,\"q\n"]);
    world.check_again();
    world.restart();
    world.check_again();
}

#[test]
fn what_is_gone_is_told_with_its_range() {
    let mut world = dir();
    world.append("a", "1\n2\n");
    assert_eq!(world.try_batch(1).unwrap(), "1");
    world.batch();
    std::fs::remove_file(world.path("a")).unwrap();
    world.append("a", "1\n2\n");
    let delta = world.batches[1].0.clone();
    let error = world.again(&delta).unwrap_err();
    assert_eq!(error.exit(), Exit::Checkpoint);
    assert!(error.to_string().contains("/a, bytes 2 to 4: the file was removed"), "{error}");
    world.position.since.truncate(1);
    let error = world.try_restart().unwrap_err();
    assert!(error.to_string().contains("/a, from byte 2 on: "), "{error}");
}

#[test]
fn available_now_takes_what_was_there_and_the_next_run_what_is_new() {
    let folder = Rc::new(TempDir::new().unwrap());
    let mut world = dir_with(folder, "", false, DirOptions { available_now: true, ..dir_options() });
    world.append("a", "1\n");
    world.append("settles", "2\n");
    world.age("settles", 0);
    world.append("grows", "3\n");
    world.age("grows", 0);
    assert_eq!(world.batch(), "1");
    assert!(!world.source.discovery.is_complete());
    world.append("late", "4\n");
    world.append("grows", "5\n");
    world.advance(2000);
    assert_eq!(world.batch(), "2");
    assert_eq!(world.source.wait(Duration::ZERO).unwrap(), Came::Stop);
    world.advance(2000);
    world.restart();
    world.age("grows", 0);
    world.age("late", 3000);
    assert_eq!(world.batch(), "late".replace("late", "4") + " 3 5");
}

#[test]
fn a_file_that_changes_between_listing_and_reading_settles_again() {
    let mut world = dir();
    world.append("a", "1\n2\n3\n");
    world.append("b", "4\n");
    world.age("a", 9000);
    world.age("b", 8000);
    world.source.look().unwrap();
    // Begun anew, and shorter.
    std::fs::write(world.path("a"), "5\n").unwrap();
    world.touch("a");
    assert_eq!(world.batch(), "4");
    world.append("a", "6\n");
    world.touch("a");
    world.advance(1999);
    assert_eq!(world.batch(), "");
    world.advance(1);
    assert_eq!(world.batch(), "5 6");
    world.check_again();
}

#[test]
fn a_begun_file_is_not_taken_for_one_that_was_left() {
    let folder = Rc::new(TempDir::new().unwrap());
    let mut world = dir_with(folder, "", false, DirOptions { new_only: true, ..dir_options() });
    world.append("z", "left\n");
    assert_eq!(world.batch(), "");
    world.append("a", "1\n2\n3\n");
    world.advance(10_000);
    assert_eq!(world.try_batch(1).unwrap(), "1");
    world.rebase();
    world.restart();
    assert_eq!(world.batch(), "2 3");
}

#[test]
fn packed_files_are_read_as_what_they_hold() {
    let mut world = dir_with(Rc::new(TempDir::new().unwrap()), "", true, dir_options());
    std::fs::write(world.path("1.csv.gz"), gzip("a,b\n1,2\n3,4\n")).unwrap();
    world.append("2.csv", "c\n5\n");
    let cut = gzip("d\n6\n");
    std::fs::write(world.path("3.csv.gz"), &cut[..cut.len() - 4]).unwrap();
    world.append("4.csv", "e\n7\n");
    for (name, age_ms) in [("1.csv.gz", 9000), ("2.csv", 8000), ("3.csv.gz", 7000), ("4.csv", 6000)] {
        world.age(name, age_ms);
    }
    assert_eq!(world.try_batch(1).unwrap(), "{a:1,b:2}");
    world.restart();
    // In the middle of a packed file; and one that is damaged does not stop the others.
    assert_eq!(world.batch(), "{a:3,b:4} {c:5} {e:7}");
    world.check_again();
}

#[test]
fn many_files_take_time_in_proportion() {
    let mut world = dir();
    for number in 0..3000 {
        world.append(&format!("{number:04}"), "x\n");
    }
    let records = world.batch();
    assert_eq!(records.split(' ').count(), 3000);
    assert!(world.batches[0].0.len() < 3000 * 60, "{}", world.batches[0].0.len());
    world.check_again();
}

#[test]
fn a_growing_file_is_followed_by_whole_lines() {
    let mut world = tail();
    assert_eq!(world.batch(), "");
    world.append("app.log", "1\n2\nhal");
    world.advance(1000);
    assert_eq!(world.batch(), "1 2");
    world.append("app.log", "f\n");
    world.event(&[("app.log", false)]);
    assert_eq!(world.batch(), "half");
    world.append("app.log", &"x".repeat(150));
    world.advance(1000);
    assert_eq!(world.batch(), "");
    world.append("app.log", "\nafter\n");
    world.restart();
    assert_eq!(world.batch(), "after");
    assert_eq!(world.bad.len(), 1);
    world.check_again();
}

#[test]
fn a_renamed_file_is_drained_before_the_new_one() {
    let mut world = tail();
    world.append("app.log", "1\n");
    assert_eq!(world.batch(), "1");
    world.append("app.log", "2\n");
    world.rename("app.log", "app.log.1");
    world.append("app.log.1", "3\n");
    world.append("app.log", "4\n");
    world.event(&[("app.log", false), ("app.log.1", true)]);
    assert_eq!(world.batch(), "2 3 4");
    // Somebody writes to the old one still.
    world.append("app.log.1", "5\n6");
    world.advance(1000);
    assert_eq!(world.batch(), "5");
    for _ in 0..5 {
        world.advance(1000);
        world.batch();
    }
    // Its last line had no newline; now it is done with.
    assert_eq!(
        world.batches.iter().map(|(_, block)| block.as_str()).collect::<String>(),
        "\"1\"\n\"2\"\n\"3\"\n\"4\"\n\"5\"\n\"6\"\n"
    );
    std::fs::remove_file(world.path("app.log.1")).unwrap();
    world.restart();
    world.append("app.log", "7\n");
    assert_eq!(world.batch(), "7");
}

#[test]
fn a_truncated_file_begins_anew_and_its_copy_has_the_rest() {
    let mut world = tail();
    world.append("app.log", "1\n2\n");
    assert_eq!(world.batch(), "1 2");
    world.append("app.log", "3\n");
    std::fs::copy(world.path("app.log"), world.path("app.log.1")).unwrap();
    std::fs::write(world.path("app.log"), "4\n").unwrap();
    world.advance(1000);
    assert_eq!(world.batch(), "3 4");
    // Longer than before at once, and with no copy.
    std::fs::write(world.path("app.log"), "5 is longer\n").unwrap();
    world.advance(1000);
    assert_eq!(world.batch(), "5 is longer");
    // As long as before.
    std::fs::write(world.path("app.log"), "6 is longer\n").unwrap();
    world.advance(1000);
    assert_eq!(world.batch(), "6 is longer");
}

#[test]
fn rotations_while_the_source_is_stopped() {
    let mut world = tail();
    world.append("app.log", "1\n2\n");
    assert_eq!(world.try_batch(1).unwrap(), "1");
    for next in ["3\n", "4\n", "5\n"] {
        world.append("app.log", next);
        world.rename("app.log", "rotating");
        for number in (1..4).rev() {
            let _ = std::fs::rename(
                world.path(&format!("app.log.{number}")),
                world.path(&format!("app.log.{}", number + 1)),
            );
        }
        world.rename("rotating", "app.log.1");
    }
    world.append("app.log", "6\n");
    world.append("app.log.audit", "no\n");
    world.restart();
    assert_eq!(world.batch(), "2 3 4 5 6");
    world.check_again();
    world.restart();
    assert_eq!(world.batch(), "");
    // Packed before it was read: it cannot be known what is missing.
    world.append("app.log", "7\n");
    world.rename("app.log", "app.log.5.gz");
    std::fs::write(world.path("app.log.5.gz"), "packed").unwrap();
    let error = world.try_restart().unwrap_err();
    assert!(error.to_string().contains("/app.log, from byte 2 on: "), "{error}");
}

#[test]
fn a_copy_made_while_the_source_was_stopped() {
    let mut world = tail();
    world.append("app.log", "1\n2\n");
    assert_eq!(world.try_batch(1).unwrap(), "1");
    std::fs::copy(world.path("app.log"), world.path("app.log.1")).unwrap();
    std::fs::write(world.path("app.log"), "3\n").unwrap();
    world.restart();
    assert_eq!(world.batch(), "2 3");
    world.check_again();
}

#[test]
fn patterns_take_up_new_files_from_their_beginning() {
    let folder = Rc::new(TempDir::new().unwrap());
    let mut world = tail_with(folder, "*.log", false, TailOptions { from_end: true, ..tail_options() });
    world.append("a.log", "before\nhal");
    assert_eq!(world.batch(), "");
    world.restart();
    world.append("a.log", "f\n");
    world.append("b.log", "1\n");
    world.advance(1000);
    assert_eq!(world.batch(), "half 1");
    // Away and back again, the same file.
    world.rename("b.log", "b.away");
    world.advance(1000);
    assert_eq!(world.batch(), "");
    world.rename("b.away", "b.log");
    world.append("b.log", "2\n");
    world.advance(1000);
    assert_eq!(world.batch(), "2");
    // Away, and another one.
    std::fs::remove_file(world.path("b.log")).unwrap();
    world.advance(1000);
    world.append("b.log", "3\n");
    world.advance(1000);
    assert_eq!(world.batch(), "3");
}

#[test]
fn available_now_leaves_what_comes_later_and_an_unfinished_line() {
    let folder = Rc::new(TempDir::new().unwrap());
    let mut world = tail_with(folder, "app.log", false, TailOptions { available_now: true, ..tail_options() });
    world.append("app.log", "1\n2\n3");
    assert_eq!(world.try_batch(1).unwrap(), "1");
    world.append("app.log", "4\n");
    assert_eq!(world.batch(), "2");
    assert_eq!(world.source.wait(Duration::ZERO).unwrap(), Came::Stop);
    world.restart();
    assert_eq!(world.batch(), "34");
}

/// What can happen to a log, and to the source.
#[derive(Clone, Debug)]
enum Happens {
    Lines(u8),
    HalfALine,
    Rename,
    Copy,
    Take(u8),
    Restart,
    Rebase,
    Wait(u16),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (1u8..9).prop_map(Happens::Lines),
        1 => Just(Happens::HalfALine),
        1 => Just(Happens::Rename),
        1 => Just(Happens::Copy),
        4 => (0u8..9).prop_map(Happens::Take),
        1 => Just(Happens::Restart),
        1 => Just(Happens::Rebase),
        2 => (0u16..3000).prop_map(Happens::Wait),
    ]
}

/// A log that is written and rotated.
#[derive(Default)]
struct Log {
    next: u32,
    is_open: bool,
}

impl Log {
    fn line(&mut self, world: &World<Tail>, whole: bool) {
        if !std::mem::replace(&mut self.is_open, true) {
            world.append("app.log", &format!("line {} ", self.next));
        }
        if whole {
            world.append("app.log", "is over\n");
            self.next += 1;
            self.is_open = false;
        }
    }

    fn rotate(&mut self, world: &World<Tail>, copies: bool) {
        if self.is_open {
            self.line(world, true);
        }
        for number in (1..30).rev() {
            let name = |number: u32| world.path(&format!("app.log.{number}"));
            let _ = std::fs::rename(name(number), name(number + 1));
        }
        if copies {
            let _ = std::fs::copy(world.path("app.log"), world.path("app.log.1"));
            File::create(world.path("app.log")).unwrap();
        } else {
            let _ = std::fs::rename(world.path("app.log"), world.path("app.log.1"));
            File::create(world.path("app.log")).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_line_comes_once_and_in_order_whatever_happens(
        (glob, steps) in (any::<bool>(), prop::collection::vec(happens(), 1..40)),
    ) {
        // A pattern may match what the log becomes too.
        let name = if glob { "app.log*" } else { "app.log" };
        let mut world = tail_with(Rc::new(TempDir::new().unwrap()), name, false, tail_options());
        let mut log = Log::default();
        // A file that was never seen has no history that could be followed.
        log.line(&world, true);
        world.batch();
        for step in &steps {
            match step {
                Happens::Lines(count) => (0..*count).for_each(|_| log.line(&world, true)),
                Happens::HalfALine => log.line(&world, false),
                Happens::Rename => log.rotate(&world, false),
                Happens::Copy => {
                    if log.is_open {
                        log.line(&world, true);
                    }
                    log.rotate(&world, true);
                }
                Happens::Take(most) => drop(world.try_batch(u64::from(*most)).unwrap()),
                Happens::Restart => world.restart(),
                Happens::Rebase => world.rebase(),
                Happens::Wait(ms) => world.advance(u64::from(*ms)),
            }
        }
        log.line(&world, true);
        world.advance(1000);
        world.batch();
        let all: String = world.batches.iter().map(|(_, block)| block.as_str()).collect();
        let want: String = (0..log.next).map(|number| format!("\"line {number} is over\"\n")).collect();
        prop_assert_eq!(all, want);
        world.check_again();
        world.restart();
        world.check_again();
    }
}
