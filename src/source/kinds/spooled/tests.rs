use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::console::Level;
use crate::source::kinds::receive::Surroundings;

/// What a scripted source does, one after another.
#[derive(Debug)]
enum Step {
    Bytes(Vec<u8>),
    Turn(&'static str),
    Over(&'static str),
    Fail,
}

/// A source that does as it is told, and counts its steps. Behind them it is over, or waits until it is asked for
/// the rest.
struct Script {
    steps: std::vec::IntoIter<Step>,
    is_endless: bool,
    done: Arc<AtomicUsize>,
    client: Option<Client>,
}

impl ByteSource for Script {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        let step = self.steps.next();
        self.done.fetch_add(1, Ordering::SeqCst);
        match step {
            Some(Step::Bytes(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(Got::Bytes(bytes.len()))
            }
            Some(Step::Turn(client)) => {
                self.client = Some(client.into());
                Ok(Got::Turn)
            }
            Some(Step::Over(line)) => {
                self.client = Some(line.into());
                Ok(Got::Over)
            }
            Some(Step::Fail) => Err(SourceError::read("script", std::io::Error::other("torn"))),
            None if self.is_endless => {
                std::thread::sleep(timeout);
                Ok(Got::Timeout)
            }
            None => Ok(Got::End),
        }
    }

    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
        self.is_endless = false;
        self.read(buffer, Duration::ZERO)
    }

    fn client(&self) -> Option<Client> {
        self.client.clone()
    }

    fn torn(&mut self) -> Option<Torn> {
        self.client.as_ref().map(|line| Torn { line: line.as_bytes().to_vec(), reason: "gone".to_owned() })
    }
}

fn around(stop: StopSignal) -> Surroundings {
    let (coding, waited) = (Coding::default(), Waited::default());
    let console = Console::new("sstream-source", Level::Error);
    Surroundings { stop, waited, console, max_line: 1 << 20, coding, tells_clients: true }
}

/// A spooled script, and how many steps it has done.
fn spooled(limit: u64, steps: Vec<Step>, is_endless: bool) -> (Spooled, Arc<AtomicUsize>) {
    let (stop, _) = StopSignal::manual().unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let script = Script { steps: steps.into_iter(), is_endless, done: done.clone(), client: None };
    (Spooled::open("script", limit, &around(stop), move |_| Ok(script)).unwrap(), done)
}

/// All that it gives until its end, what is no bytes as a line in brackets.
fn all(spooled: &mut Spooled, is_held: bool) -> Result<Vec<u8>, SourceError> {
    let (mut given, mut buffer) = (Vec::new(), vec![0; 1000]);
    loop {
        let got = match is_held {
            true => spooled.read_held(&mut buffer)?,
            false => spooled.read(&mut buffer, Duration::from_secs(60))?,
        };
        match got {
            Got::Bytes(count) => given.extend_from_slice(&buffer[..count]),
            Got::Turn => given.extend(format!("[{}]", spooled.client().unwrap()).bytes()),
            Got::Over => given.extend(format!("[over {}]", spooled.torn().unwrap().line.len()).bytes()),
            Got::End => return Ok(given),
            Got::Timeout => {}
            Got::Stop => panic!("nobody asked it to stop"),
        }
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("not within a minute: {what}");
}

#[test]
fn all_is_taken_though_nobody_takes_it_here_and_given_in_order() {
    let (mut steps, mut expected) = (Vec::new(), Vec::new());
    for round in 0..600usize {
        let bytes = vec![b'a' + (round % 26) as u8; 50_000];
        expected.extend_from_slice(&bytes);
        steps.push(Step::Bytes(bytes));
        if round % 100 == 7 {
            steps.extend([Step::Turn("one"), Step::Over("rest"), Step::Turn("two")]);
            expected.extend_from_slice(b"[one][over 4][two]");
        }
    }
    // 30 MB, of which 8 MiB are in memory.
    let count = steps.len();
    let (mut spooled, done) = spooled(1 << 30, steps, false);
    until("the source is read to its end", || done.load(Ordering::SeqCst) > count);
    assert!(all(&mut spooled, false).unwrap() == expected);
    assert_eq!(spooled.read(&mut [0; 10], Duration::ZERO).unwrap(), Got::End);
}

#[test]
fn no_more_waits_than_is_allowed() {
    let steps: Vec<_> = (0..1000).map(|_| Step::Bytes(vec![b'x'; 10_000])).collect();
    let (mut spooled, done) = spooled(1 << 20, steps, false);
    let is_full = |spooled: &Spooled| !spooled.shared.lock().waiting.has_room();
    until("it is full", || is_full(&spooled));
    // One that it holds in hand, and one that has filled it.
    until("it waits", || done.load(Ordering::SeqCst) == (1 << 20) / 10_000 + 2);
    let waiting = spooled.waiting();
    assert!(waiting.is_some_and(|bytes| (1 << 20..(1 << 20) + 10_000).contains(&bytes)), "{waiting:?}");
    assert!(matches!(spooled.read(&mut [0; 1000], Duration::ZERO), Ok(Got::Bytes(1000))));
    assert_eq!(all(&mut spooled, false).unwrap().len(), 10_000_000 - 1000);
}

#[test]
fn at_a_stop_it_gives_what_waits_and_what_the_source_holds() {
    let steps = vec![Step::Bytes(b"one".to_vec()), Step::Turn("c"), Step::Bytes(b"two".to_vec())];
    let (mut spooled, _) = spooled(1 << 20, steps, true);
    assert_eq!(all(&mut spooled, true).unwrap(), b"one[c]two");
    assert_eq!(spooled.read_held(&mut [0; 10]).unwrap(), Got::End);
}

#[test]
fn what_ends_the_source_comes_behind_what_waits() {
    let (mut spooled, done) = spooled(1 << 20, vec![Step::Bytes(b"one".to_vec()), Step::Fail], false);
    until("it has failed", || done.load(Ordering::SeqCst) == 2);
    assert_eq!(spooled.read(&mut [0; 10], Duration::ZERO).unwrap(), Got::Bytes(3));
    assert!(all(&mut spooled, false).unwrap_err().to_string().contains("torn"));
}

#[test]
fn a_source_that_cannot_be_opened_says_so() {
    let (stop, _) = StopSignal::manual().unwrap();
    let refused = |_: &Surroundings| -> Result<Script, SourceError> {
        Err(SourceError::read("script", std::io::Error::other("refused")))
    };
    let error = Spooled::open("script", 1, &around(stop), refused).err().unwrap();
    assert!(error.to_string().contains("refused"));
}
