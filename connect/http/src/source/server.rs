//! Connections: TLS, how long heads may take, and how they end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sstream::connect::Console;
use sstream_rpc::{Reception, Stopping};
use sstream_tls::server::TlsAcceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::answer::Desk;

/// Takes requests.
pub struct Server {
    /// With a certificate: TLS.
    pub tls: Option<TlsAcceptor>,
    /// The time for a head, and for the handshake.
    pub head_timeout: Duration,
    /// Answers.
    pub desk: Arc<Desk>,
    /// For messages.
    pub console: Console,
    /// For messages.
    pub name: String,
}

impl Reception for Server {
    async fn receive(self: Arc<Self>, stream: TcpStream, client: SocketAddr, stopping: Stopping) {
        let Server { tls, head_timeout, desk, console, name } = &*self;
        let Some(tls) = tls else { return converse(stream, client, desk.clone(), *head_timeout, stopping).await };
        match tokio::time::timeout(*head_timeout, tls.accept(stream)).await {
            Ok(Ok(stream)) => converse(stream, client, desk.clone(), *head_timeout, stopping).await,
            Ok(Err(error)) => console.info(&format!("{name}: client {client}: no TLS: {error}")),
            Err(_) => console.info(&format!("{name}: client {client}: no TLS within the time for a head")),
        }
    }
}

/// Answers requests until the client goes, is too slow, or the server ends.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    client: SocketAddr,
    desk: Arc<Desk>,
    head_timeout: Duration,
    mut stopping: Stopping,
) {
    let service = service_fn(move |request| desk.clone().answer(request, client));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_timeout).max_buf_size(64 << 10);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // A client that breaks off is no concern of ours.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopping.asked() => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
