//! Readers that connect, many at once.

use std::io;
use std::net;
use std::os::unix::net as unix;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::feed::Feed;
use super::shared::Shared;
use super::socket::Socket;
use crate::console::Console;
use crate::error::describe;
use crate::net::address::Address;
use crate::net::unix::SocketFile;

/// How long to wait when no client can be taken in, as when there are no more descriptors.
const FULL: Duration = Duration::from_millis(200);

/// Where readers connect.
#[derive(Clone, Debug)]
pub enum Place {
    /// A TCP port.
    Tcp(Address),
    /// A Unix socket.
    Unix(PathBuf),
}

/// What readers may do.
#[derive(Clone, Copy, Debug)]
pub struct Readers {
    /// So many at a time; more wait to be taken in until one has gone.
    pub clients: usize,
    /// One that is too slow is told in a line what it missed.
    pub tells_dropped: bool,
}

/// What listens.
pub enum Listener {
    Tcp(net::TcpListener),
    Unix(unix::UnixListener),
}

impl Place {
    /// For messages.
    pub fn name(&self) -> String {
        match self {
            Place::Tcp(address) => format!("listen {address}"),
            Place::Unix(path) => format!("unix {}", path.display()),
        }
    }

    /// Listens, at once, so that clients that come before the first batch wait for it.
    pub fn listen(&self, console: &Console) -> io::Result<(Listener, Option<SocketFile>)> {
        match self {
            Place::Tcp(address) => {
                let listener = net::TcpListener::bind((address.host.as_str(), address.port))?;
                let message = format!("{}: listening on {}", self.name(), listener.local_addr()?);
                // Port 0 is any port: only this message says which.
                if address.port == 0 {
                    console.warn(&message)
                } else {
                    console.info(&message)
                }
                listener.set_nonblocking(true)?;
                Ok((Listener::Tcp(listener), None))
            }
            Place::Unix(path) => {
                let (file, listener) = SocketFile::bind(path, || unix::UnixListener::bind(path))?;
                console.info(&format!("{}: listening", self.name()));
                listener.set_nonblocking(true)?;
                Ok((Listener::Unix(listener), Some(file)))
            }
        }
    }
}

/// A server, in the thread of the sockets.
pub struct Server {
    pub name: String,
    pub readers: Readers,
    pub shared: Arc<Shared>,
    pub console: Console,
}

impl Server {
    /// Serves for ever; gives back only where the listener is none.
    pub async fn run(self, listener: Listener) -> io::Result<()> {
        match listener {
            Listener::Tcp(listener) => {
                let listener = TcpListener::from_std(listener)?;
                self.serve(async || {
                    let (stream, peer) = listener.accept().await?;
                    Ok((stream.into(), Some(peer.to_string())))
                })
                .await
            }
            Listener::Unix(listener) => {
                let listener = UnixListener::from_std(listener)?;
                self.serve(async || Ok((listener.accept().await?.0.into(), None))).await
            }
        }
    }

    /// Welcomes readers as `accept` gives them, with their name if they have one.
    async fn serve(self, accept: impl AsyncFn() -> io::Result<(Socket, Option<String>)>) -> io::Result<()> {
        let server = Arc::new(self);
        let places = Arc::new(Semaphore::new(server.readers.clients.min(Semaphore::MAX_PERMITS)));
        let mut count = 0u64;
        loop {
            let place = server.place(&places).await?;
            match accept().await {
                Ok((socket, peer)) => {
                    count += 1;
                    let name = format!("{}: client {}", server.name, peer.unwrap_or_else(|| count.to_string()));
                    tokio::spawn(server.clone().welcome(socket, name, place));
                }
                Err(error) => {
                    let Server { name, console, .. } = &*server;
                    console.warn(&format!("{name}: cannot take a client in: {}", describe(&error)));
                    tokio::time::sleep(FULL).await;
                }
            }
        }
    }

    /// Waits until one more may be taken in.
    async fn place(&self, places: &Arc<Semaphore>) -> io::Result<OwnedSemaphorePermit> {
        if let Ok(place) = places.clone().try_acquire_owned() {
            return Ok(place);
        }
        self.console.warn(&format!(
            "{}: {} clients are connected, as --max-clients allows: others wait until one has gone",
            self.name, self.readers.clients
        ));
        places.clone().acquire_owned().await.map_err(io::Error::other)
    }

    /// Serves one reader, beside all others.
    async fn welcome(self: Arc<Server>, socket: Socket, name: String, place: OwnedSemaphorePermit) {
        let Server { shared, console, readers, .. } = &*self;
        let id = shared.report(|queue| queue.join());
        console.info(&format!("{name}: connected"));
        let feed = Feed { shared, socket: &socket, id, tells_dropped: readers.tells_dropped, name: &name, console };
        let result = feed.run().await;
        let is_cut = shared.report(|queue| queue.is_cut(id));
        feed.tell(shared.report(|queue| queue.untold(id)));
        match result {
            Ok(()) => console.info(&format!("{name}: has all")),
            Err(error) if is_cut => console.warn(&format!("{name}: {error}")),
            Err(error) => console.info(&format!("{name}: gone: {}", describe(&error))),
        }
        // Last: the process may end when the last one leaves.
        shared.report(|queue| queue.leave(id));
        drop(place);
    }
}
