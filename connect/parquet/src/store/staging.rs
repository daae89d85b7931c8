//! The folder of what is under way, and how files get from it to where they are seen.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use sstream::connect::OutletError;
use sstream::connect::directory::{remove, replace, sync_directory};

use super::directory::{aside, sync};
use crate::error::SinkError;

/// What files of Parquet end with.
pub const ENDING: &str = ".parquet";

/// Beyond so many files the whole file system is synced, which then takes less long.
const MOST_SYNCED: usize = 64;

/// So long a sink is waited for that was killed, or asked to stop, just before.
const PATIENCE: Duration = Duration::from_secs(5);

/// The folder.
#[derive(Debug)]
pub struct Staging {
    /// Where files are seen.
    target: PathBuf,
    /// What names in it begin with.
    prefix: String,
    folder: PathBuf,
    /// Open, because it is locked.
    lock: File,
    id: String,
}

/// A file that is whole: its name in the folder, and its path in the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// `ID.TIME.N.tmp`.
    pub name: String,
    /// `dt=2016-07-23/part-1469283110000.parquet`.
    pub path: String,
    /// Which file of its folder and group it is, from 1 on. The path of all but the first ends with it.
    pub number: u32,
}

impl Staging {
    /// Makes and locks the folder; the target has to be there.
    ///
    /// # Errors
    /// It cannot be made, or another sink has locked it.
    pub fn open(target: &Path, prefix: &str) -> Result<Staging, OutletError> {
        let folder = target.join(format!(".sstream-{prefix}"));
        let since = Instant::now();
        let lock = loop {
            match fs::create_dir(&folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(failed(target, error)),
                _ => {}
            }
            match locked(&folder).map_err(|error| failed(&folder, error))? {
                Some(lock) => break lock,
                None if since.elapsed() > PATIENCE => {
                    let what = format!(
                        "{}, where another sstream-sink writes: give one of them another --prefix",
                        target.display()
                    );
                    return Err(OutletError::Write { what, error: io::ErrorKind::WouldBlock.into() });
                }
                None => thread::sleep(PATIENCE / 100),
            }
        };
        Ok(Staging { target: target.to_owned(), prefix: prefix.to_owned(), folder, lock, id: "run".to_owned() })
    }

    /// From now on files are those of a checkpoint.
    pub fn mark(&mut self, job: &str) {
        self.id = job.chars().take(12).collect();
    }

    /// A name in the folder.
    pub fn name(&self, rest: &str) -> String {
        format!("{}.{rest}", self.id)
    }

    /// The path of a name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Removes what is there of this checkpoint, or of a run without one, but for some names.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn clean(&self, is_kept: impl Fn(&str) -> bool) -> Result<(), OutletError> {
        let own = self.name("");
        for entry in fs::read_dir(&self.folder).map_err(|error| failed(&self.folder, error))? {
            let name = entry.map_err(|error| failed(&self.folder, error))?.file_name();
            let name = name.to_string_lossy();
            if !name.starts_with(&own) || is_kept(&name) {
                continue;
            }
            // A directory that was moved aside for one that did not come gets its own name back.
            let was = aside(&name, self).map(|start| self.target.join(format!("{}-{start}", self.prefix)));
            match was.filter(|was| !was.exists()) {
                Some(was) => fs::rename(self.path(&name), &was).map_err(|error| failed(&was, error))?,
                None => self.remove(&name)?,
            }
        }
        Ok(())
    }

    /// Removes a file or directory of the folder, if it is there.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), OutletError> {
        let path = self.path(name);
        remove(&path).map_err(|error| failed(&path, error))
    }

    /// Removes the folder, if nothing is in it.
    pub fn leave(&self) {
        // What is there belongs to a checkpoint, and stays.
        let _ = fs::remove_dir(&self.folder);
    }

    /// Writes which files belong where; not synced.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn list(&self, name: &str, files: &[Whole]) -> Result<(), OutletError> {
        let path = self.path(name);
        let mut text = Vec::new();
        for Whole { name, path, number } in files {
            text.extend(format!("{name}\0{path}\0{number}\0").into_bytes());
        }
        fs::write(&path, text).map_err(|error| failed(&path, error))
    }

    /// Reads a list again; nothing if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is none of ours.
    pub fn listed(&self, name: &str) -> Result<Option<Vec<Whole>>, OutletError> {
        let path = self.path(name);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| OutletError::Write { what: path.display().to_string(), error })?,
        };
        let mut words = text.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        let mut files = Vec::new();
        while let (Some(name), Some(path), Some(number)) = (words.next(), words.next(), words.next()) {
            let is_inside = |path: &str| Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
            let number = number.parse().ok().filter(|_| is_inside(&path) && is_inside(&name) && !name.contains('/'));
            let Some(number) = number else {
                let what = format!("it names {path}, which is no file of {}", self.target.display());
                return Err(SinkError::Gone { path: self.path(&name), what }.into());
            };
            files.push(Whole { name, path, number });
        }
        Ok(Some(files))
    }

    /// Makes files of the folder, and their names, durable.
    ///
    /// # Errors
    /// They are not.
    pub fn sync<'n>(&self, names: impl ExactSizeIterator<Item = &'n str>) -> Result<(), OutletError> {
        if names.len() > MOST_SYNCED {
            return self.sync_all();
        }
        for name in names {
            let path = self.path(name);
            sync(&path).map_err(|error| failed(&path, error))?;
        }
        sync_folder(&self.folder)
    }

    /// Makes everything in the file system durable.
    fn sync_all(&self) -> Result<(), OutletError> {
        rustix::fs::syncfs(&self.lock).map_err(|error| failed(&self.folder, error.into()))
    }

    /// Shows files; the folders whose names are not durable yet are added to `changed`. A file that is not
    /// there any more was shown before.
    ///
    /// # Errors
    /// They cannot be.
    pub fn show(&self, files: &[Whole], changed: &mut BTreeSet<PathBuf>) -> Result<(), OutletError> {
        let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        for Whole { name, path, number } in files {
            let (from, to) = (self.path(name), self.target.join(path));
            match replace(&from, &to) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if from.symlink_metadata().is_err() {
                        continue;
                    }
                    // Its folder is the first thing of its partition.
                    let folder = to.parent().unwrap_or(&self.target);
                    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
                    let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(&self.target));
                    changed.extend(above.map(Path::to_owned));
                    replace(&from, &to).map_err(|error| failed(&to, error))?;
                }
                Err(error) => return Err(failed(&to, error)),
            }
            changed.insert(to.parent().unwrap_or(&self.target).to_owned());
            // An earlier run of the group may have had more files: all of it is in these. A directory has all that it had.
            let Some(stem) = path.strip_suffix(ENDING) else { continue };
            let first = stem.strip_suffix(&further(*number)).unwrap_or(stem);
            for number in number + 1.. {
                let further = format!("{first}{}{ENDING}", further(number));
                if paths.contains(further.as_str()) || fs::remove_file(self.target.join(further)).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Makes the names in folders durable.
    ///
    /// # Errors
    /// They are not.
    pub fn sync_shown(&self, changed: &mut BTreeSet<PathBuf>) -> Result<(), OutletError> {
        match std::mem::take(changed) {
            folders if folders.len() > MOST_SYNCED => self.sync_all(),
            folders => folders.iter().try_for_each(|folder| sync_folder(folder)),
        }
    }

    /// Writes a list that has decided by itself: whole, and durable.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn decide(&self, name: &str, files: &[Whole]) -> Result<(), OutletError> {
        let new = format!("{name}.new");
        self.list(&new, files)?;
        let path = self.path(&new);
        let synced = File::options().append(true).open(&path).and_then(|mut file| {
            file.flush()?;
            file.sync_all()?;
            fs::rename(&path, self.path(name))
        });
        synced.map_err(|error| failed(&path, error))?;
        sync_folder(&self.folder)
    }
}

/// Locks a folder; nothing if somebody has it, or has just removed it.
fn locked(folder: &Path) -> io::Result<Option<File>> {
    let is_gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let lock = match File::open(folder) {
        Err(error) if is_gone(&error) => return Ok(None),
        opened => opened?,
    };
    // Where there are no locks, two sinks must not have the same prefix.
    if flock(&lock, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK) {
        return Ok(None);
    }
    match fs::metadata(folder) {
        Err(error) if is_gone(&error) => Ok(None),
        there => Ok((there?.ino() == lock.metadata()?.ino()).then_some(lock)),
    }
}

/// What stands before the ending of a file that is not the first one.
pub fn further(number: u32) -> String {
    if number > 1 { format!("-{number}") } else { String::new() }
}

fn sync_folder(folder: &Path) -> Result<(), OutletError> {
    sync_directory(folder).map_err(|error| failed(folder, error))
}

pub(crate) fn failed(path: &Path, error: io::Error) -> OutletError {
    OutletError::Write { what: path.display().to_string(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(name: &str, path: &str) -> Whole {
        Whole { name: name.to_owned(), path: path.to_owned(), number: 1 }
    }

    #[test]
    fn a_run_with_fewer_files_leaves_none_of_the_run_before() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::open(folder.path(), "part").unwrap();
        let show = |count: u32| {
            let file = |number| Whole {
                name: format!("run.1.{number}.tmp"),
                path: format!("d=1/part-1{}{ENDING}", further(number)),
                number,
            };
            let files: Vec<Whole> = (1..=count).map(file).collect();
            files.iter().for_each(|file| fs::write(staging.path(&file.name), "").unwrap());
            staging.show(&files, &mut BTreeSet::new()).unwrap();
            fs::read_dir(folder.path().join("d=1")).unwrap().count()
        };
        assert_eq!([4, 2, 3, 1].map(show), [4, 2, 3, 1]);
    }

    #[test]
    fn files_are_shown_once_and_lists_say_where() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::open(folder.path(), "part").unwrap();
        let files = [whole("run.1.0.tmp", "a=1/b=2/x.parquet"), whole("run.1.1.tmp", "y.parquet")];
        files.iter().for_each(|file| fs::write(staging.path(&file.name), &file.name).unwrap());
        staging.list("run.1.files", &files).unwrap();
        assert_eq!(staging.listed("run.1.files").unwrap().unwrap(), files);
        assert_eq!(staging.listed("run.2.files").unwrap(), None);
        let mut changed = BTreeSet::new();
        staging.show(&files, &mut changed).unwrap();
        assert_eq!(changed.len(), 3);
        staging.sync_shown(&mut changed).unwrap();
        // Somebody has taken one away meanwhile: it does not come back.
        fs::remove_file(folder.path().join("y.parquet")).unwrap();
        staging.show(&files, &mut changed).unwrap();
        assert!(!folder.path().join("y.parquet").exists() && folder.path().join("a=1/b=2/x.parquet").exists());
        staging.clean(|_| false).unwrap();
        assert_eq!(staging.listed("run.1.files").unwrap(), None);
    }

    #[test]
    fn a_folder_has_one_writer_and_lists_lead_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::open(folder.path(), "part").unwrap();
        let error = Staging::open(folder.path(), "part").unwrap_err().to_string();
        assert!(error.contains("--prefix"), "{error}");
        Staging::open(folder.path(), "other").unwrap();
        for path in ["../x", "/etc/x", "a/../../x"] {
            staging.list("run.1.files", &[whole("run.1.0.tmp", path)]).unwrap();
            let error = staging.listed("run.1.files").unwrap_err().to_string();
            assert!(error.contains("no file of"), "{error}");
        }
    }
}
