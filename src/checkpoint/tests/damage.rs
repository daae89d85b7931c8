//! Every file of a checkpoint cut off and flipped: never a wrong answer.

use std::path::Path;

use super::super::memory::{Image, Memory};
use super::crashes::shapes;
use super::simulation::{Shape, World, check, run};
use crate::error::{Exit, Failure as _};

/// A world whose pipeline was killed after so many calls.
fn killed(shape: &Shape, at: u64) -> World {
    let mut world = World::new(shape);
    world.memory.die_at(at);
    assert!(run(&mut world, shape, 0).is_err());
    world.memory = world.memory.after_crash(Image::Everything);
    world
}

/// The world with other bytes in one file.
fn damaged(world: &World, shape: &Shape, path: &Path, bytes: &[u8]) -> World {
    let memory: Memory = world.memory.after_crash(Image::Everything);
    memory.put(path, bytes);
    World { memory, given: world.given, reached: world.reached.clone(), now_ms: world.now_ms, ..World::new(shape) }
}

/// Goes on after the damage: to the right end, or to an error that says so.
fn go_on(mut world: World, shape: &Shape, what: &str) -> bool {
    match run(&mut world, shape, 1) {
        Ok(()) => {
            world.consume();
            // A tail of the WAL that no batch has is what a crash may tear.
            check(&world, shape, shape.wal);
            true
        }
        Err(error) => {
            assert_eq!(error.exit(), Exit::Checkpoint, "{what}: {error}");
            // It names the file, the stage that has no folder any more, or the one that is not as it was.
            let text = error.to_string();
            let told = ["/d/checkpoint", "--new", "--checkpoint"];
            assert!(told.iter().any(|word| text.contains(word)), "{what}: {text}");
            false
        }
    }
}

fn each_file(shape: &Shape, test: impl Fn(&World, &Path, &[u8])) {
    for at in [150, 330] {
        let world = killed(shape, at);
        for (path, bytes) in world.memory.all_files() {
            if path.starts_with("/d/checkpoint") {
                test(&world, &path, &bytes);
            }
        }
    }
}

fn step(part: usize) -> usize {
    if std::env::var_os("SSTREAM_TORTURE").is_some() { 1 } else { part }
}

#[test]
fn every_file_cut_off() {
    for shape in shapes() {
        each_file(&shape, |world, path, bytes| {
            for len in (0..bytes.len()).step_by(step(11)) {
                go_on(damaged(world, &shape, path, &bytes[..len]), &shape, &format!("{path:?} cut at {len}"));
            }
        });
    }
}

#[test]
fn every_file_flipped() {
    for shape in shapes() {
        each_file(&shape, |world, path, bytes| {
            for at in (0..bytes.len()).step_by(step(13)) {
                let mut flipped = bytes.to_vec();
                flipped[at] ^= 1 << (at % 8);
                go_on(damaged(world, &shape, path, &flipped), &shape, &format!("{path:?} flipped at {at}"));
            }
        });
    }
}

#[test]
fn every_file_gone() {
    for shape in shapes() {
        each_file(&shape, |world, path, _| {
            let without = damaged(world, &shape, path, b"");
            super::super::storage::Storage::remove(&without.memory, path).unwrap();
            go_on(without, &shape, &format!("{path:?} gone"));
        });
    }
}
