//! The files of a state that is larger than memory: they are part of the checkpoint as they are.
//!
//! The log says from where on which files there are; each entry's origin may be such a place. A file is
//! never changed, so those of an older batch are there as long as its entries are.

use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::log::{Place, Reader};
use super::super::storage::{Storage, StoredFile, names};
use super::super::{Error, Result};
use super::PairOut;
use crate::keyed_state::Load;
use crate::store::{self, Files, RunFile, Store, StoreError};

/// The entry that says which files there are.
pub(super) const FILES: u8 = 4;

/// The folder of files in that of a stage.
const FOLDER: &str = "files";

/// Where a stage's state has its files.
pub struct StageFiles {
    storage: Arc<dyn Storage>,
    dir: PathBuf,
    next: u64,
}

impl StageFiles {
    /// Those in the stage's folder `stage`.
    pub fn of(storage: Arc<dyn Storage>, stage: &Path) -> Result<StageFiles> {
        let dir = stage.join(FOLDER);
        let next = names(&*storage, &dir)?.iter().filter_map(|name| number(name)).max().map_or(1, |newest| newest + 1);
        Ok(StageFiles { storage, dir, next })
    }

    /// With no number below `next` for what is made from now on.
    #[must_use]
    pub fn from(self, next: u64) -> StageFiles {
        StageFiles { next: self.next.max(next), ..self }
    }

    fn path(&self, id: u64) -> PathBuf {
        self.dir.join(format!("{id:08}.run"))
    }

    /// Removes the files with a number below `next` that are not among `needed`.
    pub fn remove(&self, next: u64, needed: &[u64]) -> Result<()> {
        for id in names(&*self.storage, &self.dir)?.iter().filter_map(|name| number(name)) {
            if id >= next || needed.contains(&id) {
                continue;
            }
            let path = self.path(id);
            match self.storage.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::io("cannot remove", &path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Each file that is there.
    pub fn paths(&self) -> Result<Vec<(u64, PathBuf)>> {
        let names = names(&*self.storage, &self.dir)?;
        Ok(names.iter().filter_map(|name| number(name)).map(|id| (id, self.path(id))).collect())
    }
}

fn number(name: &str) -> Option<u64> {
    name.strip_suffix(".run")?.parse().ok()
}

impl Files for StageFiles {
    fn create(&self, id: u64) -> io::Result<Box<dyn RunFile>> {
        let path = self.path(id);
        let file = match self.storage.open(&path, true) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.storage.create_dir(&self.dir)?;
                self.storage.open(&path, true)?
            }
            made => made?,
        };
        Ok(Box::new(Stored(file)))
    }

    fn open(&self, id: u64) -> io::Result<Box<dyn RunFile>> {
        Ok(Box::new(Stored(self.storage.open(&self.path(id), false)?)))
    }

    fn next(&self) -> u64 {
        self.next
    }

    fn sync(&self) -> io::Result<()> {
        self.storage.sync_dir(&self.dir)?;
        self.dir.parent().map_or(Ok(()), |stage| self.storage.sync_dir(stage))
    }

    fn name(&self, id: u64) -> String {
        self.path(id).display().to_string()
    }
}

struct Stored(Box<dyn StoredFile>);

impl RunFile for Stored {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.append(&mut [IoSlice::new(bytes)])
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        match self.0.read_at(offset, into)? {
            read if read == into.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

/// The error of files in `dir`.
fn failed(dir: &Path, error: StoreError) -> Error {
    match error {
        StoreError::Io { error, .. } => Error::io("cannot read a file of the state in", &dir.join(FOLDER), error),
        StoreError::Damaged { what } => Error::Lost { path: dir.join(FOLDER), what },
    }
}

/// Gives all that is in the files that an entry names to who does not take them up as they are.
pub(super) fn give_all(storage: &Arc<dyn Storage>, dir: &Path, mut named: &[u8], give: &mut PairOut<'_>) -> Result<()> {
    let files = Arc::new(StageFiles::of(Arc::clone(storage), dir)?);
    let read = || {
        Store::open(files, &mut named)?.each(&mut |key, value| {
            give(key, Some(value));
            Ok(())
        })
    };
    read().map_err(|error| failed(dir, error))
}

/// Which files there are from some places of the log on.
#[derive(Default)]
pub(super) struct Noted {
    /// Each with the files' numbers.
    places: Vec<(Place, Vec<u64>)>,
    /// No file that was not noted has a smaller number.
    pub next: u64,
}

impl Noted {
    /// Reads the entries at `places`.
    pub fn read(reader: &mut dyn FnMut(Place) -> Result<Reader>, places: &[Place]) -> Result<Noted> {
        let mut noted = Noted::default();
        for &place in places {
            if let Some(entry) = reader(place)?.next_entry()?
                && let Some(named) = entry.payload.strip_prefix(&[FILES])
            {
                noted.add(place, named);
            }
        }
        Ok(noted)
    }

    pub fn add(&mut self, place: Place, mut named: &[u8]) {
        let Some((ids, next)) = store::ids(&mut named) else { return };
        self.next = self.next.max(next);
        self.places.push((place, ids));
    }

    /// Forgets those before `origin`, and removes what is needed by none then. Of files that were not noted
    /// those with a number below `next` are left over, or below that of all that were noted.
    pub fn purge(&mut self, origin: Place, files: &StageFiles, next: u64) -> Result<()> {
        self.places.retain(|noted| noted.0 >= origin);
        let next = self.next.max(next);
        if next == 0 {
            return Ok(());
        }
        let needed: Vec<u64> = self.places.iter().flat_map(|noted| noted.1.iter().copied()).collect();
        files.remove(next, &needed)
    }
}

/// Takes pairs only.
pub struct Pairs<'p, 'o>(pub &'p mut PairOut<'o>);

impl Load for Pairs<'_, '_> {
    fn pair(&mut self, key: &[u8], value: Option<&[u8]>) {
        (self.0)(key, value);
    }
}

/// Takes nothing.
pub struct Nothing;

impl Load for Nothing {
    fn files(&mut self, _: &[u8]) -> bool {
        true
    }

    fn pair(&mut self, _: &[u8], _: Option<&[u8]>) {}
}
