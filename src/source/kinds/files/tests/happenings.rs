//! A log to which anything happens.

use proptest::prelude::*;

use super::*;

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
