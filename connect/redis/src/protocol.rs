//! RESP, the protocol of Redis: commands are arrays of strings, replies one of five kinds.

use std::io::{self, BufRead, ErrorKind, Read as _};

/// The longest string of a reply that is believed, in bytes.
const LONGEST: u64 = 512 << 20;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `OK`, `QUEUED`.
    Status(String),
    /// A command was refused: a word in capitals, and why.
    Error(String),
    /// A number.
    Integer(i64),
    /// A string, or none.
    Text(Option<Vec<u8>>),
    /// Several; or none, as of a transaction that was not made.
    Array(Option<Vec<Reply>>),
}

/// Appends a command.
pub fn push_command<W: AsRef<[u8]>>(words: &[W], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
    for word in words {
        let word = word.as_ref();
        out.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

/// Reads a reply.
///
/// # Errors
/// The connection's, and what is no reply.
pub fn read_reply(input: &mut impl BufRead) -> io::Result<Reply> {
    let mut line = Vec::new();
    input.take(LONGEST).read_until(b'\n', &mut line)?;
    let Some(line) = line.strip_suffix(b"\r\n") else { return Err(ErrorKind::UnexpectedEof.into()) };
    let no_reply = || io::Error::new(ErrorKind::InvalidData, "this is no answer of Redis");
    let (kind, rest) = line.split_first().ok_or_else(no_reply)?;
    let text = String::from_utf8_lossy(rest).into_owned();
    let number = || text.parse::<i64>().map_err(|_| no_reply());
    Ok(match kind {
        b'+' => Reply::Status(text),
        b'-' => Reply::Error(text),
        b':' => Reply::Integer(number()?),
        b'$' => match u64::try_from(number()?) {
            Err(_) => Reply::Text(None),
            Ok(length) if length > LONGEST => return Err(no_reply()),
            Ok(length) => {
                let mut bytes = Vec::new();
                input.take(length + 2).read_to_end(&mut bytes)?;
                if bytes.len() as u64 != length + 2 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                bytes.truncate(length as usize);
                Reply::Text(Some(bytes))
            }
        },
        b'*' => match u64::try_from(number()?) {
            Err(_) => Reply::Array(None),
            Ok(count) => {
                let replies: io::Result<Vec<Reply>> = (0..count).map(|_| read_reply(input)).collect();
                Reply::Array(Some(replies?))
            }
        },
        _ => return Err(no_reply()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_replies() {
        let mut out = Vec::new();
        push_command(&["set", "a", "é\r\n"], &mut out);
        assert_eq!(out, "*3\r\n$3\r\nset\r\n$1\r\na\r\n$4\r\né\r\n\r\n".as_bytes());
        let mut input = &b"+OK\r\n-ERR no\r\n:-7\r\n$2\r\n\r\n\r\n$-1\r\n*2\r\n:1\r\n*0\r\n*-1\r\n"[..];
        for reply in [
            Reply::Status("OK".to_owned()),
            Reply::Error("ERR no".to_owned()),
            Reply::Integer(-7),
            Reply::Text(Some(b"\r\n".to_vec())),
            Reply::Text(None),
            Reply::Array(Some(vec![Reply::Integer(1), Reply::Array(Some(vec![]))])),
            Reply::Array(None),
        ] {
            assert_eq!(read_reply(&mut input).unwrap(), reply);
        }
        for (bytes, kind) in [
            (&b""[..], ErrorKind::UnexpectedEof),
            (b"+OK", ErrorKind::UnexpectedEof),
            (b"$5\r\nab", ErrorKind::UnexpectedEof),
            (b"HTTP/1.1 400\r\n", ErrorKind::InvalidData),
            (b":x\r\n", ErrorKind::InvalidData),
            (b"\r\n", ErrorKind::InvalidData),
        ] {
            assert_eq!(read_reply(&mut &bytes[..]).unwrap_err().kind(), kind, "{bytes:?}");
        }
    }
}
