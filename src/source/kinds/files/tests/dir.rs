//! Files that are taken once and whole.

use super::*;
use crate::error::{Exit, Failure as _};

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
