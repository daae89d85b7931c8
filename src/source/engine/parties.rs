//! What makes records of the lines of several clients, which come in turn: each client's events
//! are its own. An event is complete when it was waited for long enough.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::record::forms::{Format, Recipe};
use crate::source::Client;

/// So many clients may have begun an event and be waited for, with so many bytes in all; of more, the oldest
/// event is complete.
const MOST_CLIENTS: usize = 10_000;
const MOST_BYTES: u64 = 64 << 20;

/// One client, or all of a source that does not tell its clients apart.
struct Party {
    format: Box<dyn Format>,
    /// How long had been waited when its last line came.
    since: Duration,
}

impl Party {
    fn new(recipe: &Recipe, client: Option<&Client>) -> Party {
        Party { format: recipe.format(client.map_or("", |client| client).as_bytes()), since: Duration::ZERO }
    }
}

/// The clients of a source.
pub struct Parties {
    recipe: Recipe,
    /// Whose lines come now.
    client: Option<Client>,
    current: Party,
    /// Those that have begun an event, but for that one.
    others: HashMap<Client, Party>,
    /// The same by when their last lines came.
    by_time: BTreeSet<(Duration, Client)>,
    /// Bytes of their events.
    bytes: u64,
    /// Those whose event is complete.
    complete: Vec<Party>,
    current_is_complete: bool,
    /// How long was waited for lines in all. Time in which nobody could read them does not count.
    waited: Duration,
    invalid_lines: u64,
}

impl Parties {
    /// For lines that become records by this recipe.
    pub fn new(recipe: Recipe) -> Parties {
        let current = Party::new(&recipe, None);
        Parties {
            recipe,
            client: None,
            current,
            others: HashMap::new(),
            by_time: BTreeSet::new(),
            bytes: 0,
            complete: Vec::new(),
            current_is_complete: false,
            waited: Duration::ZERO,
            invalid_lines: 0,
        }
    }

    /// What makes records of the lines that come now.
    pub fn current(&mut self) -> &mut dyn Format {
        self.current.since = self.waited;
        // Something came to its event after all.
        self.current_is_complete = false;
        &mut *self.current.format
    }

    /// What follows is another client's.
    pub fn turn_to(&mut self, client: Client) {
        let next = match self.others.remove(&client) {
            Some(party) => {
                self.by_time.remove(&(party.since, client.clone()));
                self.bytes -= party.format.unfinished();
                party
            }
            None => Party::new(&self.recipe, Some(&client)),
        };
        let before = std::mem::replace(&mut self.current, next);
        match self.client.replace(client) {
            Some(client) if before.format.has_event() => {
                self.by_time.insert((before.since, client.clone()));
                self.bytes += before.format.unfinished();
                self.others.insert(client, before);
                while self.others.len() > MOST_CLIENTS || self.bytes > MOST_BYTES {
                    self.complete_oldest();
                }
            }
            _ => self.invalid_lines += before.format.invalid_lines(),
        }
    }

    fn complete_oldest(&mut self) {
        if let Some((_, client)) = self.by_time.pop_first()
            && let Some(party) = self.others.remove(&client)
        {
            self.bytes -= party.format.unfinished();
            self.complete.push(party);
        }
    }

    /// Lines were waited for so long; what is complete by that, is.
    pub fn wait(&mut self, time: Duration) {
        self.waited += time;
        let Some(timeout) = self.recipe.timeout() else { return };
        while self.by_time.first().is_some_and(|(since, _)| *since + timeout <= self.waited) {
            self.complete_oldest();
        }
        self.current_is_complete |= self.current.format.has_event() && self.current.since + timeout <= self.waited;
    }

    /// How long to wait until an event is complete to which nothing comes.
    pub fn until_complete(&self) -> Option<Duration> {
        let timeout = self.recipe.timeout()?;
        let current = self.current.format.has_event().then_some(self.current.since);
        let since = self.by_time.first().map(|(since, _)| *since).into_iter().chain(current).min()?;
        Some((since + timeout).saturating_sub(self.waited))
    }

    /// All events are complete.
    pub fn complete_all(&mut self) {
        while !self.by_time.is_empty() {
            self.complete_oldest();
        }
        self.current_is_complete = self.current.format.has_event();
    }

    /// Whether there are events that are complete.
    pub fn has_complete(&self) -> bool {
        self.current_is_complete || !self.complete.is_empty()
    }

    /// Gives the formats whose events are complete to `take`.
    pub fn take_complete<E>(&mut self, mut take: impl FnMut(&mut dyn Format) -> Result<(), E>) -> Result<(), E> {
        for mut party in std::mem::take(&mut self.complete) {
            take(&mut *party.format)?;
            self.invalid_lines += party.format.invalid_lines();
        }
        if std::mem::take(&mut self.current_is_complete) {
            take(&mut *self.current.format)?;
        }
        Ok(())
    }

    /// How many bytes of the last row are unfinished.
    pub fn unfinished(&self) -> u64 {
        self.current.format.unfinished()
    }

    /// How many lines so far had invalid UTF-8, which became U+FFFD.
    pub fn invalid_lines(&self) -> u64 {
        let others = self.others.values().map(|party| party.format.invalid_lines());
        self.invalid_lines + self.current.format.invalid_lines() + others.sum::<u64>()
    }
}
