//! A crash at every call of the file system, and every call failing once.

use std::path::Path;
use std::sync::Arc;

use super::super::forget::forget;
use super::super::inspect::Inspected;
use super::super::job::Layout;
use super::super::memory::{Image, Memory};
use super::super::storage::Storage;
use super::simulation::{Shape, World, check, run};

const LINEAR: Shape = Shape {
    items: 24,
    wal: false,
    join: false,
    every_ms: 0,
    gives_at_close: false,
    new: false,
    intervals: false,
    calendar: false,
    moves: false,
    seed: 1,
};

pub fn shapes() -> [Shape; 10] {
    [
        LINEAR,
        Shape { every_ms: 30, seed: 2, ..LINEAR },
        Shape { wal: true, seed: 3, ..LINEAR },
        Shape { join: true, seed: 4, items: 12, ..LINEAR },
        Shape { gives_at_close: true, seed: 5, ..LINEAR },
        Shape { intervals: true, join: true, seed: 8, items: 12, ..LINEAR },
        Shape { intervals: true, moves: true, wal: true, every_ms: 30, seed: 9, ..LINEAR },
        Shape { calendar: true, gives_at_close: true, seed: 10, ..LINEAR },
        Shape { calendar: true, join: true, every_ms: 30, seed: 11, items: 12, ..LINEAR },
        Shape { calendar: true, intervals: true, moves: true, wal: true, seed: 13, ..LINEAR },
    ]
}

/// Every call with `SSTREAM_TORTURE` set, else a part of them, another one for each shape.
fn points(shape: &Shape, part: u64) -> impl Iterator<Item = u64> {
    let step = if std::env::var_os("SSTREAM_TORTURE").is_some() { 1 } else { part };
    (1 + shape.seed % step..=calls(shape)).step_by(step as usize)
}

/// The calls that an undisturbed run makes.
fn calls(shape: &Shape) -> u64 {
    let mut world = World::new(shape);
    let before = world.memory.calls();
    run(&mut world, shape, 0).unwrap();
    let calls = world.memory.calls() - before;
    world.consume();
    check(&world, shape, false);
    calls
}

/// Runs to a crash at each of the given calls, then to the end.
fn crash(shape: &Shape, image: Image, at: &[u64]) {
    let mut world = World::new(shape);
    for (attempt, at) in at.iter().enumerate() {
        world.memory.die_at(*at);
        let result = run(&mut world, shape, attempt as u64);
        world.memory = world.memory.after_crash(image);
        world.consume();
        if result.is_ok() {
            break;
        }
    }
    if let Err(error) = run(&mut world, shape, at.len() as u64) {
        panic!("{shape:?} {image:?} {at:?}: {error}\n{error:?}");
    }
    world.consume();
    check(&world, shape, shape.wal && image != Image::Everything);
}

#[test]
fn undisturbed() {
    for shape in shapes() {
        assert!(calls(&shape) > 100);
    }
}

#[test]
fn a_crash_at_every_call() {
    for shape in shapes() {
        for at in points(&shape, 11) {
            for image in [Image::Synced, Image::Everything, Image::NamesOnly, Image::Some(at), Image::Some(at + 7777)] {
                crash(&shape, image, &[at]);
            }
        }
    }
}

#[test]
fn crashes_in_the_recovery_from_crashes() {
    for shape in shapes() {
        for at in points(&shape, 43) {
            for second in (at % 97 + 1..=600).step_by(97) {
                crash(&shape, Image::Some(at * second), &[at, second, second / 2 + 1, at]);
            }
        }
    }
}

#[test]
fn every_call_failing_once() {
    for shape in shapes() {
        for at in points(&shape, 7) {
            let mut world = World::new(&shape);
            world.memory.fail_at(at);
            // An error that nobody needs to see may pass unseen, such as one of a purge.
            let _ = run(&mut world, &shape, 0);
            world.consume();
            if let Err(error) = run(&mut world, &shape, 1) {
                panic!("{shape:?} failing at {at}: {error}\n{error:?}");
            }
            world.consume();
            check(&world, &shape, false);
        }
    }
}

#[test]
fn random_pipelines_and_random_crashes() {
    let rounds = if std::env::var_os("SSTREAM_TORTURE").is_some() { 5000 } else { 60 };
    for seed in 0..rounds {
        let kind = seed % 3;
        let shape = Shape {
            items: 20,
            wal: kind == 0,
            join: kind == 1,
            every_ms: [0, 20, 30][seed as usize / 3 % 3],
            gives_at_close: seed % 2 == 0,
            intervals: seed % 5 > 1,
            moves: seed % 7 > 2,
            calendar: seed % 11 > 6,
            seed,
            ..LINEAR
        };
        let mut number = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        let mut below = |below: u64| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (number >> 33) % below
        };
        let at: Vec<u64> = (0..1 + below(4)).map(|_| 1 + below(700)).collect();
        let image = if below(3) == 0 { Image::Everything } else { Image::Some(seed) };
        crash(&shape, image, &at);
    }
}

/// A stage is forgotten wherever a run was cut off, the forgetting is cut off too, and then the
/// pipeline is started with --new: it gets to the end of its input.
#[test]
fn what_is_forgotten_in_any_state_leaves_a_checkpoint_that_starts() {
    for shape in shapes() {
        let shape = Shape { gives_at_close: true, ..shape };
        let names: &[&str] = match shape.join {
            true => &["a.01-count", "b.01-count", "a+b.02-files", "a+b.03-files"],
            false => &["a.01-count", "a.02-files", "a.03-files"],
        };
        // At last beyond all calls: everything had closed.
        for at in points(&shape, 41).chain([u64::MAX >> 1]) {
            for (number, name) in names.iter().enumerate() {
                let cut = (at % 13 + number as u64) * 7 + 1;
                let image = [Image::Everything, Image::Synced, Image::Some(at)][(at as usize + number) % 3];
                let mut world = World::new(&shape);
                world.memory.die_at(at);
                let _ = run(&mut world, &shape, 0);
                world.memory = world.memory.after_crash(image);
                let layout = Layout::new(Path::new("/d/checkpoint"));
                let forgotten =
                    |memory: &Memory| forget(&(Arc::new(memory.clone()) as Arc<dyn Storage>), &layout, name);
                world.memory.die_at(cut);
                let first = forgotten(&world.memory).is_ok();
                world.memory = world.memory.after_crash(image);
                // Cut off or not, and whether it is done once more or not.
                if !first && number % 2 == 0 {
                    let _ = forgotten(&world.memory);
                }
                let shape = Shape { new: true, ..shape };
                if let Err(error) = run(&mut world, &shape, 1) {
                    panic!("{shape:?} {image:?} {name} at {at}, cut at {cut}: {error}\n{error:?}");
                }
                let source = Inspected::open(Arc::new(world.memory.clone()), layout.dir()).unwrap().survey.sources;
                assert!(source.iter().all(|(_, _, seen)| seen.closed), "{shape:?} {name} at {at}");
            }
        }
    }
}

/// After a close the log of a sink says that it goes on, and nothing says yet that this is durable: that the sink
/// was done with all is no reason to purge what comes then.
#[test]
fn what_is_purged_behind_a_close_is_nothing_that_a_crash_makes_needed() {
    let of = Shape { items: 20, wal: true, every_ms: 20, gives_at_close: true, ..LINEAR };
    crash(&Shape { intervals: true, moves: true, seed: 12, ..of }, Image::Some(12), &[187, 686, 53]);
}
