//! Connections: how many there may be, how long they may take, and how they end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sstream::connect::{Address, Console, describe};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::answer::{Desk, Rules};
use super::queue::Queue;

/// How long to wait when no client can be taken in, as when there are no more descriptors.
const FULL: Duration = Duration::from_millis(200);

/// So long answers may take to reach their clients at the end.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Bodies that are unpacked at a time.
const UNPACKERS: usize = 2;

/// What the server is to do.
pub struct Options {
    /// Where to listen.
    pub address: Address,
    /// With a certificate: TLS.
    pub tls: Option<TlsAcceptor>,
    /// So many clients at a time; more wait.
    pub max_clients: usize,
    /// The time for a head, and for the handshake.
    pub head_timeout: Duration,
    /// The most bytes that wait for the pipeline.
    pub max_waiting: usize,
    /// What requests are judged by.
    pub rules: Rules,
}

/// A server on a thread of its own. Dropped, it ends: with its last answers.
pub struct Server {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens at once, so that who comes before the first batch waits.
    pub fn start(options: Options, queue: Queue, console: Console) -> io::Result<Server> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(UNPACKERS).build()?;
        let Options { address, tls, max_clients, head_timeout, max_waiting: _, rules } = options;
        let name = format!("http {address}");
        let listener = runtime.block_on(TcpListener::bind((address.host.as_str(), address.port)))?;
        // Port 0 is any port: only this message says which.
        let listening = format!("{name}: listening on {}", listener.local_addr()?);
        if address.port == 0 {
            console.warn(&listening)
        } else {
            console.info(&listening)
        }
        let (stop, is_stopping) = watch::channel(false);
        let desk = Desk::new(rules, queue, console.clone(), name.clone());
        let doors = Doors { listener, tls, max_clients, head_timeout, desk, console, name };
        let run = move || runtime.block_on(doors.serve(is_stopping));
        let thread = std::thread::Builder::new().name("http".into()).spawn(run)?;
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

struct Doors {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    max_clients: usize,
    head_timeout: Duration,
    desk: Arc<Desk>,
    console: Console,
    /// For messages.
    name: String,
}

impl Doors {
    async fn serve(self, mut is_stopping: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(self.max_clients.min(Semaphore::MAX_PERMITS)));
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
                        _ = is_stopping.wait_for(|is_asked| *is_asked) => break,
                        place = places.clone().acquire_owned() => match place {
                            Ok(place) => place,
                            Err(_) => break,
                        },
                    }
                }
            };
            let accepted = tokio::select! {
                biased;
                _ = is_stopping.wait_for(|is_asked| *is_asked) => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, client)) => {
                    let serving = self.client(stream, client, is_stopping.clone());
                    clients.spawn(async move {
                        serving.await;
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

    /// All requests of one client.
    fn client(
        &self,
        stream: TcpStream,
        client: SocketAddr,
        is_stopping: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + use<> {
        let (tls, desk, head_timeout) = (self.tls.clone(), self.desk.clone(), self.head_timeout);
        let (console, name) = (self.console.clone(), self.name.clone());
        async move {
            // Answers are small, and their clients wait for them.
            let _ = stream.set_nodelay(true);
            let Some(tls) = tls else { return converse(stream, client, desk, head_timeout, is_stopping).await };
            match tokio::time::timeout(head_timeout, tls.accept(stream)).await {
                Ok(Ok(stream)) => converse(stream, client, desk, head_timeout, is_stopping).await,
                Ok(Err(error)) => console.info(&format!("{name}: client {client}: no TLS: {error}")),
                Err(_) => console.info(&format!("{name}: client {client}: no TLS within the time for a head")),
            }
        }
    }
}

/// Answers requests until the client goes, is too slow, or the server ends.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    client: SocketAddr,
    desk: Arc<Desk>,
    head_timeout: Duration,
    mut is_stopping: watch::Receiver<bool>,
) {
    let service = service_fn(move |request| desk.clone().answer(request, client));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_timeout).max_buf_size(64 << 10);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // A client that breaks off is no concern of ours.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = is_stopping.wait_for(|is_asked| *is_asked) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
