//! A stream socket of either family.

use std::io;

use tokio::net::{TcpStream, UnixStream};

use crate::os;

/// A connection.
#[derive(Debug)]
pub enum Socket {
    /// Over TCP.
    Tcp(TcpStream),
    /// On this machine.
    Unix(UnixStream),
}

impl From<TcpStream> for Socket {
    /// Batches leave at once, and one whose other side is gone without a word is found out.
    fn from(stream: TcpStream) -> Socket {
        os::keep_alive(&stream);
        os::limit_unacknowledged(&stream);
        // Without it the last bytes of a batch leave later.
        let _ = stream.set_nodelay(true);
        Socket::Tcp(stream)
    }
}

impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Socket {
        Socket::Unix(stream)
    }
}

impl Socket {
    /// Writes what can be written, as soon as something can.
    pub async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let written = match self {
                Socket::Tcp(stream) => {
                    stream.writable().await?;
                    stream.try_write(bytes)
                }
                Socket::Unix(stream) => {
                    stream.writable().await?;
                    stream.try_write(bytes)
                }
            };
            match written {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }

    /// Reads what the other side sends, which is of no interest, and gives back why there is no
    /// more. One that has said all it had to say may read on.
    pub async fn read_out(&self) -> io::Error {
        let mut buffer = [0; 4096];
        loop {
            let ready = match self {
                Socket::Tcp(stream) => stream.readable().await,
                Socket::Unix(stream) => stream.readable().await,
            };
            let read = ready.and_then(|()| match self {
                Socket::Tcp(stream) => stream.try_read(&mut buffer),
                Socket::Unix(stream) => stream.try_read(&mut buffer),
            });
            match read {
                Ok(0) => return std::future::pending().await,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return error,
                _ => {}
            }
        }
    }

    /// How many bytes have been written that are not known to be at the other side's system: on
    /// a Unix socket, that were not read.
    pub fn unsent(&self) -> io::Result<u64> {
        let unsent = match self {
            Socket::Tcp(stream) => os::bytes_unsent(stream),
            Socket::Unix(stream) => os::bytes_unsent(stream),
        };
        // What was thrown away since the other side is gone is not waiting either: asked second.
        let error = match self {
            Socket::Tcp(stream) => stream.take_error()?,
            Socket::Unix(stream) => stream.take_error()?,
        };
        error.map_or(Ok(unsent), Err)
    }
}
