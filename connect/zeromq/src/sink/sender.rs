//! The connections, on a thread of their own: each takes what waits for its peer from the desk.

use std::convert::Infallible;
use std::thread::JoinHandle;
use std::time::Duration;

use sstream::connect::Console;
use tokio::sync::{Notify, watch};

use super::desk::Desk;
use crate::wire::link::{Came, Link};
use crate::wire::peers::{Doors, Settings, asked};
use crate::wire::{Broken, ZeromqError};

/// So much is written at a time.
const WRITE: usize = 64 << 10;

/// A peer that does not hang up in turn is waited for so long.
const HANGING_UP: Duration = Duration::from_secs(1);

/// The thread. Dropped, it ends, and what peers have not heard is lost.
pub struct Sender {
    stopping: watch::Sender<bool>,
    ending: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Sender {
    /// Begins to connect and to listen.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(doors: Doors, settings: Settings, desk: Desk, console: Console) -> Result<Sender, ZeromqError> {
        let failed = |error: std::io::Error| ZeromqError::system(&error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (stopping, is_stopping) = watch::channel(false);
        let (ending, mut is_ending) = watch::channel(false);
        let task = Task { desk: desk.clone(), stopping: is_stopping.clone() };
        let converse = move |link: Link, name: String| {
            let task = task.clone();
            async move { task.send(link, name).await }
        };
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    ended = doors.keep(settings, console, is_stopping, converse) => desk.end(ended),
                    _ = is_ending.changed() => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("zeromq".into()).spawn(run).map_err(failed)?;
        Ok(Sender { stopping, ending, thread: Some(thread) })
    }

    /// Lets no peer in any more, and hangs up on each when it has heard what waits for it.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.stop();
        self.ending.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

/// What all connections do.
#[derive(Clone)]
struct Task {
    desk: Desk,
    stopping: watch::Receiver<bool>,
}

impl Task {
    async fn send(&self, mut link: Link, name: String) -> Broken {
        let (id, wake) = self.desk.come(name);
        let broken = match self.send_all(&mut link, id, &wake).await {
            Ok(never) => match never {},
            Err(broken) => broken,
        };
        self.desk.gone(id);
        broken
    }

    async fn send_all(&self, link: &mut Link, id: u64, wake: &Notify) -> Result<Infallible, Broken> {
        // The number of the ping that has no answer yet, and how many messages went before it.
        let (mut pings, mut pinged) = (0u64, None);
        loop {
            // The first of it may have come with the end of the handshake.
            while let Some(came) = link.at_hand()? {
                match came {
                    Came::Pong(number) if number == pings => {
                        self.desk.heard(id, pinged.take().unwrap_or(0));
                    }
                    Came::Pong(_) => {}
                    Came::Topic { on, prefix } => self.subscribed(id, on, prefix)?,
                    // Before version 3.1 subscriptions are messages.
                    Came::Part { at, .. } => {
                        if let Some((&on @ (0 | 1), prefix)) = link.part(at).split_first() {
                            self.subscribed(id, on == 1, prefix.to_vec())?;
                        }
                    }
                }
            }
            let sent = match link.unwritten() {
                0 => self.desk.next(id, WRITE, |message| link.push_frames(message.frames())),
                _ => 0,
            };
            if link.answers_pings && pinged.is_none() && link.unwritten() < 2 * WRITE {
                let on_their_way = self.desk.on_its_way(id);
                if on_their_way > 0 {
                    pings += 1;
                    link.push_ping(pings);
                    pinged = Some(on_their_way);
                }
            }
            let is_stopping = *self.stopping.borrow();
            if is_stopping && sent == 0 && link.unwritten() == 0 && pinged.is_none() {
                link.hang_up().await;
                return Err(self.hear_out(link).await);
            }
            tokio::select! {
                biased;
                moved = link.exchange(true) => drop(moved?),
                () = wake.notified(), if link.unwritten() == 0 => {}
                () = asked(self.stopping.clone()), if !is_stopping => {}
            }
            if !link.answers_pings && link.unwritten() == 0 {
                // Older peers say nothing: what the system has taken is as good as heard.
                self.desk.heard(id, self.desk.on_its_way(id));
            }
        }
    }

    fn subscribed(&self, id: u64, on: bool, prefix: Vec<u8>) -> Result<(), Broken> {
        match self.desk.subscribed(id, on, prefix) {
            true => Ok(()),
            false => Err(Broken::passing("it subscribes to more than there is room for")),
        }
    }

    /// Until the peer has hung up in turn, which it does when it has read everything.
    async fn hear_out(&self, link: &mut Link) -> Broken {
        let until_ended = async {
            loop {
                if let Err(broken) = link.exchange(true).await {
                    return broken;
                }
                if let Err(broken) = link.at_hand() {
                    return broken;
                }
            }
        };
        tokio::time::timeout(HANGING_UP, until_ended).await.unwrap_or(Broken::Ended)
    }
}
