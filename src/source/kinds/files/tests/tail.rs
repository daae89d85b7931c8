//! Files that are followed.

use super::*;

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
