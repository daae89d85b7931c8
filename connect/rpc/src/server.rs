//! Connections: how many there may be, and how they end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use sstream::connect::{Address, Console, describe};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// How long to wait when no client can be taken in, as when there are no more descriptors.
const FULL: Duration = Duration::from_millis(200);

/// So long answers may take to reach their clients at the end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What is done beside the connections, as unpacking, is done in so many threads.
const HELPERS: usize = 2;

/// What is said with clients.
pub trait Reception: Send + Sync + 'static {
    /// All that is said with one client, until it goes, is too slow, or the server ends.
    fn receive(
        self: Arc<Self>,
        stream: TcpStream,
        client: SocketAddr,
        stopping: Stopping,
    ) -> impl Future<Output = ()> + Send + 'static;
}

/// The end of the server, for who talks with a client.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Waits until the server is to end.
    pub async fn asked(&mut self) {
        // Without a server it has ended.
        let _ = self.0.wait_for(|is_asked| *is_asked).await;
    }
}

/// Where clients come in.
#[derive(Clone, Debug)]
pub struct Doors {
    /// What is spoken, for messages.
    pub protocol: &'static str,
    /// Where to listen.
    pub address: Address,
    /// So many clients at a time; more wait.
    pub max_clients: usize,
}

impl Doors {
    /// For messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.protocol, self.address)
    }
}

/// A server on a thread of its own. Dropped, it ends: with its last answers.
pub struct Server {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at once, so that who comes before the first batch waits.
    pub fn start<R: Reception>(doors: Doors, reception: R, console: Console) -> io::Result<Server> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(HELPERS).build()?;
        let (name, address) = (doors.name(), &doors.address);
        let listener = runtime.block_on(TcpListener::bind((address.host.as_str(), address.port)))?;
        // Port 0 is any port: only this message says which.
        let listening = format!("{name}: listening on {}", listener.local_addr()?);
        if address.port == 0 {
            console.warn(&listening)
        } else {
            console.info(&listening)
        }
        let (stop, is_stopping) = watch::channel(false);
        let max_clients = doors.max_clients.min(Semaphore::MAX_PERMITS);
        let hall = Hall { listener, max_clients, reception: Arc::new(reception), console, name };
        let run = move || runtime.block_on(hall.serve(Stopping(is_stopping)));
        let thread = std::thread::Builder::new().name(doors.protocol.into()).spawn(run)?;
        Ok(Server { stop, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic there has been told already.
            let _ = thread.join();
        }
    }
}

struct Hall<R> {
    listener: TcpListener,
    max_clients: usize,
    reception: Arc<R>,
    console: Console,
    /// For messages.
    name: String,
}

impl<R: Reception> Hall<R> {
    async fn serve(self, mut stopping: Stopping) {
        let places = Arc::new(Semaphore::new(self.max_clients));
        let mut clients = JoinSet::new();
        loop {
            let place = match places.clone().try_acquire_owned() {
                Ok(place) => place,
                Err(_) => {
                    let (name, most) = (&self.name, self.max_clients);
                    self.console.warn(&format!(
                        "{name}: {most} clients are connected, as --max-clients allows: others wait until one has gone"
                    ));
                    tokio::select! {
                        biased;
                        () = stopping.asked() => break,
                        place = places.clone().acquire_owned() => match place {
                            Ok(place) => place,
                            Err(_) => break,
                        },
                    }
                }
            };
            let accepted = tokio::select! {
                biased;
                () = stopping.asked() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, client)) => {
                    // Answers are small, and their clients wait for them.
                    let _ = stream.set_nodelay(true);
                    let talk = self.reception.clone().receive(stream, client, stopping.clone());
                    clients.spawn(async move {
                        talk.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    let name = &self.name;
                    self.console.warn(&format!("{name}: cannot take a client in: {}", describe(&error)));
                    tokio::time::sleep(FULL).await;
                }
            }
            // Those who are gone are forgotten.
            while clients.try_join_next().is_some() {}
        }
        drop(self.listener);
        let _ = tokio::time::timeout(LAST_WORDS, async { while clients.join_next().await.is_some() {} }).await;
    }
}
