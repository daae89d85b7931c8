//! A store, whatever it is: names, whole objects, and what a program asks of them.

use bytes::Bytes;

use crate::trouble::Trouble;

/// An object as a listing names it: another content is another object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Its URL.
    pub url: String,
    /// What the store calls its content (ETag); empty where it says nothing of it.
    pub tag: String,
    /// When it was written, in ms since the epoch.
    pub modified_ms: u64,
    /// Bytes, as it is stored.
    pub size: u64,
}

impl Object {
    /// Whether both have the same content.
    pub fn is_same(&self, other: &Object) -> bool {
        let by_time = self.modified_ms == other.modified_ms && self.size == other.size;
        self.url == other.url && self.tag == other.tag && (by_time || !self.tag.is_empty())
    }
}

/// Which names are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Below {
    /// The folder, a path with no slash at its ends.
    pub folder: String,
    /// Those of the folders in it too.
    pub is_deep: bool,
}

/// Pieces of an object, in order.
pub type Pieces = Box<dyn FnMut() -> Result<Option<Bytes>, Trouble>>;

/// What is to be written: known, whole, and given as often as it is asked for.
pub trait Content {
    /// How many bytes there are.
    fn size(&self) -> u64;

    /// What no other content has.
    fn digest(&self) -> &str;

    /// Calls with pieces of so many bytes, but for the last one, until all were given, or one was refused.
    ///
    /// # Errors
    /// What came to one; or a spool that cannot be read.
    fn pieces(&self, bytes: usize, each: &mut dyn FnMut(Bytes) -> Result<(), Trouble>) -> Result<(), Trouble>;
}

/// What became of a content that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It was written.
    Written,
    /// It was there.
    Found,
    /// It was written, where something else had been.
    Replaced,
}

/// A store; its calls wait for what they ask for.
pub trait Store: Send + Sync {
    /// Tells what there is, in pages, until one is refused.
    ///
    /// # Errors
    /// What the store says.
    fn list(&self, below: &Below, page: &mut dyn FnMut(Vec<Object>) -> bool) -> Result<(), Trouble>;

    /// Reads an object from a byte on, if it is still the same one.
    ///
    /// # Errors
    /// What the store says; [`Trouble::Gone`] and [`Trouble::Changed`] among it.
    fn read(&self, object: &Object, from: u64) -> Result<Pieces, Trouble>;

    /// Writes a content under a path, whole or not at all, and looks whether it is there first.
    ///
    /// # Errors
    /// What the store says.
    fn put(&self, path: &str, content: &dyn Content) -> Result<Put, Trouble>;
}
