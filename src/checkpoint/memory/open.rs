//! What is open in the file system: a file, a lock.

use std::io::{self, IoSlice};
use std::path::PathBuf;

use super::Memory;
use crate::checkpoint::storage::{LockFile, StoredFile};

pub(super) struct MemoryFile {
    pub(super) file: usize,
    pub(super) memory: Memory,
}

impl StoredFile for MemoryFile {
    fn append(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut inner = self.memory.inner();
        let failed = inner.call();
        for (index, part) in parts.iter().enumerate() {
            // A write that fails may have written a part.
            let len = if failed.is_ok() { part.len() } else { part.len() * usize::from(index == 0) / 2 };
            if failed.is_err() && inner.dead_from.is_some() {
                break;
            }
            inner.files[self.file].data.extend_from_slice(&part[..len]);
        }
        failed
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.memory.inner();
        inner.call()?;
        let data = &inner.files[self.file].data;
        let from = (offset as usize).min(data.len());
        let len = into.len().min(data.len() - from);
        into[..len].copy_from_slice(&data[from..from + len]);
        Ok(len)
    }

    fn size(&self) -> io::Result<u64> {
        let mut inner = self.memory.inner();
        inner.call()?;
        Ok(inner.files[self.file].data.len() as u64)
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        let mut inner = self.memory.inner();
        inner.call()?;
        inner.files[self.file].data.truncate(len as usize);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut inner = self.memory.inner();
        inner.call()?;
        let content = &mut inner.files[self.file];
        content.durable = content.data.clone();
        Ok(())
    }
}

pub(super) struct MemoryLock {
    pub(super) path: PathBuf,
    pub(super) memory: Memory,
}

impl LockFile for MemoryLock {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut inner = self.memory.inner();
        inner.call()?;
        Ok(inner.locks[&self.path].clone())
    }

    fn write(&mut self, content: &[u8]) -> io::Result<()> {
        let mut inner = self.memory.inner();
        inner.call()?;
        inner.locks.insert(self.path.clone(), content.to_vec());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.memory.inner().call()
    }
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.memory.inner().held.remove(&self.path);
    }
}
