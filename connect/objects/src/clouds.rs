//! S3, Google Cloud Storage and Azure Blob Storage.
//!
//! A content is put on the condition that there is nothing of its name. Where there is something, its digest, which every
//! object of ours has beside it, tells whether that is the same. A large one is uploaded in parts, and is there when the
//! last request has said so.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    Attribute, AttributeValue, Attributes, GetOptions, GetRange, MultipartUpload, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions,
};
use tokio::runtime::Runtime;

use crate::store::{Below, Content, Object, Pieces, Put, Store};
use crate::trouble::Trouble;

/// What is larger goes in parts of this size, of which a store takes 10,000.
const PART_BYTES: usize = 8 << 20;

/// The most parts that a store takes.
const MOST_PARTS: u64 = 10_000;

/// Where the digest is, among what an object has beside its content: Azure takes no dash there, and proxies no underscore.
const DIGEST: &str = "sstreamsha256";

/// A bucket.
pub struct Clouds {
    runtime: Arc<Runtime>,
    objects: Arc<dyn ObjectStore>,
    lists: Arc<dyn PaginatedListStore>,
    /// `s3://bucket/`.
    root: String,
}

impl Clouds {
    /// Of a store's client; `root` is how its URLs begin.
    pub fn new<S: ObjectStore + PaginatedListStore>(runtime: Arc<Runtime>, store: S, root: String) -> Clouds {
        let store = Arc::new(store);
        Clouds { runtime, objects: store.clone(), lists: store, root: format!("{root}/") }
    }

    fn path(&self, path: &str) -> Result<Path, Trouble> {
        Path::parse(path).map_err(|error| Trouble::Hopeless(format!("{error}: no name of an object here")))
    }

    /// Whether there is something of this name, and if so whether it is this content.
    async fn look_up(&self, path: &Path, content: &dyn Content) -> Result<Option<bool>, Trouble> {
        let head = GetOptions { head: true, ..GetOptions::default() };
        match self.objects.get_opts(path, head).await.map_err(Trouble::from) {
            Ok(found) => {
                let digest = found.attributes.get(&Attribute::Metadata(DIGEST.into()));
                let is_same = digest.is_some_and(|digest| &**digest == content.digest());
                Ok(Some(is_same && found.meta.size == content.size()))
            }
            Err(Trouble::Gone) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    fn put_whole(&self, path: &Path, content: &dyn Content) -> Result<Put, Trouble> {
        let mut whole = Bytes::new();
        content.pieces(PART_BYTES, &mut |piece| {
            whole = piece;
            Ok(())
        })?;
        let put = |mode: PutMode| async {
            let options = PutOptions { mode, attributes: attributes(content), ..PutOptions::default() };
            self.objects.put_opts(path, whole.clone().into(), options).await.map_err(Trouble::from)
        };
        self.runtime.block_on(async {
            match put(PutMode::Create).await {
                Ok(_) => return Ok(Put::Written),
                // Some stores say it so.
                Err(Trouble::Exists | Trouble::Changed) => {}
                Err(trouble) => return Err(trouble),
            }
            match self.look_up(path, content).await? {
                Some(true) => Ok(Put::Found),
                _ => put(PutMode::Overwrite).await.map(|_| Put::Replaced),
            }
        })
    }

    fn put_parts(&self, path: &Path, content: &dyn Content) -> Result<Put, Trouble> {
        let there = self.runtime.block_on(self.look_up(path, content))?;
        if there == Some(true) {
            return Ok(Put::Found);
        }
        let options = PutMultipartOptions { attributes: attributes(content), ..PutMultipartOptions::default() };
        let begun = self.runtime.block_on(self.objects.put_multipart_opts(path, options));
        let mut upload: Box<dyn MultipartUpload> = begun.map_err(lost_path)?;
        // Parts are to be of one size.
        let bytes = PART_BYTES.max(usize::try_from(content.size().div_ceil(MOST_PARTS)).unwrap_or(usize::MAX));
        let sent =
            content.pieces(bytes, &mut |piece| self.runtime.block_on(upload.put_part(piece.into())).map_err(lost_path));
        match sent.and_then(|()| self.runtime.block_on(upload.complete()).map(drop).map_err(lost_path)) {
            Ok(()) => Ok(if there.is_some() { Put::Replaced } else { Put::Written }),
            Err(trouble) => {
                // Parts of an upload that is never completed are stored, and cost. If this cannot be said now, the
                // bucket's own rule for them is what is left.
                let _ = self.runtime.block_on(upload.abort());
                Err(trouble)
            }
        }
    }
}

/// What the store says of an upload; one that it does not know any more is begun anew.
fn lost_path(error: object_store::Error) -> Trouble {
    match Trouble::from(error) {
        Trouble::Gone | Trouble::Changed | Trouble::Exists => {
            Trouble::Away("the upload was ended by somebody else, or there is no such bucket".to_owned())
        }
        trouble => trouble,
    }
}

fn attributes(content: &dyn Content) -> Attributes {
    let digest = AttributeValue::from(content.digest().to_owned());
    Attributes::from_iter([(Attribute::Metadata(DIGEST.into()), digest)])
}

impl Store for Clouds {
    fn list(&self, below: &Below, page: &mut dyn FnMut(Vec<Object>) -> bool) -> Result<(), Trouble> {
        let prefix = if below.folder.is_empty() { String::new() } else { format!("{}/", below.folder) };
        let mut token = None;
        loop {
            let options = PaginatedListOptions {
                delimiter: (!below.is_deep).then_some("/".into()),
                page_token: token,
                ..PaginatedListOptions::default()
            };
            let listed = self.runtime.block_on(self.lists.list_paginated(Some(&prefix), options));
            let listed = listed.map_err(|error| match Trouble::from(error) {
                Trouble::Gone => Trouble::Hopeless("there is no such bucket".to_owned()),
                trouble => trouble,
            })?;
            let objects = listed.result.objects.into_iter().map(|meta| Object {
                url: format!("{}{}", self.root, meta.location),
                tag: meta.e_tag.unwrap_or_default(),
                modified_ms: meta.last_modified.timestamp_millis().max(0).cast_unsigned(),
                size: meta.size,
            });
            if !page(objects.collect()) {
                return Ok(());
            }
            match listed.page_token {
                Some(next) => token = Some(next),
                None => return Ok(()),
            }
        }
    }

    fn read(&self, object: &Object, from: u64) -> Result<Pieces, Trouble> {
        if from >= object.size {
            return Ok(Box::new(|| Ok(None)));
        }
        let path = self.path(object.url.strip_prefix(&self.root).unwrap_or_default())?;
        let options = GetOptions {
            if_match: (!object.tag.is_empty()).then(|| object.tag.clone()),
            range: (from > 0).then_some(GetRange::Bounded(from..object.size)),
            ..GetOptions::default()
        };
        let got = self.runtime.block_on(self.objects.get_opts(&path, options))?;
        if got.meta.size != object.size || (from > 0 && got.range != (from..object.size)) {
            return Err(Trouble::Changed);
        }
        let (mut stream, mut at) = (got.into_stream(), from);
        let end = object.size;
        let runtime = self.runtime.clone();
        Ok(Box::new(move || match runtime.block_on(stream.next()) {
            Some(piece) => {
                let piece = piece?;
                at += piece.len() as u64;
                Ok(Some(piece))
            }
            None if at < end => Err(Trouble::Away(format!("the answer ended after {at} of {end} bytes"))),
            None => Ok(None),
        }))
    }

    fn put(&self, path: &str, content: &dyn Content) -> Result<Put, Trouble> {
        let path = self.path(path)?;
        let put = match content.size() <= PART_BYTES as u64 {
            true => self.put_whole(&path, content),
            false => self.put_parts(&path, content),
        };
        put.map_err(|trouble| match trouble {
            Trouble::Gone => Trouble::Hopeless("there is no such bucket".to_owned()),
            trouble => trouble,
        })
    }
}
