//! Every form of rotation times every way to run: each line once, and in order.

use std::time::SystemTime;

use super::*;
use crate::source::kinds::packing::testing::gzip;

/// What a rotation does to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The log is renamed, and a new one made.
    Rename,
    /// The log is copied, and truncated.
    Copytruncate,
    /// One after the other.
    Both,
}

/// How the source is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// All the time.
    Live,
    /// In runs that are shorter than the time that a rotated file is read on.
    ShortRuns,
    /// From cron, with `--available-now`.
    Cron,
}

/// What becomes of a rotated file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Later {
    /// It stays.
    Kept,
    /// It is removed at the next rotation.
    Removed,
    /// It is packed at once.
    Packed,
    /// It is packed at the next rotation.
    DelayCompress,
}

struct Rotating {
    world: World<Tail>,
    way: Way,
}

impl Rotating {
    fn new(pattern: &str, way: Way) -> Rotating {
        let folder = Rc::new(TempDir::new().unwrap());
        let options = TailOptions { available_now: way == Way::Cron, ..tail_options() };
        let path = folder.path().join(pattern);
        // The times of files are real ones.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let world = World::at(now, folder, false, Recipe::default(), move || {
            (Tail::new(std::slice::from_ref(&path), options.clone(), console()).unwrap(), options.available_now)
        });
        Rotating { world, way }
    }

    /// The source has so many seconds, and is started again where that is how it runs.
    fn run(&mut self, seconds: u64) {
        if self.way != Way::Live {
            self.world.restart();
        }
        // A run from cron is over at once; then its time is between two runs.
        for _ in 0..seconds {
            self.world.batch();
            self.world.advance(1000);
        }
        self.world.batch();
    }

    fn rotate(&self, form: Form, later: Later) {
        let world = &self.world;
        for number in (1..9).rev() {
            for ending in ["", ".gz"] {
                let name = |number: u32| world.path(&format!("app.log.{number}{ending}"));
                let _ = std::fs::rename(name(number), name(number + 1));
            }
        }
        if later == Later::Removed {
            let _ = std::fs::remove_file(world.path("app.log.2"));
        }
        if form == Form::Copytruncate {
            std::fs::copy(world.path("app.log"), world.path("app.log.1")).unwrap();
        } else {
            world.rename("app.log", "app.log.1");
        }
        File::create(world.path("app.log")).unwrap();
        match later {
            Later::Packed => self.pack("app.log.1"),
            Later::DelayCompress => self.pack("app.log.2"),
            Later::Kept | Later::Removed => {}
        }
    }

    /// As gzip does.
    fn pack(&self, name: &str) {
        let Ok(text) = std::fs::read_to_string(self.world.path(name)) else { return };
        let modified = self.world.path(name).metadata().unwrap().modified().unwrap();
        let packed = self.world.path(&format!("{name}.gz"));
        std::fs::write(&packed, gzip(&text)).unwrap();
        File::options().write(true).open(&packed).unwrap().set_modified(modified).unwrap();
        std::fs::remove_file(self.world.path(name)).unwrap();
    }

    fn lines(&self) -> String {
        let all: String = self.world.batches.iter().map(|(_, block)| block.as_str()).collect();
        all.replace('"', "").replace('\n', " ")
    }
}

#[test]
fn every_form_of_rotation_times_every_way_to_run() {
    for form in [Form::Rename, Form::Copytruncate, Form::Both] {
        for way in [Way::Live, Way::ShortRuns, Way::Cron] {
            for later in [Later::Kept, Later::Removed, Later::Packed, Later::DelayCompress] {
                for pattern in ["app.log", "app.log*"] {
                    for (unfinished, drains) in [(false, true), (false, false), (true, true)] {
                        let case = format!("{form:?}, {way:?}, {later:?}, {pattern}, {unfinished}, {drains}");
                        goes_through_rotations((form, way, later), pattern, unfinished, drains, &case);
                    }
                }
            }
        }
    }
}

/// `unfinished`: rotated logs end inside a line. `drains`: there is time until the next rotation.
fn goes_through_rotations(
    (form, way, later): (Form, Way, Later),
    pattern: &str,
    unfinished: bool,
    drains: bool,
    case: &str,
) {
    let mut rotating = Rotating::new(pattern, way);
    let mut want = String::new();
    for round in 0..6 {
        let form = match form {
            Form::Both if round % 2 == 0 => Form::Copytruncate,
            Form::Both => Form::Rename,
            form => form,
        };
        rotating.world.append("app.log", &format!("a{round}\n"));
        rotating.run(1);
        // What comes just before a rotation is read after it.
        let end = if unfinished { "" } else { "\n" };
        rotating.world.append("app.log", &format!("b{round}{end}"));
        rotating.rotate(form, later);
        rotating.world.append("app.log", &format!("c{round}\n"));
        rotating.run(1);
        if drains {
            rotating.world.advance(6000);
            rotating.run(1);
        }
        want += &format!("a{round} b{round} c{round} ");
    }
    rotating.world.advance(6000);
    rotating.run(1);
    if unfinished {
        // A line that was not finished comes when it is certain that it never will be.
        let sorted = |lines: &str| {
            let mut lines: Vec<String> = lines.split(' ').map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&rotating.lines()), sorted(&want), "{case}");
    } else {
        assert_eq!(rotating.lines(), want, "{case}");
    }
    rotating.world.restart();
    assert_eq!(rotating.world.batch(), "", "{case}: after a restart");
}

#[test]
fn a_file_that_is_rotated_and_quiet_is_let_go_of_by_runs_from_cron() {
    let mut rotating = Rotating::new("app.log", Way::Cron);
    rotating.world.append("app.log", "1\n");
    rotating.run(0);
    rotating.world.append("app.log", "2\n");
    rotating.rotate(Form::Rename, Later::Kept);
    rotating.run(0);
    assert_eq!(rotating.world.source.desk.entries().count(), 2);
    // Somebody who has it open still writes to it.
    rotating.world.append("app.log.1", "3\n");
    rotating.world.advance(6000);
    rotating.run(0);
    rotating.run(0);
    assert_eq!(rotating.world.source.desk.entries().count(), 1);
    assert_eq!(rotating.lines(), "1 2 3 ");
}

#[test]
fn a_backup_of_a_log_is_no_log_of_its_own() {
    for way in [Way::Live, Way::ShortRuns, Way::Cron] {
        let mut rotating = Rotating::new("app.log*", way);
        rotating.world.append("app.log", "1\n2\n");
        rotating.run(1);
        let copy = rotating.world.path("app.log.1");
        std::fs::copy(rotating.world.path("app.log"), copy).unwrap();
        rotating.run(1);
        rotating.world.append("app.log", "3\n");
        rotating.run(1);
        if way == Way::Live {
            // Also where what it was made of is gone.
            rotating.world.rename("app.log", "away");
        }
        rotating.world.advance(6000);
        rotating.run(6);
        rotating.run(1);
        rotating.run(1);
        assert_eq!(rotating.lines(), "1 2 3 ", "{way:?}");
    }
}

#[test]
fn a_packed_log_is_read_on_inside() {
    let mut rotating = Rotating::new("app.log", Way::ShortRuns);
    rotating.world.append("app.log", "1\n2\n3\n4");
    assert_eq!(rotating.world.try_batch(2).unwrap(), "1 2");
    rotating.rotate(Form::Rename, Later::Packed);
    rotating.world.append("app.log", "5\n");
    rotating.world.restart();
    assert_eq!(rotating.world.try_batch(1).unwrap(), "3");
    rotating.world.rebase();
    rotating.world.restart();
    rotating.run(2);
    assert_eq!(rotating.lines(), "1 2 3 4 5 ");
    // What was read of it before it was packed is found in it too.
    rotating.world.check_again();
}

#[test]
fn a_pattern_takes_packed_logs_too() {
    let mut rotating = Rotating::new("app.log*", Way::Live);
    for lines in ["1\n", "2\n", "3\n"] {
        rotating.world.append("app.log", lines);
        rotating.rotate(Form::Rename, Later::DelayCompress);
    }
    rotating.world.append("app.log", "4\n");
    rotating.run(1);
    assert_eq!(rotating.lines(), "1 2 3 4 ");
    // Of one that is cut off its beginning counts, and it does not stop the others.
    let packed = gzip(&"7\n".repeat(50_000));
    std::fs::write(rotating.world.path("app.log.9.gz"), &packed[..packed.len() / 2]).unwrap();
    rotating.world.append("app.log", "8\n");
    rotating.run(2);
    let sevens = rotating.lines().matches('7').count();
    assert!(sevens > 0 && sevens < 50_000 && rotating.lines().contains(" 8 "), "{sevens}");
}
