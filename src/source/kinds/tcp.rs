//! Connects to a server and reads its lines, as Spark's `socketTextStream`. When
//! the server goes it is connected to again.

use std::io;
use std::time::{Duration, Instant};

use tokio::net::{TcpSocket, TcpStream, lookup_host};

use crate::error::describe;
use crate::net::address::Address;
use crate::os;
use crate::source::SourceError;
use crate::source::kinds::receive::backoff::Backoff;
use crate::source::kinds::receive::connection::{Connection, Over, Stream};
use crate::source::kinds::receive::{Outbox, Receiver, Surroundings};

/// How long a server may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Opens the source; it connects when it is first read.
pub fn open(address: &Address, around: &Surroundings) -> Result<Receiver, SourceError> {
    let name = format!("tcp {address}");
    Receiver::start(&name, around, async |outbox| {
        tokio::spawn(receive(address.clone(), name.clone(), outbox));
        Ok(())
    })
}

async fn receive(address: Address, name: String, outbox: Outbox) {
    let mut backoff = Backoff::new();
    loop {
        let started = Instant::now();
        let connected = tokio::select! {
            biased;
            () = outbox.stopped() => return,
            connected = connect(&address) => connected,
        };
        let ended = match connected {
            Ok(stream) => {
                outbox.console.info(&format!("{name}: connected"));
                let mut connection = Connection::new(Stream::Tcp(stream), &name, &outbox);
                match connection.forward(&outbox).await {
                    Ok(Over::Stop) => return connection.forward_held(&outbox).await,
                    Ok(Over::End) => {
                        connection.end(&outbox, None).await;
                        "the server has ended the connection".to_owned()
                    }
                    Err(error) => {
                        let lost = describe(&error);
                        connection.end(&outbox, Some(lost.clone())).await;
                        lost
                    }
                }
            }
            Err(error) => describe(&error),
        };
        backoff.ended(started);
        if !backoff.wait(&format!("{name}: {ended}"), &outbox).await {
            return;
        }
    }
}

/// Tries every address that the host has.
async fn connect(address: &Address) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for candidate in lookup_host((address.host.as_str(), address.port)).await? {
        let socket = if candidate.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        os::keep_alive(&socket);
        match tokio::time::timeout(ANSWER, socket.connect(candidate)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "no answer within 10s"),
        }
    }
    Err(last)
}
