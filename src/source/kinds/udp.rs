//! Receives datagrams, each of one line or several. UDP does not make a sender
//! wait: what comes while the pipeline is busy and the kernel's buffer is full
//! is lost.

use std::io;

use tokio::net::UdpSocket;

use crate::error::describe;
use crate::source::SourceError;
use crate::source::kinds::receive::address::Address;
use crate::source::kinds::receive::{Outbox, Receiver, Surroundings};

/// The longest datagram.
const LONGEST: usize = 64 << 10;

/// Datagrams are collected up to so many bytes before they are given on.
const CHUNK: usize = 192 << 10;

/// The most that is taken at a stop: more than a socket holds by default, so
/// that a sender who goes on does not keep the source from stopping.
const HELD: usize = 4 << 20;

/// Receives at `address`.
pub fn open(address: &Address, around: &Surroundings) -> Result<Receiver, SourceError> {
    let name = format!("udp {address}");
    Receiver::start(&name, around, async |outbox| {
        let socket = UdpSocket::bind((address.host.as_str(), address.port)).await?;
        let message = format!("{name}: receiving on {}", socket.local_addr()?);
        if address.port == 0 {
            outbox.console.warn(&message)
        } else {
            outbox.console.info(&message)
        }
        tokio::spawn(receive(socket, name.clone(), outbox));
        Ok(())
    })
}

async fn receive(socket: UdpSocket, name: String, outbox: Outbox) {
    let mut datagrams = Datagrams { socket, buffer: vec![0; LONGEST] };
    loop {
        let ready = tokio::select! {
            biased;
            () = outbox.stopped() => break,
            ready = datagrams.socket.readable() => ready,
        };
        let Some(place) = outbox.place().await else { return };
        match ready.and_then(|()| datagrams.collect()) {
            Ok(lines) => place.give(lines),
            Err(error) => outbox.console.warn(&format!("{name}: {}", describe(&error))),
        }
    }
    let mut taken = 0;
    while taken < HELD {
        let Some(place) = outbox.place().await else { return };
        match datagrams.collect() {
            Ok(lines) if !lines.is_empty() => {
                taken += lines.len();
                place.give(lines);
            }
            _ => return,
        }
    }
}

struct Datagrams {
    socket: UdpSocket,
    buffer: Vec<u8>,
}

impl Datagrams {
    /// The lines of the datagrams that are here; a datagram's end ends a line.
    fn collect(&mut self) -> io::Result<Vec<u8>> {
        let mut lines = Vec::new();
        while lines.len() < CHUNK {
            match self.socket.try_recv(&mut self.buffer) {
                Ok(length) => {
                    let datagram = &self.buffer[..length];
                    lines.extend_from_slice(datagram);
                    if !datagram.is_empty() && !datagram.ends_with(b"\n") {
                        lines.push(b'\n');
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What was received is given first; the error comes again.
                Err(_) if !lines.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(lines)
    }
}
