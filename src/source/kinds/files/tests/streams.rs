//! Events of a container's two streams, whose lines come in turn.

use super::events::tail_of;
use proptest::prelude::*;

use super::*;
use crate::record::forms::Field;
use crate::record::forms::events::{Belonging, Joining, Most, Patterns, Runtime, Stream};
use regex::bytes::Regex;

/// Of a runtime's lines, where one with a space at its beginning belongs to the one before.
fn container(is_joined: bool) -> Recipe {
    let proceed = Some(Regex::new("^ ").unwrap());
    let joined = is_joined.then(|| Box::new(Belonging::Patterns(Patterns { proceed, ..Patterns::default() })));
    let most = Most { lines: 500, bytes: 1000 };
    let joining = Joining::new(Belonging::Container(Runtime::Cri, joined), most, Duration::from_secs(1));
    Recipe { joining: Some(joining), ..Recipe::default() }
}

/// What a runtime writes.
#[derive(Clone, Debug)]
struct Written {
    stream: Stream,
    time_ms: u64,
    is_partial: bool,
    text: String,
}

impl Written {
    fn head(&self, mark: &str) -> String {
        let stream = if self.stream == Stream::Out { "stdout" } else { "stderr" };
        let (seconds, ms) = (self.time_ms / 1000, self.time_ms % 1000);
        format!("2024-01-05T10:{:02}:{:02}.{ms:03}000001Z {stream} {mark} ", seconds / 60, seconds % 60)
    }

    fn line(&self) -> String {
        format!("{}{}\n", self.head(if self.is_partial { "P" } else { "F" }), self.text)
    }
}

/// The events of lines, as they are defined: one line after the other.
fn events_of(lines: &[Written], is_joined: bool) -> Vec<String> {
    /// An event that more may come to, by its first line's number; the last line of it, if not all of that came.
    #[derive(Default)]
    struct Open {
        events: Vec<(usize, String)>,
        half: Option<(usize, String)>,
        last_ms: u64,
    }
    impl Open {
        fn close_line(&mut self, is_joined: bool, lines: &[Written]) {
            let Some((number, text)) = self.half.take() else { return };
            match self.events.last_mut() {
                Some((_, event)) if is_joined && text.starts_with(' ') => {
                    event.push_str("\\n");
                    event.push_str(&text);
                }
                _ => self.events.push((number, format!("{}{text}", lines[number].head("F")))),
            }
        }
    }
    let (mut open, mut events): ([Open; 2], Vec<(usize, String)>) = Default::default();
    for (number, line) in lines.iter().enumerate() {
        let other = &mut open[1 - line.stream as usize];
        if line.time_ms > other.last_ms + 1000 {
            other.close_line(is_joined, lines);
            events.append(&mut other.events);
        }
        let own = &mut open[line.stream as usize];
        own.last_ms = line.time_ms;
        own.half.get_or_insert((number, String::new())).1.push_str(&line.text);
        if !line.is_partial {
            own.close_line(is_joined, lines);
        }
    }
    for mut side in open {
        side.close_line(is_joined, lines);
        events.append(&mut side.events);
    }
    events.sort();
    events.into_iter().map(|(_, event)| event).collect()
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// A line, or a part of one; it begins with a space; so long after the one before, in ms.
    Write(Stream, bool, bool, u64),
    Rename,
    Copytruncate,
    Batch,
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    let stream = prop::sample::select(vec![Stream::Out, Stream::Err]);
    let pause = prop::sample::select(vec![0u64, 1, 300, 300, 1001]);
    let write = (stream, prop::bool::weighted(0.3), any::<bool>(), pause)
        .prop_map(|(stream, is_partial, goes_on, pause)| Act::Write(stream, is_partial, goes_on, pause));
    let other = prop::sample::select(vec![Act::Rename, Act::Copytruncate, Act::Batch, Act::Batch, Act::Restart]);
    prop_oneof![3 => write, 2 => other]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn streams_are_joined_apart_over_rotations_and_restarts(
        acts in prop::collection::vec(act(), 1..40),
        is_joined in any::<bool>(),
    ) {
        let mut world = tail_of(container(is_joined), tail_options());
        let (mut lines, mut time_ms, mut rotations, mut may_come_again) = (Vec::new(), 0, 0, true);
        for (number, act) in acts.iter().enumerate() {
            match *act {
                Act::Write(stream, is_partial, goes_on, pause) => {
                    time_ms += pause;
                    let text = format!("{}{number};", if goes_on { " " } else { "" });
                    lines.push(Written { stream, time_ms, is_partial, text });
                    world.write(&lines.last().unwrap().line());
                }
                Act::Rename | Act::Copytruncate if world.path("app.log").exists() => {
                    world.batch();
                    rotations += 1;
                    let old = format!("app.log.{rotations}");
                    if matches!(act, Act::Rename) {
                        world.rename("app.log", &old);
                    } else {
                        std::fs::copy(world.path("app.log"), world.path(&old)).unwrap();
                        may_come_again = false;
                    }
                    File::create(world.path("app.log")).unwrap();
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
        // Later than all that is waited for, on both: only the last line is not complete.
        for stream in [Stream::Out, Stream::Err, Stream::Out] {
            time_ms += 1001;
            lines.push(Written { stream, time_ms, is_partial: false, text: "end".to_owned() });
            world.write(&lines.last().unwrap().line());
        }
        world.batch();
        let mut expected = events_of(&lines, is_joined);
        if is_joined {
            expected.pop();
        }
        let given: String = world.batches.iter().map(|(_, block)| block.replace('"', "")).collect();
        prop_assert_eq!(given.lines().collect::<Vec<_>>(), expected);
        if may_come_again {
            world.check_again();
        }
    }
}

#[test]
fn an_event_of_one_stream_that_was_given_does_not_come_again_after_a_restart() {
    for is_joined in [false, true] {
        let mut world = tail_of(container(is_joined), tail_options());
        let line = |stream: &str, mark: &str, text: &str| format!("2024-01-05T10:00:00Z {stream} {mark} {text}\n");
        let is_last = if is_joined { "F" } else { "P" };
        world.write(&[line("stdout", "P", "a"), line("stderr", is_last, "b")].concat());
        world.write(&line("stdout", "F", "1"));
        if is_joined {
            world.write(&line("stdout", "F", " 2"));
            world.write(&line("stdout", "F", "c"));
        }
        let a = if is_joined { "a1\\n 2" } else { "a1" };
        assert_eq!(world.batch(), format!("2024-01-05T10:00:00Z stdout F {a}"));
        world.restart();
        assert_eq!(world.batch(), "");
        world.rebase();
        world.restart();
        world.write(&line("stderr", "F", " 3"));
        world.write(&line("stderr", "F", "d"));
        let given = world.batch();
        let b = if is_joined { "b\\n 3" } else { "b 3" };
        assert!(given.starts_with(&format!("2024-01-05T10:00:00Z stderr F {b}")), "{given}");
        assert!(!given.contains("stdout"), "{given}");
        world.check_again();
    }
}

#[test]
fn events_of_streams_say_where_they_begin_and_come_by_the_runtimes_times() {
    let with = vec![Field::Line, Field::Offset];
    let mut world = tail_of(Recipe { with, ..container(true) }, tail_options());
    let line = |second: u32, stream: &str, text: &str| format!("2024-01-05T10:00:0{second}Z {stream} F {text}\n");
    let record = |number: u64, second: u32, stream: &str, text: &str| {
        let offset = (number - 1) * line(0, "stdout", "b").len() as u64;
        let text = line(second, stream, text).replace("\\n", "\n");
        format!("{{\"line\":{number},\"offset\":{offset},\"value\":{:?}}}\n", text.trim_end_matches('\n'))
    };
    let mut text = String::new();
    for (second, stream, part) in [(0, "stderr", "a"), (0, "stdout", "b"), (1, "stderr", "c"), (1, "stdout", " ")] {
        text += &line(second, stream, part);
    }
    world.write(&text);
    world.batch();
    assert_eq!(world.batches[0].1, record(1, 0, "stderr", "a"));
    // The clock says that nothing came: so both are complete.
    world.advance(1100);
    world.batch();
    assert_eq!(world.batches[1].1, record(2, 0, "stdout", "b\\n ") + &record(3, 1, "stderr", "c"));
    // A stream that is silent holds the other up for no longer than it is waited for.
    world.write(&[line(2, "stderr", "d"), line(3, "stdout", "e"), line(4, "stdout", "f")].concat());
    world.batch();
    assert_eq!(world.batches[2].1, record(5, 2, "stderr", "d") + &record(6, 3, "stdout", "e"));
    world.check_again();
}
