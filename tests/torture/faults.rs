//! A full disk, a checkpoint that cannot be written or goes away, a stage that stands still:
//! told in words, and after it is mended everything goes on as if nothing had been.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::check::files;
use crate::is_full;
use crate::pipeline::{Pipeline, Process, run};

/// So many batches of one record each come.
const BATCHES: u64 = 60;
const INTERVAL_MS: u64 = 50;

const SOON: Duration = Duration::from_secs(30);

/// A pipeline that counts to sixty, twice a window, a state and files.
struct Case {
    folder: TempDir,
    checkpoint: &'static str,
    starts: usize,
}

impl Case {
    fn new(checkpoint: &'static str) -> Case {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("out")).unwrap();
        let batches: String = (1..=BATCHES).map(|number| format!("[{number}]\n")).collect();
        fs::write(folder.path().join("batches"), batches).unwrap();
        Case { folder, checkpoint, starts: 0 }
    }

    fn dir(&self) -> &Path {
        self.folder.path()
    }

    fn start(&mut self) -> Pipeline {
        self.starts += 1;
        let line = format!(
            "sstream-source queue batches --clock wall --batch {INTERVAL_MS}ms --name q --checkpoint {} --retain all \
             | sstream-sink --pass files out/all | sstream-map '[\"sum\", .]' \
             | sstream-window 100ms 100ms --by-key sum | sstream-state sum | sstream-sink files out/state",
            self.checkpoint
        );
        Pipeline::start(self.dir(), &line, &self.dir().join(format!("stderr.{}", self.starts)))
    }

    /// Waits until so many batches are out, and every stage has its lock.
    fn wait_for(&self, batches: usize, pipeline: &Pipeline) {
        let until = Instant::now() + SOON;
        let count = |sink| files(&self.dir().join("out"), sink).len();
        while count("all") < batches || count("state") == 0 {
            assert!(Instant::now() < until, "{}", pipeline.said());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs it to its end, and looks whether each number came once, and the sum is right.
    fn finish(mut self) {
        let (_, listed, _) = run(self.dir(), &format!("sstream-checkpoint ls {}", self.checkpoint));
        let mut pipeline = self.start();
        let status = pipeline.wait(SOON);
        assert!(status.is_some_and(|status| status.success()), "{status:?}\n{}\n{listed}", pipeline.said());
        let all: String = files(&self.dir().join("out"), "all").into_values().collect();
        let expected: String = (1..=BATCHES).map(|number| format!("{number}\n")).collect();
        assert_eq!(all, expected, "{}", pipeline.said());
        let state = files(&self.dir().join("out"), "state").into_values().next_back().unwrap();
        assert_eq!(state, format!("[\"sum\",{}]\n", BATCHES * (BATCHES + 1) / 2));
        let (status, found, said) = run(self.dir(), &format!("sstream-checkpoint verify {}", self.checkpoint));
        assert!(status.success(), "{found}{said}");
    }
}

/// It ended by itself, a retry may help, and it was told why.
#[track_caller]
fn ends_with(pipeline: &mut Pipeline, told: &str) {
    let status = pipeline.wait(SOON);
    let said = pipeline.said();
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{said}");
    assert!(said.contains(told), "{told:?} should be in\n{said}");
    assert!(!said.contains("internal error"), "{said}");
}

/// A small file system of its own; unmounted with this.
struct Mounted(PathBuf);

impl Mounted {
    /// `None` for those who may not mount.
    fn new(at: PathBuf) -> Option<Mounted> {
        fs::create_dir(&at).unwrap();
        mount(&at, "size=256k").then_some(Mounted(at))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn mount(at: &Path, options: &str) -> bool {
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "torture"]).arg(at).output();
    mounted.is_ok_and(|output| output.status.success())
}

const SKIPPED: &str = "skipped: mounting a file system is for root alone";

#[test]
fn a_full_disk_stops_the_pipeline_and_space_lets_it_go_on() {
    let mut case = Case::new("small/ckpt");
    let Some(mounted) = Mounted::new(case.dir().join("small")) else { return println!("{SKIPPED}") };
    let mut pipeline = case.start();
    case.wait_for(5, &pipeline);
    // All that is left.
    let filler = mounted.0.join("filler");
    let _ = fs::write(&filler, vec![0; 1 << 20]);
    ends_with(&mut pipeline, "No space left on device");
    ends_with(&mut case.start(), "No space left on device");
    fs::remove_file(&filler).unwrap();
    case.finish();
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_told_before_anything_is_done() {
    let mut case = Case::new("small/ckpt");
    let Some(mounted) = Mounted::new(case.dir().join("small")) else { return println!("{SKIPPED}") };
    let mut pipeline = case.start();
    case.wait_for(5, &pipeline);
    pipeline.signal_all(Signal::KILL);
    pipeline.wait(SOON);
    let before = files(&case.dir().join("out"), "all");
    assert!(mount(&mounted.0, "remount,ro"));
    ends_with(&mut case.start(), "Read-only file system");
    assert_eq!(files(&case.dir().join("out"), "all"), before);
    for look in ["ls", "show", "verify"] {
        let (status, found, said) = run(case.dir(), &format!("sstream-checkpoint {look} small/ckpt"));
        assert!(status.success(), "{look}: {found}{said}");
    }
    assert!(mount(&mounted.0, "remount,rw"));
    case.finish();
}

#[test]
fn a_checkpoint_removed_while_it_is_written_stops_the_pipeline() {
    let mut case = Case::new("ckpt");
    let mut pipeline = case.start();
    case.wait_for(5, &pipeline);
    fs::remove_dir_all(case.dir().join("ckpt")).unwrap();
    let gone = files(&case.dir().join("out"), "all").len();
    ends_with(&mut pipeline, "ckpt");
    // What was on its way may still have come.
    assert!(files(&case.dir().join("out"), "all").len() <= gone + 20);
}

/// The others are killed and started again; they wait for it.
#[test]
fn a_stage_that_stands_still_is_waited_for() {
    let standing = Duration::from_secs(if is_full() { 60 } else { 2 });
    for stage in ["sstream-window", "sstream-state", "sstream-sink"] {
        let mut case = Case::new("ckpt");
        let mut first = case.start();
        case.wait_for(5, &first);
        let frozen: Process = first.processes().into_iter().rfind(|process| process.name == stage).unwrap();
        frozen.signal(Signal::STOP);
        for other in first.members().iter().filter(|other| other.pid != frozen.pid) {
            other.signal(Signal::KILL);
        }
        let before = files(&case.dir().join("out"), "all");
        let mut second = case.start();
        thread::sleep(standing);
        assert_eq!(files(&case.dir().join("out"), "all"), before, "{stage}: somebody went on without it");
        let said = second.said();
        assert!(said.contains("waits for q.") && said.contains(&format!("(process {})", frozen.pid)), "{said}");
        frozen.signal(Signal::CONT);
        assert!(first.wait(SOON).is_some(), "{stage}: {:?}", first.members());
        let status = second.wait(SOON);
        assert!(status.is_some_and(|status| status.success()), "{stage}: {status:?}\n{}", second.said());
        case.finish();
        if !is_full() {
            break;
        }
    }
}

/// A command may run again for a batch, with the same time and the same records, so that it can tell.
#[test]
fn a_command_gets_each_batch_at_least_once_with_its_time() {
    let case = Case::new("ckpt");
    let line = "sstream-source queue batches --clock wall --batch 50ms --name q --checkpoint ckpt --retain all \
                | sstream-sink exec --sh 'echo $SSTREAM_BATCH_TIME $(cat) >> ran'";
    let start = |run: usize| Pipeline::start(case.dir(), line, &case.dir().join(format!("stderr.{run}")));
    let ran = || fs::read_to_string(case.dir().join("ran")).unwrap_or_default();
    for run in 1..=3 {
        let pipeline = start(run);
        let until = Instant::now() + SOON;
        while ran().lines().count() < 10 * run {
            assert!(Instant::now() < until, "{}", pipeline.said());
            thread::sleep(Duration::from_millis(10));
        }
        pipeline.signal_all(Signal::KILL);
    }
    let mut last = start(4);
    let status = last.wait(SOON);
    assert!(status.is_some_and(|status| status.success()), "{status:?}\n{}", last.said());
    let mut times = BTreeMap::new();
    for line in ran().lines() {
        // It runs for empty batches too: those missed between two runs.
        let Some((time, number)) = line.split_once(' ') else { continue };
        let (time, number): (u64, u64) = (time.parse().unwrap(), number.parse().unwrap());
        assert_eq!(*times.entry(number).or_insert(time), time, "{number} came at two times");
    }
    assert!(times.keys().copied().eq(1..=BATCHES), "{times:?}");
}
