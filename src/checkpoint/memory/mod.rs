//! A file system in memory for tests: it fails at the n-th call, and it knows
//! what a power cut may leave of it.

mod open;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::storage::{LockFile, Storage, StoredFile};
use open::{MemoryFile, MemoryLock};

/// What a power cut may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// What was synced, nothing else.
    Synced,
    /// Everything: the processes were killed, the machine goes on.
    Everything,
    /// All names, but of bytes only what was synced.
    NamesOnly,
    /// A part of what was not synced, with holes, chosen by the number.
    Some(u64),
}

/// The file system. Clones are the same one.
#[derive(Clone, Default)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Clone, Default)]
struct Inner {
    files: Vec<Content>,
    dirs: BTreeMap<PathBuf, Dir>,
    locks: BTreeMap<PathBuf, Vec<u8>>,
    held: BTreeSet<PathBuf>,
    calls: u64,
    fail_at: Option<u64>,
    dead_from: Option<u64>,
}

#[derive(Clone, Default)]
struct Content {
    data: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    File(usize),
    Dir,
}

#[derive(Clone, Default)]
struct Dir {
    names: BTreeMap<String, Node>,
    durable: BTreeMap<String, Node>,
    /// Each is done whole or not at all.
    pending: Vec<Vec<(String, Option<Node>)>>,
}

impl Dir {
    fn set(&mut self, name: &str, node: Option<Node>) {
        apply(&mut self.names, name, node);
        self.pending.push(vec![(name.to_owned(), node)]);
    }
}

fn apply(names: &mut BTreeMap<String, Node>, name: &str, node: Option<Node>) {
    match node {
        Some(node) => names.insert(name.to_owned(), node),
        None => names.remove(name),
    };
}

fn split(path: &Path) -> (PathBuf, String) {
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    (path.parent().unwrap().to_owned(), name)
}

impl Inner {
    /// Counts a call, and fails it if it is one that is to fail.
    fn call(&mut self) -> io::Result<()> {
        self.calls += 1;
        let fails = self.fail_at == Some(self.calls) || self.dead_from.is_some_and(|from| self.calls >= from);
        if fails { Err(io::Error::other("injected")) } else { Ok(()) }
    }

    fn dir(&mut self, path: &Path) -> io::Result<&mut Dir> {
        self.dirs.get_mut(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn file(&mut self, path: &Path) -> io::Result<usize> {
        let (dir, name) = split(path);
        match self.dir(&dir)?.names.get(&name) {
            Some(Node::File(file)) => Ok(*file),
            Some(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Memory {
    /// An empty file system with the directory `root`.
    pub fn new(root: &str) -> Memory {
        let memory = Memory::default();
        memory.inner().dirs.insert(root.into(), Dir::default());
        memory
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// The calls so far.
    pub fn calls(&self) -> u64 {
        self.inner().calls
    }

    /// Only the `n`-th call from now on fails.
    pub fn fail_at(&self, n: u64) {
        let mut inner = self.inner();
        inner.fail_at = Some(inner.calls + n);
    }

    /// From the `n`-th call on nothing works any more.
    pub fn die_at(&self, n: u64) {
        let mut inner = self.inner();
        inner.dead_from = Some(inner.calls + n);
    }

    /// The file system after a crash. No lock is held in it.
    pub fn after_crash(&self, image: Image) -> Memory {
        let inner = self.inner();
        let mut random = match image {
            Image::Some(seed) => seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            _ => 1,
        };
        let mut choose = |below: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 11) as usize % below
        };
        let mut after = Inner { locks: inner.locks.clone(), ..Inner::default() };
        for content in &inner.files {
            let data = match image {
                Image::Everything => content.data.clone(),
                Image::Synced | Image::NamesOnly => content.durable.clone(),
                Image::Some(_) => partly(content, &mut choose),
            };
            after.files.push(Content { durable: data.clone(), data });
        }
        for (path, dir) in &inner.dirs {
            let kept = match image {
                Image::Synced => 0,
                Image::Everything | Image::NamesOnly => dir.pending.len(),
                Image::Some(_) => choose(dir.pending.len() + 1),
            };
            let mut names = dir.durable.clone();
            for (name, node) in dir.pending[..kept].iter().flatten() {
                apply(&mut names, name, *node);
            }
            after.dirs.insert(path.clone(), Dir { durable: names.clone(), names, pending: Vec::new() });
        }
        // A directory whose removal was lost is there again, and empty.
        let back: Vec<PathBuf> = after
            .dirs
            .iter()
            .flat_map(|(path, dir)| dir.names.iter().map(move |(name, node)| (path.join(name), *node)))
            .filter(|(path, node)| *node == Node::Dir && !after.dirs.contains_key(path))
            .map(|(path, _)| path)
            .collect();
        for path in back {
            after.dirs.insert(path, Dir::default());
        }
        // Directories whose own name was lost are gone with what is in them.
        let lost: Vec<PathBuf> = after.dirs.keys().filter(|path| !reachable(&after, &inner, path)).cloned().collect();
        for path in lost {
            after.dirs.remove(&path);
        }
        Memory { inner: Arc::new(Mutex::new(after)) }
    }

    /// All files with their bytes.
    pub fn all_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let inner = self.inner();
        let mut files = Vec::new();
        for (path, dir) in &inner.dirs {
            for (name, node) in &dir.names {
                if let Node::File(file) = node {
                    files.push((path.join(name), inner.files[*file].data.clone()));
                }
            }
        }
        files
    }

    /// Replaces the bytes of a file, durably.
    pub fn put(&self, path: &Path, data: &[u8]) {
        let mut inner = self.inner();
        let file = inner.file(path).unwrap();
        inner.files[file] = Content { data: data.to_vec(), durable: data.to_vec() };
    }
}

/// The directories that have no parent in the file system are its roots.
fn reachable(after: &Inner, before: &Inner, path: &Path) -> bool {
    let Some(parent) = path.parent().filter(|parent| before.dirs.contains_key(*parent)) else { return true };
    let (_, name) = split(path);
    after.dirs.get(parent).is_some_and(|dir| dir.names.get(&name) == Some(&Node::Dir))
        && reachable(after, before, parent)
}

/// What was synced and a part of what came after, of which a sector may be
/// missing.
fn partly(content: &Content, choose: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    const SECTOR: usize = 512;
    let synced = content.durable.len();
    if !content.data.starts_with(&content.durable) {
        // Cut off, and perhaps written on: the old or the new, whole.
        return if choose(2) == 0 { content.durable.clone() } else { content.data.clone() };
    }
    let mut data = content.data[..synced + choose(content.data.len() - synced + 1)].to_vec();
    if data.len() > synced && choose(2) == 0 {
        let hole = synced + choose(data.len() - synced);
        let end = ((hole / SECTOR + 1) * SECTOR).min(data.len());
        data[(hole / SECTOR * SECTOR).max(synced)..end].fill(0);
    }
    data
}

impl Storage for Memory {
    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn StoredFile>> {
        let mut inner = self.inner();
        inner.call()?;
        let file = if create {
            if inner.file(path).is_ok() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let file = inner.files.len();
            let (dir, name) = split(path);
            inner.dir(&dir)?.set(&name, Some(Node::File(file)));
            inner.files.push(Content::default());
            file
        } else {
            inner.file(path)?
        };
        Ok(Box::new(MemoryFile { file, memory: self.clone() }))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut inner = self.inner();
        inner.call()?;
        if let Some(content) = inner.locks.get(path) {
            return Ok(content.clone());
        }
        let file = inner.file(path)?;
        Ok(inner.files[file].data.clone())
    }

    fn modified_ms(&self, path: &Path) -> io::Result<u64> {
        // There is no time in here; what was written is longer.
        let mut inner = self.inner();
        let file = inner.file(path)?;
        Ok(inner.files[file].data.len() as u64)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        let file = inner.file(from)?;
        let ((dir, from), (to_dir, to)) = (split(from), split(to));
        assert_eq!(dir, to_dir, "renames stay in one directory");
        let dir = inner.dir(&dir)?;
        dir.names.remove(&from);
        dir.names.insert(to.clone(), Node::File(file));
        dir.pending.push(vec![(to, Some(Node::File(file))), (from, None)]);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        inner.file(path)?;
        let (dir, name) = split(path);
        inner.dir(&dir)?.set(&name, None);
        Ok(())
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        if !inner.dir(path)?.names.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        inner.dirs.remove(path);
        let (dir, name) = split(path);
        inner.dir(&dir)?.set(&name, None);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let mut inner = self.inner();
        inner.call()?;
        let mut names: Vec<String> = inner.dir(dir)?.names.keys().cloned().collect();
        for path in inner.locks.keys().filter(|path| path.parent() == Some(dir)) {
            names.push(split(path).1);
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        if !inner.dirs.contains_key(dir) {
            let (parent, name) = split(dir);
            inner.dir(&parent)?.set(&name, Some(Node::Dir));
            inner.dirs.insert(dir.to_owned(), Dir::default());
        }
        Ok(())
    }

    fn make_private(&self, _: &Path) -> io::Result<()> {
        self.inner().call()
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.call()?;
        let dir = inner.dir(dir)?;
        dir.durable = dir.names.clone();
        dir.pending.clear();
        Ok(())
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn LockFile>>> {
        let mut inner = self.inner();
        inner.call()?;
        inner.dir(&split(path).0)?;
        inner.locks.entry(path.to_owned()).or_default();
        if !inner.held.insert(path.to_owned()) {
            return Ok(None);
        }
        Ok(Some(Box::new(MemoryLock { path: path.to_owned(), memory: self.clone() })))
    }

    fn is_locked(&self, path: &Path) -> io::Result<bool> {
        let mut inner = self.inner();
        inner.call()?;
        Ok(inner.held.contains(path))
    }
}
