//! How peers are kept: endpoints are dialed again and again, and whoever connects to us is let in.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sstream::connect::{Backoff, Console, duration};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use super::args::Security;
use super::command::SocketKind;
use super::endpoint::{Endpoint, Listener, prepared};
use super::error::{Broken, ZeromqError};
use super::link::{Link, Stream};

/// A connection that lasts so long is a good one.
const STEADY: Duration = Duration::from_secs(10);

/// What the system has no place for is tried again after so long.
const BREATHER: Duration = Duration::from_millis(100);

/// How peers are spoken with.
pub struct Settings {
    /// What we are.
    pub kind: SocketKind,
    /// Who may speak with us.
    pub security: Security,
    /// The longest message that is taken, in bytes.
    pub longest: usize,
    /// A peer that does not answer for so long is gone.
    pub timeout: Duration,
    /// So many at a time may have connected to each endpoint of ours.
    pub max_peers: usize,
    /// What to do when a peer that we connect to is another one.
    pub advice: &'static str,
}

/// Where peers are.
pub struct Doors {
    connect: Vec<Endpoint>,
    bind: Vec<(Endpoint, Listener)>,
}

impl Doors {
    /// Is bound to what is to be bound to.
    ///
    /// # Errors
    /// Somebody else is.
    pub fn open(connect: &[Endpoint], bind: &[Endpoint]) -> Result<Doors, ZeromqError> {
        let bound = |endpoint: &Endpoint| match endpoint.bind() {
            Ok(listener) => Ok((endpoint.clone(), listener)),
            Err(error) => {
                Err(ZeromqError::Bind { endpoint: endpoint.to_string(), message: sstream::connect::describe(&error) })
            }
        };
        Ok(Doors { connect: connect.to_vec(), bind: bind.iter().map(bound).collect::<Result<_, _>>()? })
    }

    /// Has `converse` speak with each peer, by its name, until `stopping` says so and it has come back from
    /// all of them.
    ///
    /// # Errors
    /// A peer that we connect to is none that we can speak with, or the system has nothing left.
    pub async fn keep<C, F>(
        self,
        settings: Settings,
        console: Console,
        stopping: watch::Receiver<bool>,
        converse: C,
    ) -> Result<(), ZeromqError>
    where
        C: Fn(Link, String) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Broken> + Send + 'static,
    {
        let porter = Porter { settings: Arc::new(settings), console, stopping, converse };
        let mut tasks = JoinSet::new();
        for endpoint in self.connect {
            tasks.spawn(porter.clone().dial(endpoint));
        }
        for (endpoint, listener) in self.bind {
            tasks.spawn(porter.clone().listen(endpoint, listener));
        }
        while let Some(ended) = tasks.join_next().await {
            // A panic has been told, and ends the stage as any error does.
            ended.map_err(|error| ZeromqError::System { message: error.to_string() })??;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Porter<C> {
    settings: Arc<Settings>,
    console: Console,
    stopping: watch::Receiver<bool>,
    converse: C,
}

impl<C, F> Porter<C>
where
    C: Fn(Link, String) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Broken> + Send + 'static,
{
    async fn dial(self, endpoint: Endpoint) -> Result<(), ZeromqError> {
        let mut backoff = Backoff::default();
        let mut away: Option<Instant> = None;
        loop {
            let opening = async { self.greet(endpoint.dial().await?).await };
            let opened = tokio::select! {
                opened = opening => opened,
                () = asked(self.stopping.clone()) => return Ok(()),
            };
            let broken = match opened {
                Ok(link) => {
                    match away.take() {
                        None => self.console.info(&format!("{endpoint}: connected")),
                        Some(since) => {
                            let since = duration::show_ms(since.elapsed().as_millis() as u64);
                            self.console.warn(&format!("{endpoint}: goes on, after {since}"));
                        }
                    }
                    let began = Instant::now();
                    let broken = (self.converse)(link, endpoint.to_string()).await;
                    if began.elapsed() >= STEADY {
                        backoff.reset();
                    }
                    broken
                }
                Err(broken) => broken,
            };
            if *self.stopping.borrow() {
                return Ok(());
            }
            if let Broken::Refused(what) = broken {
                let advice = self.settings.advice;
                return Err(ZeromqError::Refused { endpoint: endpoint.to_string(), what, advice });
            }
            if away.is_none() {
                away = Some(Instant::now());
                self.console.warn(&format!("{endpoint}: {broken}: trying again"));
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.next()) => {}
                () = asked(self.stopping.clone()) => return Ok(()),
            }
        }
    }

    async fn greet(&self, stream: Box<dyn Stream>) -> Result<Link, Broken> {
        let Settings { kind, security, longest, timeout, .. } = &*self.settings;
        match tokio::time::timeout(*timeout, Link::open(stream, *kind, security, *longest)).await {
            Ok(Err(Broken::Ended)) => Err(Broken::passing(match security {
                Security::Null => "the other end has ended the handshake: does it want CURVE?",
                Security::CurveClient { .. } => {
                    "the other end has ended the handshake of CURVE: is --curve-server-key its key, and does it know ours?"
                }
                Security::CurveServer { .. } => {
                    "the other end has ended the handshake of CURVE: does it want CURVE, and know our public key?"
                }
            })),
            Ok(opened) => opened,
            Err(_) => Err(Broken::passing("no answer")),
        }
    }

    async fn listen(self, endpoint: Endpoint, listener: Listener) -> Result<(), ZeromqError> {
        let accepting = Accepting::new(listener).map_err(|error| ZeromqError::system(&error))?;
        let places = Arc::new(Semaphore::new(self.settings.max_peers.min(Semaphore::MAX_PERMITS)));
        let (has_refused, mut is_full) = (Arc::new(AtomicBool::new(false)), false);
        let mut tasks = JoinSet::new();
        loop {
            if places.available_permits() == 0 && !std::mem::replace(&mut is_full, true) {
                let most = self.settings.max_peers;
                self.console.warn(&format!(
                    "{endpoint}: {most} peers are connected, as --max-peers allows: others wait until one has gone"
                ));
            }
            let next = async {
                let place = places.clone().acquire_owned().await;
                (accepting.next().await, place)
            };
            tokio::select! {
                (accepted, place) = next => match (accepted, place) {
                    (Ok((stream, name)), Ok(place)) => {
                        let name = format!("{endpoint}: {name}");
                        drop(tasks.spawn(self.clone().welcome(stream, name, has_refused.clone(), place)));
                    }
                    // Too many files, say.
                    (Err(error), _) => {
                        self.console.warn(&format!("{endpoint}: {}", sstream::connect::describe(&error)));
                        tokio::time::sleep(BREATHER).await;
                    }
                    // Nobody closes it.
                    (Ok(_), Err(_)) => {}
                },
                Some(_) = tasks.join_next() => {}
                () = asked(self.stopping.clone()) => break,
            }
        }
        drop(accepting);
        while tasks.join_next().await.is_some() {}
        Ok(())
    }

    async fn welcome(
        self,
        stream: Box<dyn Stream>,
        name: String,
        has_refused: Arc<AtomicBool>,
        place: OwnedSemaphorePermit,
    ) {
        let opened = tokio::select! {
            opened = self.greet(stream) => opened,
            () = asked(self.stopping.clone()) => return,
        };
        match opened {
            Ok(link) => {
                self.console.info(&format!("{name}: connected"));
                let broken = (self.converse)(link, name.clone()).await;
                self.console.info(&format!("{name}: {broken}"));
            }
            // A stranger who comes again and again is told of once.
            Err(broken) if has_refused.swap(true, Ordering::Relaxed) => self.console.info(&format!("{name}: {broken}")),
            Err(broken) => self.console.warn(&format!("{name}: not let in: {broken}")),
        }
        drop(place);
    }
}

/// A listener of this runtime.
enum Accepting {
    Tcp(TcpListener),
    Ipc(UnixListener, std::path::PathBuf),
}

impl Accepting {
    fn new(listener: Listener) -> io::Result<Accepting> {
        Ok(match listener {
            Listener::Tcp(listener) => Accepting::Tcp(TcpListener::from_std(listener)?),
            Listener::Ipc(listener, path) => Accepting::Ipc(UnixListener::from_std(listener)?, path),
        })
    }

    async fn next(&self) -> io::Result<(Box<dyn Stream>, String)> {
        match self {
            Accepting::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                Ok((prepared(stream)?, address.to_string()))
            }
            Accepting::Ipc(listener, _) => Ok((Box::new(listener.accept().await?.0), "a peer".to_owned())),
        }
    }
}

impl Drop for Accepting {
    fn drop(&mut self) {
        if let Accepting::Ipc(_, path) = self {
            // Who comes next takes away what is left.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Comes back when the stage stops.
pub async fn asked(mut stopping: watch::Receiver<bool>) {
    // Without who says so there is no stage.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}
