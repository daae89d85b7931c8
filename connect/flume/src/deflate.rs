//! Connections that are packed: one stream of zlib each way, flushed behind each message, as Flume has it.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use tokio::io::{AsyncRead, ReadBuf};

/// So much of what is packed is read at a time.
const READ: usize = 16 << 10;

/// Unpacks what comes, from a connection that is waited for or blocks.
pub struct Unpacker<R> {
    inner: R,
    zlib: Decompress,
    packed: Box<[u8]>,
    /// What of it is not unpacked yet.
    from: usize,
    to: usize,
}

impl<R> Unpacker<R> {
    /// Of what comes from there.
    pub fn new(inner: R) -> Unpacker<R> {
        Unpacker { inner, zlib: Decompress::new(true), packed: vec![0; READ].into(), from: 0, to: 0 }
    }

    /// What it comes from.
    pub fn inner(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Unpacks as much as there is and fits; nothing if more has to come first.
    fn unpack(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (before_in, before_out) = (self.zlib.total_in(), self.zlib.total_out());
        let packed = &self.packed[self.from..self.to];
        self.zlib.decompress(packed, out, FlushDecompress::None).map_err(|_| {
            let text = "what comes is not packed with deflate: both ends are to say so, an agent with compression-type";
            io::Error::new(io::ErrorKind::InvalidData, text)
        })?;
        self.from += (self.zlib.total_in() - before_in) as usize;
        Ok((self.zlib.total_out() - before_out) as usize)
    }
}

impl<R: Read> Read for Unpacker<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let unpacked = self.unpack(out)?;
            if unpacked > 0 || out.is_empty() {
                return Ok(unpacked);
            }
            // All that had come is unpacked, or is the beginning of something.
            self.packed.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            match self.inner.read(&mut self.packed[self.to..])? {
                0 => return Ok(0),
                more => self.to += more,
            }
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for Unpacker<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let unpacked = this.unpack(out.initialize_unfilled())?;
            if unpacked > 0 || out.remaining() == 0 {
                out.advance(unpacked);
                return Poll::Ready(Ok(()));
            }
            this.packed.copy_within(this.from..this.to, 0);
            (this.from, this.to) = (0, this.to - this.from);
            let mut buffer = ReadBuf::new(&mut this.packed[this.to..]);
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut buffer))?;
            match buffer.filled().len() {
                0 => return Poll::Ready(Ok(())),
                more => this.to += more,
            }
        }
    }
}

/// Packs messages.
pub struct Packer(Compress);

impl Default for Packer {
    fn default() -> Packer {
        Packer(Compress::new(Compression::default(), true))
    }
}

impl Packer {
    /// A message, packed so that the other end can read all of it.
    pub fn pack(&mut self, message: &[u8]) -> Vec<u8> {
        let (mut out, before) = (Vec::with_capacity(message.len() / 2 + 64), self.0.total_in());
        loop {
            let done = (self.0.total_in() - before) as usize;
            // Of what is in memory, into memory that grows: that does not fail.
            let _ = self.0.compress_vec(&message[done..], &mut out, FlushCompress::Sync);
            let is_all = (self.0.total_in() - before) as usize == message.len();
            // Where there is room left nothing is held back.
            if is_all && out.len() < out.capacity() {
                return out;
            }
            out.reserve(out.capacity().max(64));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_there_as_soon_as_they_are_sent() {
        let mut packer = Packer::default();
        let mut unpacker = Unpacker::new(io::Cursor::new(Vec::new()));
        for length in [0, 1, 5, 1000, 100_000, 3, 1 << 20] {
            let message: Vec<u8> = (0..length as u32).map(|n| (n % 251) as u8 ^ (n >> 9) as u8).collect();
            let packed = packer.pack(&message);
            unpacker.inner.get_mut().extend_from_slice(&packed);
            // In pieces, as a reader takes them.
            let mut got = vec![0; message.len()];
            for piece in got.chunks_mut(777) {
                unpacker.read_exact(piece).unwrap();
            }
            assert!(got == message, "{length}");
        }
        assert_eq!(unpacker.read(&mut [0; 4]).unwrap(), 0);
    }

    #[test]
    fn what_is_not_packed_is_told() {
        let mut unpacker = Unpacker::new(&b"\0\0\0\x01\0\0\0\x01"[..]);
        let error = unpacker.read(&mut [0; 4]).unwrap_err();
        assert!(
            error.kind() == io::ErrorKind::InvalidData && error.to_string().contains("compression-type"),
            "{error}"
        );
    }
}
