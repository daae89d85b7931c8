//! Events of several lines, over batches, restarts and rotations.

use regex::bytes::Regex;

use proptest::prelude::*;

use super::*;
use crate::record::forms::Field;
use crate::record::forms::events::{Belonging, Joining, Most, Patterns};

/// A line with a space at its beginning belongs to the one before.
fn indented() -> Recipe {
    let patterns = Patterns { proceed: Some(Regex::new("^ ").unwrap()), ..Patterns::default() };
    let most = Most { lines: 5, bytes: 100 };
    let joining = Joining::new(Belonging::Patterns(patterns), most, Duration::from_secs(1));
    Recipe { joining: Some(joining), ..Recipe::default() }
}

pub(super) fn tail_of(recipe: Recipe, options: TailOptions) -> World<Tail> {
    let folder = Rc::new(TempDir::new().unwrap());
    let path = folder.path().join("app.log");
    World::new(folder, false, recipe, move || {
        (Tail::new(std::slice::from_ref(&path), options.clone(), console()).unwrap(), options.available_now)
    })
}

impl World<Tail> {
    /// Lines are written now, and seen.
    pub(super) fn write(&mut self, text: &str) {
        self.append("app.log", text);
        self.touch("app.log");
        self.event(&[("app.log", false)]);
    }
}

#[test]
fn an_event_comes_when_it_is_complete() {
    let mut world = tail_of(indented(), tail_options());
    world.write("a\n 1\n");
    assert_eq!(world.batch(), "");
    world.write(" 2\nb\n 3");
    assert_eq!(world.batch(), "a\\n 1\\n 2");
    // Half a line says that there is more to come.
    world.advance(5000);
    assert_eq!(world.batch(), "");
    world.write("\n");
    world.advance(900);
    assert_eq!(world.batch(), "");
    world.advance(200);
    assert_eq!(world.batch(), "b\\n 3");
    // Nobody knew that there would be more.
    world.write(" 4\nc\n");
    assert_eq!(world.batch(), " 4");
    world.restart();
    world.write(" 5\nd\n");
    assert_eq!(world.batch(), "c\\n 5");
    world.check_again();
}

#[test]
fn an_event_that_timed_out_within_a_batch_comes_again_as_it_was() {
    let mut world = tail_of(indented(), tail_options());
    let mut block = Vec::new();
    world.write("a\n");
    for text in [" 1\n", " 2\nb\n"] {
        let mut take = |world: &mut World<Tail>| {
            while world.source.has_records() || world.source.wait(Duration::ZERO).unwrap() == Came::Something {
                let room = Room { records: 100, bytes: 1000 };
                world.source.take(room, &mut block, &mut |_, _| Ok(())).unwrap();
            }
        };
        take(&mut world);
        world.advance(2000);
        take(&mut world);
        world.write(text);
    }
    world.batches.push((Vec::new(), String::from_utf8(block).unwrap()));
    world.source.position(&mut world.batches[0].0);
    assert_eq!(world.batches[0].1, "\"a\"\n\" 1\"\n");
    world.check_again();
}

#[test]
fn a_run_from_cron_gives_what_has_been_complete_for_long_enough() {
    let mut world = tail_of(indented(), TailOptions { available_now: true, ..tail_options() });
    world.append("app.log", "a\n 1\nb\n 2\n");
    world.age("app.log", 400);
    assert_eq!(world.batch(), "a\\n 1");
    world.advance(600);
    assert_eq!(world.batch(), "b\\n 2");
    world.append("app.log", "c\n");
    world.age("app.log", 60_000);
    world.restart();
    assert_eq!(world.batch(), "c");
    world.check_again();
}

#[test]
fn a_rotated_file_ends_its_event() {
    let mut world = tail_of(indented(), tail_options());
    world.write("a\n 1");
    assert_eq!(world.batch(), "");
    world.rename("app.log", "app.log.1");
    world.event(&[("app.log.1", false)]);
    world.advance(20_000);
    assert_eq!(world.batch(), "");
    world.advance(20_000);
    assert_eq!(world.batch(), "a\\n 1");
    world.check_again();
}

/// As [`indented`], and waits for an hour.
fn patient() -> Recipe {
    let patterns = Patterns { proceed: Some(Regex::new("^ ").unwrap()), ..Patterns::default() };
    let most = Most { lines: 500, bytes: 1000 };
    let joining = Joining::new(Belonging::Patterns(patterns), most, Duration::from_secs(3600));
    Recipe { joining: Some(joining), ..Recipe::default() }
}

#[test]
fn an_event_goes_on_in_the_file_that_takes_the_place_of_its_own() {
    let mut world = tail_of(patient(), tail_options());
    world.write("a\n 1\n");
    assert_eq!(world.batch(), "");
    world.rename("app.log", "app.log.1");
    world.write(" 2\n");
    world.event(&[("app.log.1", false)]);
    assert_eq!(world.batch(), "");
    world.advance(20_000);
    assert_eq!(world.batch(), "");
    world.restart();
    world.write(" 3\nb\n");
    assert_eq!(world.batch(), "a\\n 1\\n 2\\n 3");
    world.rename("app.log", "app.log.2");
    world.write("c\n 4\n");
    assert_eq!(world.batch(), "b");
    // The old one gets a line all the same.
    world.rename("app.log", "app.log.3");
    world.write(" 5\n");
    assert_eq!(world.batch(), "");
    world.append("app.log.3", "d\n");
    world.touch("app.log.3");
    world.event(&[("app.log.3", false)]);
    assert_eq!(world.batch(), "c\\n 4\\n 5");
    world.check_again();
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Begin,
    GoOn,
    Rename,
    Copytruncate,
    Batch,
    Restart,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn events_are_whole_over_rotations_and_restarts(
        acts in prop::collection::vec(prop::sample::select(vec![
            Act::Begin, Act::GoOn, Act::GoOn, Act::Rename, Act::Copytruncate, Act::Batch, Act::Batch, Act::Restart,
        ]), 1..30),
    ) {
        let mut world = tail_of(patient(), tail_options());
        let mut lines = Vec::new();
        let mut rotations = 0;
        for (number, act) in acts.iter().enumerate() {
            match act {
                Act::Begin | Act::GoOn => {
                    let line = format!("{}{number}", if matches!(act, Act::GoOn) { " " } else { "" });
                    world.write(&format!("{line}\n"));
                    lines.push(line);
                }
                Act::Rename | Act::Copytruncate if world.path("app.log").exists() => {
                    // What was written was seen before it is rotated.
                    world.batch();
                    rotations += 1;
                    let old = format!("app.log.{rotations}");
                    if matches!(act, Act::Rename) {
                        world.rename("app.log", &old);
                        File::create(world.path("app.log")).unwrap();
                    } else {
                        std::fs::copy(world.path("app.log"), world.path(&old)).unwrap();
                        File::create(world.path("app.log")).unwrap();
                    }
                    world.touch(&old);
                    world.touch("app.log");
                    world.event(&[("app.log", false), (&old, false)]);
                    world.advance(10);
                }
                Act::Rename | Act::Copytruncate => {}
                Act::Batch => drop(world.batch()),
                Act::Restart => {
                    world.batch();
                    world.restart();
                }
            }
        }
        world.write("end\n");
        world.batch();
        let mut events = String::new();
        for line in &lines {
            let is_next = line.starts_with(' ') && !events.is_empty();
            events.push_str(if is_next { "\\n" } else if events.is_empty() { "" } else { "\n" });
            events.push_str(line);
        }
        let given: String = world.batches.iter().map(|(_, block)| block.replace('"', "")).collect();
        prop_assert_eq!(given.trim_end_matches('\n'), events);
    }
}

#[test]
fn a_truncated_file_leaves_no_line_of_an_event_behind() {
    let mut world = tail_of(indented(), tail_options());
    world.write("a\n 1\n");
    assert_eq!(world.batch(), "");
    File::create(world.path("app.log")).unwrap();
    world.write("b\n");
    assert_eq!(world.batch(), "a\\n 1");
    world.write("c\n");
    assert_eq!(world.batch(), "b");
}

#[test]
fn a_line_that_is_too_long_ends_an_event() {
    let mut world = tail_of(indented(), tail_options());
    let long = " x".repeat(80);
    world.write(&format!("a\n 1\n{long}\n 2\n{long}"));
    assert_eq!(world.batch(), "a\\n 1");
    world.write(&format!("{long}\n 3\nb\n"));
    assert_eq!(world.batch(), " 2  3");
    assert_eq!(world.bad.len(), 2);
    world.check_again();
}

#[test]
fn records_say_where_they_are_from() {
    let with = vec![Field::Offset, Field::File, Field::Host, Field::Line, Field::File];
    let mut world = tail_of(Recipe { with, host: "h\"1".to_owned(), ..indented() }, tail_options());
    let log = world.path("app.log").display().to_string();
    let record = |line: u64, offset: u64, value: &str| {
        format!(
            "{{\"file\":\"{log}\",\"line\":{line},\"offset\":{offset},\"host\":\"h\\\"1\",\"value\":\"{value}\"}}\n"
        )
    };
    world.write("a\n 1\n");
    world.batch();
    world.write("b\n");
    world.batch();
    assert_eq!(world.batches[1].1, record(1, 0, "a\\n 1"));
    // Under its rotation's name it is still the same log, and lines are counted after a restart.
    world.rename("app.log", "app.log.1");
    world.restart();
    world.write("new\n 2\n");
    world.advance(20_000);
    world.batch();
    assert_eq!(world.batches[2].1, record(3, 5, "b") + &record(1, 0, "new\\n 2"));
    world.check_again();
}
