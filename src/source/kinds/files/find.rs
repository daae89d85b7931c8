//! Where a file that a position names is now.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::identity::{Stamp, open_regular};
use super::packed::Unpacked;
use super::position::FileEntry;
use crate::console::Console;
use crate::source::SourceError;
use crate::source::kinds::packing::Packing;

/// Finds files again, and says what becomes of those that are gone.
pub struct Finder {
    /// Where to look, beside the directory where a file was.
    pub dirs: Vec<PathBuf>,
    /// Also take a copy of a file that was truncated, as logrotate's copytruncate
    /// makes it: its name begins as the file's does, and so do its bytes.
    pub copies: bool,
    /// Go on without what is gone, instead of failing.
    pub skip_lost: bool,
    /// For what is left out.
    pub console: Console,
}

impl Finder {
    /// The file of `entry` if it still holds `need` bytes, with the path where it is now.
    pub fn find(&self, entry: &FileEntry, need: u64) -> Option<(PathBuf, File)> {
        if let Ok(Some(file)) = open_if_same(&entry.path, entry, need) {
            return Some((entry.path.clone(), file));
        }
        let home = entry.path.parent();
        for dir in home.into_iter().chain(self.dirs.iter().map(PathBuf::as_path).filter(|dir| Some(*dir) != home)) {
            for path in files_in(dir, |stamp| stamp.is_same_file(&entry.stamp)) {
                if let Ok(Some(file)) = open_if_same(&path, entry, need) {
                    return Some((path, file));
                }
            }
        }
        self.find_copy(entry, need, |_| true)
    }

    /// A copy of a file, made before it was truncated, or packed; the newest that may be taken.
    pub fn find_copy(
        &self,
        entry: &FileEntry,
        need: u64,
        may_take: impl Fn(&Stamp) -> bool,
    ) -> Option<(PathBuf, File)> {
        if !self.copies || entry.print.length == 0 {
            return None;
        }
        let is_copy = |path: &PathBuf| {
            path != &entry.path
                && is_name_after(path, &entry.path)
                && open_if_copy(path, entry, need).is_ok_and(|is| is)
        };
        let paths = files_in(entry.path.parent()?, may_take).into_iter().filter(is_copy);
        let path = paths.max_by_key(|path| path.metadata().map_or(0, |metadata| Stamp::of(&metadata).modified_ns))?;
        let file = open_regular(&path).ok()?;
        Some((path, file))
    }

    /// Part of a file is gone. `range` says which.
    pub fn lost(&self, entry: &FileEntry, range: &str) -> Result<(), SourceError> {
        // What only cannot be opened is there again when somebody has mended that.
        if let Err(error) = open_regular(&entry.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(SourceError::read(entry.path.display().to_string(), error));
        }
        let error = SourceError::Gone {
            what: format!("{}, {range}", entry.path.display()),
            reason: "the file was removed, packed or written anew".to_owned(),
        };
        if !self.skip_lost {
            return Err(error);
        }
        self.console.warn(&format!("{}, {range}: gone, and left out as --on-loss says", entry.path.display()));
        Ok(())
    }
}

/// Endings of files that were packed; lz4 is not unpacked.
const PACKED: [&str; 5] = [".gz", ".bz2", ".xz", ".zst", ".lz4"];

/// Whether a file's name is the one that a rotation gives to another: app.log.1,
/// app.log-20261120, app.1.log, packed or not.
pub fn is_rotated_name(path: &Path, original: &Path) -> bool {
    let parts = || {
        let stem = original.file_stem()?.as_encoded_bytes();
        let ending = original.file_name()?.as_encoded_bytes().strip_prefix(stem)?;
        Some((path.file_name()?.as_encoded_bytes().strip_prefix(stem)?, ending))
    };
    let Some((rest, ending)) = parts() else { return false };
    let packed = PACKED.iter().find_map(|packed| rest.strip_suffix(packed.as_bytes()));
    let rest = packed.unwrap_or(rest);
    let number = rest.strip_prefix(ending).or_else(|| rest.strip_suffix(ending)).unwrap_or(rest);
    match number {
        [b'.' | b'-' | b'_', b'0'..=b'9', more @ ..] => {
            more.iter().all(|byte| byte.is_ascii_digit() || b".-_:T".contains(byte))
        }
        _ => false,
    }
}

/// The name that a file had before a rotation gave it this one, if one has:
/// `app.log` of `app.log.1`, `app.log-20261120`, `app-20261120.log` and `app.log.2.gz`.
pub fn original_name(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.as_encoded_bytes();
    let name = PACKED.iter().find_map(|packed| name.strip_suffix(packed.as_bytes())).unwrap_or(name);
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let without_number = |stem: &[u8], ending: &[u8]| {
        let mut begins = (1..stem.len()).filter(|at| b".-_".contains(&stem[*at]) && is_digit(stem.get(at + 1)));
        let is_rest = |byte: &u8| byte.is_ascii_digit() || b".-_:T".contains(byte);
        let begin = begins.find(|at| stem[at + 1..].iter().all(is_rest))?;
        Some([&stem[..begin], ending].concat())
    };
    // The number is at the end, or before the ending.
    let original = without_number(name, b"").or_else(|| {
        let (stem, ending) = name.split_at(name.iter().rposition(|byte| *byte == b'.')?);
        without_number(stem, ending)
    })?;
    Some(path.with_file_name(OsString::from_vec(original)))
}

/// Which rotation made a file, where they are counted: app.log.2 is older than
/// app.log.1. A date counts nothing.
pub fn rotation(path: &Path) -> u32 {
    let numbers = |path: &Path| -> Vec<String> {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        name.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()).map(str::to_owned).collect()
    };
    let original = original_name(path).map_or(0, |original| numbers(&original).len());
    match &numbers(path)[..] {
        [.., count] if count.len() < 4 && numbers(path).len() == original + 1 => count.parse().unwrap_or(0),
        _ => 0,
    }
}

/// Whether a file was packed, by its name.
pub fn is_packed(path: &Path) -> bool {
    PACKED.iter().any(|packed| path.as_os_str().as_encoded_bytes().ends_with(packed.as_bytes()))
}

/// How many bytes a file holds, unpacked if its name says that it is packed.
pub fn content_length(path: &Path, file: &File) -> io::Result<u64> {
    match Packing::of(path) {
        Some(packing) => Unpacked::open(file, packing)?.length(),
        None => Ok(file.metadata()?.len()),
    }
}

/// Whether a rotation, or packing, may have given this name to a file that had another before.
fn is_name_after(path: &Path, before: &Path) -> bool {
    let is_packed_from = Packing::of(path).is_some() && path.with_extension("") == before;
    let original = original_name(before).filter(|original| is_rotated_name(path, original));
    is_packed_from || is_rotated_name(path, before) || original.is_some()
}

fn open_if_same(path: &Path, entry: &FileEntry, need: u64) -> io::Result<Option<File>> {
    let file = open_regular(path)?;
    let stamp = Stamp::of_file(&file)?;
    let holds = |need| stamp.size >= need || Packing::of(path).is_some();
    let is_same = stamp.is_same_file(&entry.stamp) && holds(need) && entry.print.matches_content(path, &file)?;
    Ok(is_same.then_some(file))
}

fn open_if_copy(path: &Path, entry: &FileEntry, need: u64) -> io::Result<bool> {
    let file = open_regular(path)?;
    Ok(entry.print.matches_content(path, &file)? && content_length(path, &file)? >= need)
}

/// Regular files of a directory whose stamp is wanted.
pub fn files_in(dir: &Path, is_wanted: impl Fn(&Stamp) -> bool) -> Vec<PathBuf> {
    // A directory that cannot be read has nothing for us.
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let wanted = entries
        .filter(|entry| entry.metadata().is_ok_and(|metadata| metadata.is_file() && is_wanted(&Stamp::of(&metadata))));
    let mut paths: Vec<PathBuf> = wanted.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_rotations_give() {
        let is = |name: &str| is_rotated_name(Path::new(name), Path::new("app.log"));
        for name in [
            "app.log.1",
            "app.log-20261120",
            "app-20261120.log",
            "app.1.log",
            "app.log.2.gz",
            "app.log_2026-11-20T10:00",
        ] {
            assert!(is(name), "{name}");
        }
        for name in [
            "app.log",
            "app.log.audit",
            "app.log.old",
            "app2.log",
            "web.log.1",
            "app.log.audit.1",
            "app.log.",
            "app.log.gz",
        ] {
            assert!(!is(name), "{name}");
        }
        for (name, original) in [
            ("/x/app.log.1", "/x/app.log"),
            ("app.log-20261120", "app.log"),
            ("app-20261120.log", "app.log"),
            ("app.1.log", "app.log"),
            ("app.log.2.gz", "app.log"),
            ("app.log_2026-11-20T10:00", "app.log"),
            ("messages-1.xz", "messages"),
            ("web2.log.3", "web2.log"),
        ] {
            assert_eq!(original_name(Path::new(name)), Some(PathBuf::from(original)), "{name}");
        }
        for name in ["app.log", "app.log.old", "app2.log", ".1", "app.log.audit", "a-1x.log"] {
            assert_eq!(original_name(Path::new(name)), None, "{name}");
        }
        for (name, count) in [("app.log.12", 12), ("app.log-20261120", 0), ("app.log-2026-11-20", 0), ("app.3.log", 3)]
        {
            assert_eq!(rotation(Path::new(name)), count, "{name}");
        }
        assert!(is_rotated_name(Path::new("/x/messages-1.xz"), Path::new("/x/messages")));
        assert!(is_packed(Path::new("app.log.2.gz")) && !is_packed(Path::new("app.log.2")));
    }
}
