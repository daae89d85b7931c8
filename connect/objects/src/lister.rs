//! Looks for objects, in a thread of its own: page by page, again and again.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sstream::connect::Backoff;
use sstream::connect::files::{Pattern, is_left_alone};

use crate::fetch::Reading;
use crate::place::Place;
use crate::store::{Below, Object};
use crate::trouble::Trouble;

/// So many pages wait to be looked at.
const PAGES: usize = 4;

/// What a look finds.
#[derive(Debug)]
pub enum Look {
    /// Some of the objects that there are.
    Page(Vec<Object>),
    /// Those were all.
    End,
    /// There was a fault that stays.
    Failed(String, Trouble),
}

/// A folder, or a pattern.
#[derive(Clone, Debug)]
pub struct Wanted {
    place: Place,
    pattern: Pattern,
}

impl Wanted {
    /// What a URL asks for.
    ///
    /// # Errors
    /// What is wrong with its pattern.
    pub fn new(place: Place) -> Result<Wanted, String> {
        Ok(Wanted { pattern: Pattern::parse_elsewhere(Path::new(&place.path))?, place })
    }

    /// Where to look.
    fn below(&self) -> Below {
        let folder = self.pattern.base().to_string_lossy().into_owned();
        Below { folder, is_deep: !self.pattern.is_literal() }
    }

    /// Whether an object is one of these: in a folder, or by its own name.
    pub fn takes(&self, url: &str) -> bool {
        let Some(path) = url.strip_prefix(&self.place.url("")).map(Path::new) else { return false };
        let is_named = !self.pattern.is_literal() && self.pattern.matches(path);
        let is_inside = || path.parent().is_some_and(|folder| self.pattern.matches(folder));
        // Markers of folders are named as these are.
        path.file_name().is_some_and(|name| !is_left_alone(name)) && !url.ends_with('/') && (is_named || is_inside())
    }
}

/// Looks, until it is dropped.
pub struct Lister {
    /// What it finds.
    pub looks: Receiver<Look>,
    /// Is dropped to end it.
    _alive: SyncSender<()>,
    _thread: JoinHandle<()>,
}

impl Lister {
    /// Begins at once, and looks again after so long, or not.
    pub fn start(reading: Reading, wanted: Vec<Wanted>, again: Option<Duration>) -> Lister {
        let (sender, looks) = sync_channel(PAGES);
        let (alive, is_over) = sync_channel(0);
        let thread = std::thread::spawn(move || {
            loop {
                let is_going_on = look(&reading, &wanted, &sender, &is_over);
                let Some(again) = again.filter(|_| is_going_on) else { return };
                if !pause(&is_over, again) {
                    return;
                }
            }
        });
        Lister { looks, _alive: alive, _thread: thread }
    }
}

/// Waits; false if it is over.
fn pause(is_over: &Receiver<()>, time: Duration) -> bool {
    matches!(is_over.recv_timeout(time), Err(std::sync::mpsc::RecvTimeoutError::Timeout))
}

/// Looks once; false if there is nobody to look for any more.
fn look(reading: &Reading, wanted: &[Wanted], to: &SyncSender<Look>, is_over: &Receiver<()>) -> bool {
    let tell = |look: Look| {
        let is_told = to.send(look).is_ok();
        reading.bell.ring();
        is_told
    };
    // Objects that several patterns name are told once.
    let mut below: HashMap<String, Below> = HashMap::new();
    for one in wanted {
        let place = one.below();
        below.entry(place.folder.clone()).and_modify(|known| known.is_deep |= place.is_deep).or_insert(place);
    }
    for below in below.values() {
        let (mut backoff, mut away) = (Backoff::default(), None);
        loop {
            let mut is_wanted = true;
            let listed = reading.store.list(below, &mut |mut page| {
                page.retain(|object| wanted.iter().any(|one| one.takes(&object.url)));
                is_wanted = tell(Look::Page(page));
                is_wanted
            });
            match listed {
                _ if !is_wanted => return false,
                Ok(()) => {
                    if away.is_some() {
                        reading.console.warn(&format!("listing {}: goes on", wanted[0].place.root()));
                    }
                    break;
                }
                Err(Trouble::Away(message)) => {
                    let what = wanted[0].place.root();
                    let since = *away.get_or_insert_with(|| {
                        reading.console.warn(&format!("listing {what}: {message}: trying again"));
                        Instant::now()
                    });
                    if reading.retry_for.is_some_and(|limit| since.elapsed() >= limit) {
                        let message = format!("{message}: given up, as --retry-for says");
                        tell(Look::Failed(what, Trouble::Hopeless(message)));
                        return false;
                    }
                    if !pause(is_over, backoff.next()) {
                        return false;
                    }
                }
                Err(trouble) => {
                    tell(Look::Failed(format!("listing {}", wanted[0].place.root()), trouble));
                    return false;
                }
            }
        }
    }
    tell(Look::End)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_patterns_take_what_dir_takes() {
        let wanted = |url: &str| Wanted::new(Place::parse(url).unwrap()).unwrap();
        for (pattern, url, takes) in [
            ("s3://b/in", "s3://b/in/a", true),
            ("s3://b/in", "s3://b/in/deep/a", false),
            ("s3://b/in", "s3://b/inner/a", false),
            ("s3://b/in", "s3://c/in/a", false),
            ("s3://b/in", "s3://b/in", false),
            ("s3://b/in", "s3://b/in/.hidden", false),
            ("s3://b/in", "s3://b/in/a.tmp", false),
            ("s3://b/in", "s3://b/in/folder/", false),
            ("s3://b", "s3://b/a", true),
            ("s3://b", "s3://b/in/a", false),
            ("s3://b/in/*.log", "s3://b/in/a.log", true),
            ("s3://b/in/*.log", "s3://b/in/a.txt", false),
            ("s3://b/*/in", "s3://b/x/in/a", true),
            ("s3://b/**/*.csv", "s3://b/x/y/a.csv", true),
            ("s3://b/**", "s3://b/x/y/a.csv", true),
            ("hdfs:///in", "hdfs:///in/a", true),
        ] {
            assert_eq!(wanted(pattern).takes(url), takes, "{pattern} {url}");
        }
        assert_eq!(wanted("s3://b/logs/2026-*/x").below(), Below { folder: "logs".to_owned(), is_deep: true });
        assert!(Wanted::new(Place::parse("s3://b/[z-a]").unwrap()).is_err());
    }
}
