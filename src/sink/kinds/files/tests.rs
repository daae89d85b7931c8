use super::*;
use crate::flow::LineForm;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn names(directory: &Path, suffix: Option<&str>) -> FileNames {
    FileNames::new(&directory.join("out"), suffix).unwrap()
}

fn files(directory: &Path, suffix: Option<&str>) -> Files<LineForm> {
    Files::open(names(directory, suffix), LineForm::Text, false).unwrap()
}

fn block(time: u64, bytes: &str) -> Block<'_> {
    Block { time: BatchTime(time), records: bytes.lines().count() as u64, bytes: bytes.as_bytes() }
}

fn listing(directory: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())).collect()
}

fn listed(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
    entries.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_batch_is_a_file_and_an_empty_one_is_none() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = files(directory.path(), Some("txt"));
    files.block(block(1000, "\"a\"\n[1,2]\n")).unwrap();
    files.block(block(1000, "\"b\\nc\"\n")).unwrap();
    assert_eq!(listing(directory.path()).into_keys().collect::<Vec<_>>(), [".out-1000.txt.tmp"]);
    files.end(BatchTime(1000), 3).unwrap();
    files.end(BatchTime(2000), 0).unwrap();
    files.block(block(3000, "3\n")).unwrap();
    files.end(BatchTime(3000), 1).unwrap();
    assert_eq!(listing(directory.path()), listed(&[("out-1000.txt", "a\n[1,2]\nb\nc\n"), ("out-3000.txt", "3\n")]));
    let mode = fs::metadata(directory.path().join("out-1000.txt")).unwrap().permissions().mode();
    assert_ne!(mode & 0o044, 0, "others may not read what they could read of any new file");
}

#[test]
fn json_and_empty_files_where_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = Files::open(names(directory.path(), None), LineForm::Json, true).unwrap();
    files.block(block(1000, "\"b\\nc\"\n")).unwrap();
    files.end(BatchTime(1000), 1).unwrap();
    files.end(BatchTime(2000), 0).unwrap();
    assert_eq!(listing(directory.path()), listed(&[("out-1000", "\"b\\nc\"\n"), ("out-2000", "")]));
}

#[test]
fn the_same_batch_again_replaces_its_file() {
    let directory = tempfile::tempdir().unwrap();
    for text in ["1\n2\n", "1\n"] {
        let mut files = files(directory.path(), None);
        files.block(block(1000, text)).unwrap();
        files.end(BatchTime(1000), 1).unwrap();
    }
    assert_eq!(listing(directory.path()), listed(&[("out-1000", "1\n")]));
}

/// A sink that begins under a checkpoint.
fn under<'u>(notes: &'u [Vec<u8>]) -> Under<'u> {
    Under { job: "0123456789abcdef", stage: "a.01-files", resume: BatchTime(0), notes }
}

#[test]
fn prepared_is_not_published() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = files(directory.path(), None);
    files.begin(&under(&[])).unwrap();
    let mut notes = Vec::new();
    for (time, text) in [(1000, "1\n"), (2000, ""), (3000, "3\n")] {
        let mut note = Vec::new();
        if !text.is_empty() {
            files.block(block(time, text)).unwrap();
        }
        files.prepare(BatchTime(time), 1, &mut note).unwrap();
        notes.push(note);
    }
    assert_eq!(notes.iter().map(Vec::is_empty).collect::<Vec<_>>(), [false, true, false]);
    files.persist().unwrap();
    let prepared = listed(&[(".out-1000.0123456789ab.tmp", "1\n"), (".out-3000.0123456789ab.tmp", "3\n")]);
    assert_eq!(listing(directory.path()), prepared);
    files.publish().unwrap();
    assert_eq!(listing(directory.path()), listed(&[("out-1000", "1\n"), ("out-3000", "3\n")]));
}

#[test]
fn what_a_note_names_is_renamed_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let mut crashed = files(directory.path(), Some("txt"));
    crashed.begin(&under(&[])).unwrap();
    let mut notes = vec![Vec::new(), Vec::new()];
    crashed.block(block(1000, "1\n")).unwrap();
    crashed.prepare(BatchTime(1000), 1, &mut notes[0]).unwrap();
    crashed.block(block(2000, "2\n")).unwrap();
    crashed.prepare(BatchTime(2000), 1, &mut notes[1]).unwrap();
    crashed.persist().unwrap();
    // 3000 is committed too late, and 1000 was renamed and taken away.
    fs::write(directory.path().join(".out-3000.txt.0123456789ab.tmp"), "half").unwrap();
    fs::remove_file(directory.path().join(".out-1000.txt.0123456789ab.tmp")).unwrap();
    drop(crashed);
    // Another PREFIX by now.
    let other = FileNames::new(&directory.path().join("other"), Some("txt")).unwrap();
    Files::open(other, LineForm::Text, false).unwrap().begin(&under(&notes)).unwrap();
    files(directory.path(), Some("txt")).begin(&under(&notes)).unwrap();
    assert_eq!(listing(directory.path()), listed(&[("out-2000.txt", "2\n")]));
}

#[test]
fn a_run_without_the_checkpoint_lets_its_files_be() {
    let directory = tempfile::tempdir().unwrap();
    for name in [".out-1000.0123456789ab.tmp", ".out-1000.ffffffffffff.tmp", ".out-1000.tmp"] {
        fs::write(directory.path().join(name), "").unwrap();
    }
    let mut files = files(directory.path(), None);
    let left = |directory| listing(directory).into_keys().collect::<Vec<_>>();
    assert_eq!(left(directory.path()), [".out-1000.0123456789ab.tmp", ".out-1000.ffffffffffff.tmp"]);
    files.begin(&under(&[])).unwrap();
    assert_eq!(left(directory.path()), [".out-1000.ffffffffffff.tmp"]);
}

#[test]
fn a_void_batch_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = files(directory.path(), None);
    files.block(block(1000, "1\n")).unwrap();
    drop(files);
    assert_eq!(listing(directory.path()), listed(&[]));
}

#[test]
fn leftovers_go_unless_somebody_writes_them_or_they_are_anothers() {
    let directory = tempfile::tempdir().unwrap();
    let mut other = files(directory.path(), None);
    other.block(block(7000, "7\n")).unwrap();
    let foreign = [".out-1-2.tmp", ".out-.tmp", ".out-1.txt.tmp", ".other-1.tmp", "out-1.tmp", ".out-x.tmp"];
    for name in foreign.iter().chain(&[".out-1000.tmp", ".out-2000.tmp"]) {
        fs::write(directory.path().join(name), "").unwrap();
    }
    let _files = files(directory.path(), None);
    let left: Vec<_> = listing(directory.path()).into_keys().collect();
    let mut want: Vec<_> = foreign.iter().chain(&[".out-7000.tmp"]).map(|name| (*name).to_owned()).collect();
    want.sort();
    assert_eq!(left, want);
    other.end(BatchTime(7000), 1).unwrap();
}

#[test]
fn two_writers_of_one_batch_do_not_mix() {
    let directory = tempfile::tempdir().unwrap();
    let (mut one, mut two) = (files(directory.path(), None), files(directory.path(), None));
    one.block(block(1000, "1\n")).unwrap();
    let error = two.block(block(1000, "2\n")).unwrap_err().to_string();
    assert!(error.contains("another sstream-sink"), "{error}");
    one.end(BatchTime(1000), 1).unwrap();
    assert_eq!(listing(directory.path()), listed(&[("out-1000", "1\n")]));
}

#[test]
fn wrong_names_are_told() {
    for (prefix, suffix, says) in [
        ("out/", None, "as in out/batch"),
        ("/", None, "as in /batch"),
        ("", None, "as in batch"),
        ("..", None, "as in ../batch"),
        ("out", Some("a/b"), "directories belong into PREFIX"),
    ] {
        let error = FileNames::new(Path::new(prefix), suffix).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    let names = FileNames::new(Path::new("x"), Some(".log")).unwrap();
    assert_eq!(names.path(BatchTime(5)), Path::new("./x-5.log"));
    let missing = FileNames::new(Path::new("/no/such/x"), None).unwrap();
    assert!(Files::open(missing, LineForm::Text, false).is_err());
}

#[test]
fn a_note_renames_nothing_but_a_temporary_file_of_the_own_directory() {
    let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (own, other) = (own.path(), other.path());
    let make = |directory: &Path, name: &str| {
        fs::write(directory.join(name), "x").unwrap();
        directory.join(name)
    };
    let note = |from: &Path, to: &Path| {
        let mut note = Vec::new();
        push_note(from, to, &mut note).unwrap();
        note
    };
    let temporary = make(own, ".out-1.0123.tmp");
    for (from, to) in [
        (make(other, "key"), other.join("authorized_keys")),
        (make(other, ".out-1.0123.tmp"), own.join("out-1")),
        (temporary.clone(), other.join("out-1")),
        (temporary.clone(), own.join("out-2")),
        (temporary.clone(), own.join("../out-1")),
        (make(own, "key"), own.join("out-1")),
    ] {
        let error = finish_rename(&note(&from, &to), own).unwrap_err();
        assert!(from.exists() && !to.exists(), "{from:?} {to:?}");
        assert_eq!(crate::error::Failure::exit(&error), crate::error::Exit::Checkpoint, "{error}");
        assert!(error.to_string().contains("is not to touch"), "{error}");
    }
    // Nothing is left to do, wherever that was.
    finish_rename(&note(&other.join("gone"), &other.join("there")), own).unwrap();
    // The same directory by another way to it.
    let link = other.join("link");
    std::os::unix::fs::symlink(own, &link).unwrap();
    finish_rename(&note(&temporary, &own.join("out-1")), &link).unwrap();
    assert!(own.join("out-1").exists());
}

fn in_directories(directory: &Path, suffix: Option<&str>) -> Files<LineForm> {
    Files::open(names(directory, suffix).in_layout(Layout::Spark), LineForm::Text, false).unwrap()
}

/// Every file below a directory, by its path from there.
fn tree(directory: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap()) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(tree(&entry.path()).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text)));
        } else {
            found.insert(name, fs::read_to_string(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn as_spark_has_it_a_batch_is_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = in_directories(directory.path(), Some("txt"));
    files.block(block(1000, "\"a\"\n")).unwrap();
    assert_eq!(tree(directory.path()).into_keys().collect::<Vec<_>>(), [".out-1000.txt.tmp/part-00000"]);
    files.end(BatchTime(1000), 1).unwrap();
    files.end(BatchTime(2000), 0).unwrap();
    let whole = [
        ("out-1000.txt/_SUCCESS", ""),
        ("out-1000.txt/part-00000", "a\n"),
        ("out-2000.txt/_SUCCESS", ""),
        ("out-2000.txt/part-00000", ""),
    ];
    assert_eq!(tree(directory.path()), listed(&whole));
    // Once more, over a run of Spark that had more parts.
    fs::write(directory.path().join("out-1000.txt/part-00001"), "b\n").unwrap();
    files.block(block(1000, "\"c\"\n")).unwrap();
    files.end(BatchTime(1000), 1).unwrap();
    files.block(block(3000, "\"void\"\n")).unwrap();
    drop(files);
    let whole = [whole[0], ("out-1000.txt/part-00000", "c\n"), whole[2], whole[3]];
    assert_eq!(tree(directory.path()), listed(&whole));
}

#[test]
fn a_directory_that_no_batch_has_made_stays() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("out-1000")).unwrap();
    fs::write(directory.path().join("out-1000/mine"), "x").unwrap();
    let mut files = in_directories(directory.path(), None);
    files.block(block(1000, "1\n")).unwrap();
    let error = files.end(BatchTime(1000), 1).unwrap_err().to_string();
    assert!(error.contains("out-1000") && error.contains("no batch's"), "{error}");
    drop(files);
    assert_eq!(tree(directory.path()), listed(&[("out-1000/mine", "x")]));
}

#[test]
fn a_directory_is_renamed_at_the_next_start_in_whichever_layout() {
    for layout in [Layout::Spark, Layout::Files] {
        let directory = tempfile::tempdir().unwrap();
        let mut crashed = in_directories(directory.path(), None);
        crashed.begin(&under(&[])).unwrap();
        let mut notes = vec![Vec::new(), Vec::new()];
        crashed.block(block(1000, "1\n")).unwrap();
        crashed.prepare(BatchTime(1000), 1, &mut notes[0]).unwrap();
        crashed.prepare(BatchTime(2000), 0, &mut notes[1]).unwrap();
        crashed.persist().unwrap();
        crashed.block(block(3000, "3\n")).unwrap();
        std::mem::forget(crashed.open.take());
        drop(crashed);
        // A run of an older checkpoint had made the first, and the crash came when it had been moved aside.
        fs::create_dir(directory.path().join(".out-1000.0123456789ab.tmp.old")).unwrap();
        fs::write(directory.path().join(".out-1000.0123456789ab.tmp.old/part-00000"), "old\n").unwrap();
        let again = names(directory.path(), None).in_layout(layout);
        // The descriptor that was forgotten has a lock, as a process that is killed has not.
        let mut again = Files::open(again, LineForm::Text, false).unwrap();
        again.begin(&under(&notes)).unwrap();
        let mut found = tree(directory.path());
        found.remove(".out-3000.0123456789ab.tmp/part-00000");
        let whole = [
            ("out-1000/_SUCCESS", ""),
            ("out-1000/part-00000", "1\n"),
            ("out-2000/_SUCCESS", ""),
            ("out-2000/part-00000", ""),
        ];
        assert_eq!(found, listed(&whole));
    }
}

#[test]
fn directories_that_a_crash_left_are_removed_and_one_moved_aside_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    for name in [".out-1000.tmp", ".out-2000.tmp", ".out-2000.tmp.old", ".out-3000.tmp.old", "out-2000"] {
        fs::create_dir(directory.path().join(name)).unwrap();
        fs::write(directory.path().join(name).join("part-00000"), name).unwrap();
    }
    let _files = in_directories(directory.path(), None);
    let left = [("out-2000/part-00000", "out-2000"), ("out-3000/part-00000", ".out-3000.tmp.old")];
    assert_eq!(tree(directory.path()), listed(&left));
}
