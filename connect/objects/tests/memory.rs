//! A store in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use sstream_objects::store::{Below, Content, Object, Pieces, Put, Store};
use sstream_objects::trouble::Trouble;

/// Objects by URL, each with its version.
#[derive(Default)]
pub struct Memory(Mutex<BTreeMap<String, (u64, Bytes)>>);

impl Memory {
    /// Puts one there.
    pub fn insert(&self, url: &str, version: u64, content: impl Into<Bytes>) {
        self.0.lock().unwrap().insert(url.to_owned(), (version, content.into()));
    }

    /// All that there is, by URL.
    pub fn all(&self) -> Vec<(String, Bytes)> {
        self.0.lock().unwrap().iter().map(|(url, (_, content))| (url.clone(), content.clone())).collect()
    }
}

impl Store for Memory {
    fn list(&self, _: &Below, page: &mut dyn FnMut(Vec<Object>) -> bool) -> Result<(), Trouble> {
        let objects = self.0.lock().unwrap();
        let object = |(url, (version, content)): (&String, &(u64, Bytes))| Object {
            url: url.clone(),
            tag: version.to_string(),
            modified_ms: *version,
            size: content.len() as u64,
        };
        // Two a page.
        let all: Vec<Object> = objects.iter().map(object).collect();
        drop(objects);
        let _ = all.chunks(2).all(|some| page(some.to_vec()));
        Ok(())
    }

    fn read(&self, object: &Object, from: u64) -> Result<Pieces, Trouble> {
        let objects = self.0.lock().unwrap();
        let (version, content) = objects.get(&object.url).ok_or(Trouble::Gone)?;
        if version.to_string() != object.tag {
            return Err(Trouble::Changed);
        }
        let mut rest = content.slice(from as usize..);
        Ok(Box::new(move || {
            let piece = rest.split_to(rest.len().min(7));
            Ok((!piece.is_empty()).then_some(piece))
        }))
    }

    fn put(&self, path: &str, content: &dyn Content) -> Result<Put, Trouble> {
        let mut whole = Vec::new();
        content.pieces(10, &mut |piece| {
            whole.extend_from_slice(&piece);
            Ok(())
        })?;
        assert_eq!(whole.len() as u64, content.size());
        let before = self.0.lock().unwrap().insert(path.to_owned(), (1, whole.clone().into()));
        Ok(match before {
            None => Put::Written,
            Some((_, found)) if found == whole => Put::Found,
            Some(_) => Put::Replaced,
        })
    }
}
