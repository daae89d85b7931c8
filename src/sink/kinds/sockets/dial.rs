//! A server that is connected to, and again when it has gone.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::{TcpStream, UnixStream};

use super::feed::Feed;
use super::shared::Shared;
use super::socket::Socket;
use crate::console::Console;
use crate::duration;
use crate::error::describe;
use crate::net::address::Address;
use crate::net::backoff::Backoff;

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// A server that is away is told again this often.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Who is connected to.
#[derive(Clone, Debug)]
pub enum Peer {
    /// Over TCP.
    Tcp(Address),
    /// At a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Peer::Tcp(address) => write!(f, "tcp {address}"),
            Peer::Unix(path) => write!(f, "unix {}", path.display()),
        }
    }
}

impl Peer {
    /// Connects; a host may have several addresses, of which each is tried.
    async fn connect(&self) -> io::Result<Socket> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, "no answer within 10s");
        match self {
            Peer::Tcp(address) => {
                let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
                for candidate in tokio::net::lookup_host((address.host.as_str(), address.port)).await? {
                    match tokio::time::timeout(ANSWER, TcpStream::connect(candidate)).await {
                        Ok(Ok(stream)) => return Ok(stream.into()),
                        Ok(Err(error)) => last = error,
                        Err(_) => last = late(),
                    }
                }
                Err(last)
            }
            Peer::Unix(path) => match tokio::time::timeout(ANSWER, UnixStream::connect(path)).await {
                Ok(connected) => connected.map(Socket::from),
                Err(_) => Err(late()),
            },
        }
    }
}

/// Who connects, in the thread of the sockets.
pub struct Client {
    pub peer: Peer,
    pub shared: Arc<Shared>,
    pub console: Console,
}

impl Client {
    /// Sends until all has arrived and no more will come.
    pub async fn run(self) {
        let Client { peer, shared, console } = &self;
        let name = peer.to_string();
        let mut backoff = Backoff::default();
        // Since when it is away, and when that was said last.
        let mut away: Option<(Instant, Instant)> = None;
        let mut pushes = shared.pushes();
        loop {
            // No earlier: a server may serve one at a time, and the sink of a run before this one may
            // have the rest of its batches to send, for which this run waits.
            pushes.mark_unchanged();
            if shared.report(|queue| queue.waiting()) == 0 {
                if pushes.changed().await.is_err() {
                    return;
                }
                continue;
            }
            let gone = match peer.connect().await {
                Ok(socket) => {
                    match away.take() {
                        Some((since, _)) => {
                            let span = duration::show_ms(since.elapsed().as_millis() as u64);
                            console.warn(&format!("{name}: connected again, after {span}"));
                        }
                        None => console.info(&format!("{name}: connected")),
                    }
                    shared.set_away(None);
                    let id = shared.report(|queue| queue.join());
                    let feed = Feed { shared, socket: &socket, id, tells_dropped: false, name: &name, console };
                    let sent = feed.run().await;
                    if shared.report(|queue| queue.leave(id)) {
                        backoff.reset();
                    }
                    match sent {
                        Ok(()) => return,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            let now = Instant::now();
            let (since, told) = *away.get_or_insert((now, now));
            if since == now || now.duration_since(told) >= TELL_EVERY {
                console.warn(&format!("{name}: {}: trying again", describe(&gone)));
                away = Some((since, now));
            }
            shared.set_away(Some((since, describe(&gone))));
            tokio::time::sleep(backoff.next()).await;
        }
    }
}
