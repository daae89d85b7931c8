//! The history between the stage's thread and those who follow it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::history::{History, Limits, News};
use crate::frame::BatchTime;

/// After so long a comment, or a ping, shows that the line lives.
pub const QUIET: Duration = Duration::from_secs(10);

/// The history, as both have it.
#[derive(Debug)]
pub struct Board {
    history: Mutex<History>,
    ticks: watch::Sender<()>,
    followers: AtomicUsize,
}

/// That somebody follows: as long as it is there, the end of the process is waited with.
#[derive(Debug)]
pub struct Presence(Arc<Board>);

/// One who follows, from its first batch on.
#[derive(Debug)]
pub struct Follower {
    /// Kept by whoever has the rest to send.
    pub presence: Arc<Presence>,
    ticks: watch::Receiver<()>,
    next: u64,
}

impl Board {
    /// Nothing yet.
    pub fn new(limits: Limits) -> Board {
        Board {
            history: Mutex::new(History::new(limits)),
            ticks: watch::Sender::new(()),
            followers: AtomicUsize::new(0),
        }
    }

    /// What is there.
    pub fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is there, and tells those who follow.
    pub fn change(&self, work: impl FnOnce(&mut History)) {
        work(&mut self.history());
        self.ticks.send_replace(());
    }

    /// How many follow.
    pub fn followers(&self) -> usize {
        self.followers.load(Ordering::Acquire)
    }

    /// One more, who has had all up to a batch.
    pub fn follow(self: &Arc<Board>, since: Option<BatchTime>) -> Follower {
        self.followers.fetch_add(1, Ordering::AcqRel);
        let presence = Arc::new(Presence(self.clone()));
        Follower { presence, ticks: self.ticks.subscribe(), next: self.history().after(since) }
    }
}

impl Follower {
    /// What comes next; it is waited for.
    pub async fn next(&mut self) -> News {
        loop {
            self.ticks.mark_unchanged();
            if let Some(news) = self.presence.0.history().news(&mut self.next) {
                return news;
            }
            if self.ticks.changed().await.is_err() {
                return News::End;
            }
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.followers.fetch_sub(1, Ordering::AcqRel);
    }
}
