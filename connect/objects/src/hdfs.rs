//! HDFS: files, which are written under a name that is left alone, and renamed.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use hdfs_native::client::FileStatus;
use hdfs_native::{Client, HdfsError, WriteOptions};
use tokio::runtime::Runtime;

use crate::store::{Below, Content, Object, Pieces, Put, Store};
use crate::trouble::Trouble;

/// So many files of a listing are told at a time.
const PAGE: usize = 1000;

/// So much is written at a time, in bytes.
const PIECE_BYTES: usize = 1 << 20;

/// A file system.
pub struct Hdfs {
    runtime: Arc<Runtime>,
    client: Client,
    /// `hdfs://namenode:9000`.
    root: String,
}

impl Hdfs {
    /// Of a client; `root` is how its URLs begin.
    pub fn new(runtime: Arc<Runtime>, client: Client, root: String) -> Hdfs {
        Hdfs { runtime, client, root }
    }

    fn object(&self, file: FileStatus) -> Object {
        let (modified_ms, size) = (file.modification_time, file.length as u64);
        Object { url: format!("{}{}", self.root, file.path), tag: String::new(), modified_ms, size }
    }

    fn write(&self, hidden: &str, content: &dyn Content) -> Result<(), Trouble> {
        // A folder that is missing is a wrong path more often than not.
        let options = WriteOptions::default().create_parent(false);
        let create = |options: WriteOptions| self.runtime.block_on(self.client.create(hidden, options));
        let begun = match create(options.clone()).map_err(Trouble::from) {
            // A run before this one has left it, and may hold it still.
            Err(Trouble::Exists | Trouble::Away(_)) => create(options.overwrite(true)).map_err(Trouble::from),
            begun => begun,
        };
        let mut writer = begun.map_err(|trouble| match trouble {
            Trouble::Gone => {
                Trouble::Hopeless("there is no such folder: make it before (hdfs dfs -mkdir -p)".to_owned())
            }
            trouble => trouble,
        })?;
        content.pieces(PIECE_BYTES, &mut |piece| {
            self.runtime.block_on(writer.write_bytes(piece)).map(drop).map_err(Trouble::from)
        })?;
        Ok(self.runtime.block_on(writer.close())?)
    }
}

impl Store for Hdfs {
    fn list(&self, below: &Below, page: &mut dyn FnMut(Vec<Object>) -> bool) -> Result<(), Trouble> {
        let listing = self.client.list_status_iter(&format!("/{}", below.folder), below.is_deep);
        let mut objects = Vec::new();
        loop {
            match self.runtime.block_on(listing.next()) {
                Some(Ok(file)) if file.isdir => {}
                Some(Ok(file)) => objects.push(self.object(file)),
                // There is none yet, or not any more.
                Some(Err(HdfsError::FileNotFound(_))) => {}
                Some(Err(error)) => match Trouble::from(error) {
                    Trouble::Gone => {}
                    trouble => return Err(trouble),
                },
                None => {
                    page(objects);
                    return Ok(());
                }
            }
            if objects.len() == PAGE && !page(std::mem::take(&mut objects)) {
                return Ok(());
            }
        }
    }

    fn read(&self, object: &Object, from: u64) -> Result<Pieces, Trouble> {
        let path = object.url.strip_prefix(&self.root).unwrap_or_default();
        let found = self.runtime.block_on(self.client.get_file_info(path))?;
        if !self.object(found).is_same(object) {
            return Err(Trouble::Changed);
        }
        if from >= object.size {
            return Ok(Box::new(|| Ok(None)));
        }
        let file = self.runtime.block_on(self.client.read(path))?;
        // One that has become longer may be read as far as it was listed.
        if (file.file_length() as u64) < object.size {
            return Err(Trouble::Changed);
        }
        let (mut at, end) = (from, object.size);
        let mut stream = Box::pin(file.read_range_stream(from as usize, (end - from) as usize));
        let runtime = self.runtime.clone();
        Ok(Box::new(move || match runtime.block_on(stream.next()) {
            Some(piece) => {
                let piece: Bytes = piece?;
                at += piece.len() as u64;
                Ok(Some(piece))
            }
            None if at < end => Err(Trouble::Away(format!("the answer ended after {at} of {end} bytes"))),
            None => Ok(None),
        }))
    }

    fn put(&self, path: &str, content: &dyn Content) -> Result<Put, Trouble> {
        let path = format!("/{path}");
        let (folder, name) = path.rsplit_once('/').unwrap_or_default();
        let hidden = format!("{folder}/.{name}.tmp");
        self.write(&hidden, content)?;
        self.runtime.block_on(self.client.rename(&hidden, &path, true))?;
        Ok(Put::Written)
    }
}
