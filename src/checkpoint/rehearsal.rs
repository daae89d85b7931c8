//! A file system that is only read: what is written stays in memory. A start on it decides as the real one
//! would, and changes nothing.
//!
//! Nobody holds a lock here but who takes it here: it is a start for which nothing runs any more.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::storage::{LockFile, Storage, StoredFile};

/// What is written over `under`.
pub struct Rehearsal {
    under: Arc<dyn Storage>,
    over: Arc<Mutex<Over>>,
}

#[derive(Default)]
struct Over {
    /// Files that were opened, made, or removed: those are none.
    files: BTreeMap<PathBuf, Option<Shared>>,
    /// Directories that were made, or removed.
    dirs: BTreeMap<PathBuf, bool>,
    locked: BTreeSet<PathBuf>,
}

type Shared = Arc<Mutex<Content>>;

/// The beginning of a file below, and what was added.
struct Content {
    under: Option<Box<dyn StoredFile>>,
    kept: u64,
    added: Vec<u8>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rehearsal {
    /// Over this file system.
    pub fn new(under: Arc<dyn Storage>) -> Rehearsal {
        Rehearsal { under, over: Arc::default() }
    }

    /// The file of that name, if there is one.
    fn find(&self, path: &Path) -> io::Result<Shared> {
        if let Some(file) = held(&self.over).files.get(path) {
            return file.clone().ok_or_else(|| io::ErrorKind::NotFound.into());
        }
        let file = self.under.open(path, false)?;
        let kept = file.size()?;
        Ok(self.put(path, Content { under: Some(file), kept, added: Vec::new() }))
    }

    fn put(&self, path: &Path, content: Content) -> Shared {
        let file = Arc::new(Mutex::new(content));
        held(&self.over).files.insert(path.to_owned(), Some(file.clone()));
        file
    }
}

impl Content {
    fn new(added: Vec<u8>) -> Content {
        Content { under: None, kept: 0, added }
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        if let Some(under) = self.under.as_ref().filter(|_| offset < self.kept) {
            let most = usize::try_from(self.kept - offset).unwrap_or(usize::MAX).min(into.len());
            done = under.read_at(offset, &mut into[..most])?;
            if done < most {
                return Ok(done);
            }
        }
        let from = usize::try_from((offset + done as u64).saturating_sub(self.kept)).unwrap_or(usize::MAX);
        let rest = self.added.get(from..).unwrap_or_default();
        let most = rest.len().min(into.len() - done);
        into[done..done + most].copy_from_slice(&rest[..most]);
        Ok(done + most)
    }

    fn size(&self) -> u64 {
        self.kept + self.added.len() as u64
    }
}

impl Storage for Rehearsal {
    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn StoredFile>> {
        let file = match (self.find(path), create) {
            (Ok(_), true) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Err(error), true) if error.kind() == io::ErrorKind::NotFound => self.put(path, Content::new(Vec::new())),
            (found, _) => found?,
        };
        Ok(Box::new(Opened(file)))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.find(path)?;
        let content = held(&file);
        let mut bytes = vec![0; usize::try_from(content.size()).unwrap_or_default()];
        let read = content.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    fn is_trusted(&self, dir: &Path) -> io::Result<bool> {
        self.under.is_trusted(dir)
    }

    fn modified_ms(&self, path: &Path) -> io::Result<u64> {
        self.under.modified_ms(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let file = self.find(from)?;
        let files = &mut held(&self.over).files;
        files.insert(from.to_owned(), None);
        files.insert(to.to_owned(), Some(file));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.find(path)?;
        held(&self.over).files.insert(path.to_owned(), None);
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.list(path)?;
        held(&self.over).dirs.insert(path.to_owned(), false);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let made = held(&self.over).dirs.get(dir).copied();
        let mut names: BTreeSet<String> = match (self.under.list(dir), made) {
            (_, Some(false)) => return Err(io::ErrorKind::NotFound.into()),
            (Err(error), Some(true)) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            (names, _) => names?.into_iter().collect(),
        };
        let over = held(&self.over);
        let files = over.files.iter().map(|(path, file)| (path, file.is_some()));
        for (path, is_there) in files.chain(over.dirs.iter().map(|(path, is_there)| (path, *is_there))) {
            let Some(name) = path.file_name().filter(|_| path.parent() == Some(dir)) else { continue };
            let name = name.to_string_lossy().into_owned();
            if is_there {
                names.insert(name);
            } else {
                names.remove(&name);
            }
        }
        Ok(names.into_iter().collect())
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        held(&self.over).dirs.insert(dir.to_owned(), true);
        Ok(())
    }

    fn make_private(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn LockFile>>> {
        if !held(&self.over).locked.insert(path.to_owned()) {
            return Ok(None);
        }
        let file = match self.find(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.put(path, Content::new(Vec::new())),
            found => found?,
        };
        Ok(Some(Box::new(Locked { over: self.over.clone(), path: path.to_owned(), file })))
    }

    fn is_locked(&self, path: &Path) -> io::Result<bool> {
        Ok(held(&self.over).locked.contains(path))
    }
}

struct Opened(Shared);

impl StoredFile for Opened {
    fn append(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut content = held(&self.0);
        parts.iter().for_each(|part| content.added.extend_from_slice(part));
        Ok(())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        held(&self.0).read_at(offset, into)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(held(&self.0).size())
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let mut content = held(&self.0);
        let added = usize::try_from(len.saturating_sub(content.kept)).unwrap_or(usize::MAX);
        content.added.truncate(added);
        content.kept = content.kept.min(len);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Locked {
    over: Arc<Mutex<Over>>,
    path: PathBuf,
    file: Shared,
}

impl LockFile for Locked {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let content = held(&self.file);
        let mut bytes = vec![0; usize::try_from(content.size()).unwrap_or_default()];
        let read = content.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        *held(&self.file) = Content::new(bytes.to_vec());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        held(&self.over).locked.remove(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::super::storage::write_whole;
    use super::*;

    #[test]
    fn what_is_written_over_a_file_is_read_and_the_file_stays() {
        let memory = Memory::new("/d");
        let (log, json) = (Path::new("/d/log"), Path::new("/d/x.json"));
        for (path, bytes) in [(log, &b"0123456789"[..]), (json, b"old")] {
            memory.open(path, true).unwrap().append(&mut [IoSlice::new(bytes)]).unwrap();
        }
        let before = memory.all_files();
        let over = Rehearsal::new(Arc::new(memory.clone()));
        let mut file = over.open(log, false).unwrap();
        file.append(&mut [IoSlice::new(b"abc")]).unwrap();
        file.truncate(11).unwrap();
        file.append(&mut [IoSlice::new(b"XY")]).unwrap();
        assert_eq!(over.read(log).unwrap(), b"0123456789aXY");
        let mut some = [0; 4];
        assert_eq!(file.read_at(8, &mut some).unwrap(), 4);
        assert_eq!(&some, b"89aX");
        file.truncate(4).unwrap();
        file.append(&mut [IoSlice::new(b"!")]).unwrap();
        assert_eq!((over.read(log).unwrap(), file.size().unwrap()), (b"0123!".to_vec(), 5));
        write_whole(&over, json, b"new").unwrap();
        over.create_dir(Path::new("/d/e")).unwrap();
        assert_eq!(
            (over.read(json).unwrap(), over.list(Path::new("/d")).unwrap()),
            (b"new".to_vec(), vec!["e".to_owned(), "log".to_owned(), "x.json".to_owned()])
        );
        over.remove(json).unwrap();
        assert!(over.read(json).is_err() && over.open(json, true).is_ok() && over.remove(Path::new("/d/e")).is_err());
        over.remove_dir(Path::new("/d/e")).unwrap();
        assert!(over.list(Path::new("/d/e")).is_err());
        let lock = over.lock(Path::new("/d/l")).unwrap().unwrap();
        assert!(over.lock(Path::new("/d/l")).unwrap().is_none() && over.is_locked(Path::new("/d/l")).unwrap());
        drop(lock);
        assert!(!over.is_locked(Path::new("/d/l")).unwrap());
        assert_eq!(memory.all_files(), before);
    }
}
