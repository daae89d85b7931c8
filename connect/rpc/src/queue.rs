//! What clients have sent and is not taken yet, and who of them waits for an answer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sstream::connect::{Aside, Bad, Bell, Failure, Room};
use tokio::sync::oneshot;

/// The records of one request.
#[derive(Debug, Default)]
pub struct Records {
    /// Canonical JSON, with a newline each.
    pub block: Vec<u8>,
    /// How many.
    pub count: u64,
    /// Bad ones, as they came, and why.
    pub bad: Vec<(Vec<u8>, String)>,
}

/// The stage has ended, or is about to, and takes nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// What connections put in and the stage takes out, in the order in which bodies ended.
#[derive(Clone, Debug)]
pub struct Queue {
    inner: Arc<Mutex<Inner>>,
    allowance: Allowance,
    bell: Bell,
}

#[derive(Debug)]
struct Inner {
    posts: VecDeque<Post>,
    /// The blocks of those that wait on disk, by `--spool`.
    aside: Option<Aside>,
    /// So much of the first one was taken.
    taken_bytes: usize,
    taken_records: u64,
    is_closed: bool,
}

#[derive(Debug)]
struct Post {
    /// Their block is empty while it is on disk.
    records: Records,
    is_aside: bool,
    answer: oneshot::Sender<()>,
    /// Given back when all of it is taken.
    share: Share,
}

impl Queue {
    /// Bodies may hold `most` bytes together, and more wait `aside`, if they may.
    pub fn new(most: usize, aside: Option<Aside>, bell: Bell) -> Queue {
        let inner = Inner { posts: VecDeque::new(), aside, taken_bytes: 0, taken_records: 0, is_closed: false };
        let allowance = Allowance { most, held: Arc::default() };
        Queue { inner: Arc::new(Mutex::new(inner)), allowance, bell }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one request may hold of what all may hold.
    pub fn share(&self) -> Share {
        Share { allowance: self.allowance.clone(), held: 0 }
    }

    /// Puts a request's records in: on disk, if that is allowed, others wait already, and the memory for bodies is half
    /// full, so that there is some for those that come. The receiver hears when they are safe, or an error when they will
    /// not be.
    pub fn put(&self, mut records: Records, mut share: Share) -> Result<oneshot::Receiver<()>, Closed> {
        let (answer, answered) = oneshot::channel();
        let mut inner = self.lock();
        if inner.is_closed {
            return Err(Closed);
        }
        let is_much = self.allowance.is_half_full() && !inner.posts.is_empty();
        let is_aside = is_much && inner.aside.as_mut().is_some_and(|aside| aside.put(&records.block));
        if is_aside {
            records.block = Vec::new();
            share.settle(0);
        }
        inner.posts.push_back(Post { records, is_aside, answer, share });
        drop(inner);
        self.bell.ring();
        Ok(answered)
    }

    /// Takes nothing more in.
    pub fn close(&self) {
        self.lock().is_closed = true;
    }

    /// Forgets what is left, and takes nothing more in: who waits hears that.
    pub fn abandon(&self) {
        let mut inner = self.lock();
        inner.is_closed = true;
        inner.posts.clear();
    }

    /// Whether nothing more is taken in.
    pub fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Whether all was taken.
    pub fn is_empty(&self) -> bool {
        self.lock().posts.is_empty()
    }

    /// How many bytes wait, where they may do so on disk.
    pub fn waiting(&self) -> Option<u64> {
        let inner = self.lock();
        let aside = inner.aside.as_ref()?;
        let in_memory: usize = inner.posts.iter().map(|post| post.records.block.len()).sum();
        Some(aside.bytes() + (in_memory - inner.taken_bytes) as u64)
    }

    /// Moves records to `block` as far as there is room. Requests of which all was moved
    /// go to `taken`.
    pub fn take(
        &self,
        room: Room,
        block: &mut Vec<u8>,
        bad: &mut Bad<'_>,
        taken: &mut Taken,
    ) -> Result<u64, Box<dyn Failure>> {
        let (mut records, before) = (0, block.len());
        let mut inner = self.lock();
        let Inner { posts, aside, taken_bytes, taken_records, .. } = &mut *inner;
        while let Some(post) = posts.front_mut()
            && records < room.records
            && block.len() - before < room.bytes
        {
            if post.is_aside
                && let Some(aside) = aside
            {
                post.records.block = aside.take()?;
                post.is_aside = false;
                post.share.settle(post.records.block.len());
            }
            for (record, reason) in post.records.bad.drain(..) {
                bad(&record, &reason)?;
            }
            let left = &post.records.block[*taken_bytes..];
            let (bytes, count) = (left.len(), post.records.count - *taken_records);
            let (room_bytes, room_records) = (room.bytes - (block.len() - before), room.records - records);
            let (bytes, count) = match bytes <= room_bytes && count <= room_records {
                true => (bytes, count),
                false => first_lines(left, room_bytes, room_records),
            };
            block.extend_from_slice(&left[..bytes]);
            records += count;
            if bytes < left.len() {
                *taken_bytes += bytes;
                *taken_records += count;
                break;
            }
            (*taken_bytes, *taken_records) = (0, 0);
            if let Some(post) = posts.pop_front() {
                taken.0.push(post.answer);
            }
        }
        Ok(records)
    }
}

/// How long the first lines are, and how many: so many records, or so many bytes and the rest of the
/// line that reaches them.
fn first_lines(lines: &[u8], bytes: usize, records: u64) -> (usize, u64) {
    let (mut end, mut count) = (0, 0);
    while count < records && end < bytes.min(lines.len()) {
        let line = lines[end..].iter().position(|byte| *byte == b'\n');
        end = line.map_or(lines.len(), |at| end + at + 1);
        count += 1;
    }
    (end, count)
}

/// Requests whose records were taken, and that wait for their answer.
#[derive(Debug, Default)]
pub struct Taken(Vec<oneshot::Sender<()>>);

impl Taken {
    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their records are safe.
    pub fn answer(&mut self) {
        for answer in self.0.drain(..) {
            // A client may have gone; its records are taken all the same.
            let _ = answer.send(());
        }
    }
}

/// How many bytes bodies may hold together, and do.
#[derive(Clone, Debug)]
struct Allowance {
    most: usize,
    held: Arc<AtomicUsize>,
}

impl Allowance {
    fn is_half_full(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.most / 2
    }
}

/// What one request holds of it.
#[derive(Debug)]
pub struct Share {
    allowance: Allowance,
    held: usize,
}

/// There is not so much left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Share {
    /// Holds so many bytes, if there are so many.
    pub fn set(&mut self, bytes: usize) -> Result<(), Full> {
        let Allowance { most, held } = &self.allowance;
        if bytes > self.held {
            let more = bytes - self.held;
            if held.fetch_add(more, Ordering::Relaxed) + more > *most {
                held.fetch_sub(more, Ordering::Relaxed);
                return Err(Full);
            }
        } else {
            held.fetch_sub(self.held - bytes, Ordering::Relaxed);
        }
        self.held = bytes;
        Ok(())
    }

    /// Holds so many bytes, which are there already: what a body has become.
    pub fn settle(&mut self, bytes: usize) {
        let held = &self.allowance.held;
        held.fetch_add(bytes, Ordering::Relaxed);
        held.fetch_sub(self.held, Ordering::Relaxed);
        self.held = bytes;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.allowance.held.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::{Console, Level, Wake};

    fn queue(most: usize) -> Queue {
        Queue::new(most, None, Wake::new().unwrap().bell())
    }

    fn records(lines: &str) -> Records {
        Records { block: lines.as_bytes().to_vec(), count: lines.lines().count() as u64, bad: Vec::new() }
    }

    fn take(queue: &Queue, records: u64, bytes: usize, taken: &mut Taken) -> (String, u64) {
        let mut block = Vec::new();
        let mut bad = |_: &[u8], reason: &str| panic!("{reason}");
        let count = queue.take(Room { records, bytes }, &mut block, &mut bad, taken).unwrap();
        (String::from_utf8(block).unwrap(), count)
    }

    #[test]
    fn a_request_is_answered_when_all_of_it_is_taken() {
        let (queue, mut taken) = (queue(100), Taken::default());
        let mut first = queue.put(records("1\n2\n3\n"), queue.share()).unwrap();
        let mut second = queue.put(records("4\n"), queue.share()).unwrap();
        assert_eq!(take(&queue, 2, 100, &mut taken), ("1\n2\n".into(), 2));
        taken.answer();
        assert!(first.try_recv().is_err());
        assert_eq!(take(&queue, 9, 1, &mut taken), ("3\n".into(), 1));
        assert!(!taken.is_empty());
        taken.answer();
        assert_eq!((first.try_recv().is_ok(), second.try_recv().is_ok()), (true, false));
        assert_eq!(take(&queue, 9, 100, &mut taken), ("4\n".into(), 1));
        // The stage ends before its batch is safe.
        drop(taken);
        assert!(second.try_recv().is_err());
    }

    #[test]
    fn who_comes_too_late_or_has_too_much_is_told() {
        let queue = queue(10);
        let (mut one, mut other) = (queue.share(), queue.share());
        assert_eq!((one.set(6), other.set(5), other.set(4)), (Ok(()), Err(Full), Ok(())));
        assert_eq!((one.set(2), other.set(8), one.set(3)), (Ok(()), Ok(()), Err(Full)));
        drop(other);
        assert_eq!(one.set(10), Ok(()));
        let _waits = queue.put(records("1\n"), one).unwrap();
        queue.close();
        assert_eq!(queue.put(records("2\n"), queue.share()).unwrap_err(), Closed);
        assert!(!queue.is_empty());
        // Taken, it holds nothing any more.
        take(&queue, 1, 100, &mut Taken::default());
        assert_eq!(queue.share().set(10), Ok(()));
    }

    #[test]
    fn what_memory_has_no_room_for_waits_on_disk_in_its_order() {
        let aside = Aside::new("here", 12, Console::new("sstream-source", Level::Error));
        let (queue, mut taken) = (Queue::new(20, Some(aside), Wake::new().unwrap().bell()), Taken::default());
        let put = |lines: &str| {
            let mut share = queue.share();
            share.set(lines.len()).map(|()| queue.put(records(lines), share).unwrap())
        };
        let mut answers: Vec<_> = ["\"aaaaaaaa\"\n", "1\n2\n3\n", "4\n5\n6\n"].map(|lines| put(lines).unwrap()).into();
        // The first is in memory, the others are not, and their limit is reached.
        assert_eq!((queue.waiting(), queue.share().set(9)), (Some(23), Ok(())));
        answers.push(put("7\n").unwrap());
        assert_eq!(queue.share().set(8), Err(Full));
        assert_eq!(take(&queue, 2, 100, &mut taken), ("\"aaaaaaaa\"\n1\n".into(), 2));
        assert_eq!(queue.waiting(), Some(12));
        taken.answer();
        assert!(answers[0].try_recv().is_ok() && answers[1].try_recv().is_err());
        assert_eq!(take(&queue, 9, 100, &mut taken), ("2\n3\n4\n5\n6\n7\n".into(), 6));
        taken.answer();
        assert!(answers[1..].iter_mut().all(|answer| answer.try_recv().is_ok()));
        assert_eq!((queue.waiting(), queue.share().set(20)), (Some(0), Ok(())));
    }

    #[test]
    fn the_record_that_reaches_the_room_is_the_last() {
        let queue = queue(100);
        let mut taken = Taken::default();
        let _waits = queue.put(records("\"aaaa\"\n\"bbbb\"\n\"c\"\n"), queue.share()).unwrap();
        assert_eq!(take(&queue, 9, 8, &mut taken), ("\"aaaa\"\n\"bbbb\"\n".into(), 2));
        assert_eq!(take(&queue, 9, 8, &mut taken), ("\"c\"\n".into(), 1));
    }
}
