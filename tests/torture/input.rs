//! What comes in: a log that is rotated now by renaming, now by copytruncate, files dropped into a
//! directory, lines over TCP. Each line says where it belongs and has a number.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::random::Random;

/// So many rotations later, a minute or more, a log is packed.
const PACKED_AFTER: u64 = 40;

/// How far each writer has come.
#[derive(Debug, Default)]
pub struct Written {
    pub tail: AtomicU64,
    pub dir: AtomicU64,
    pub tcp: AtomicU64,
    pub rotations: AtomicU64,
    /// The log is known to its reader: what is renamed before that is none of its business.
    pub is_known: AtomicBool,
}

/// The writers, until they are stopped.
pub struct Writers {
    pub written: Arc<Written>,
    pub port: u16,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// A line: the source's name, a number, a key, and whether the filter keeps it.
fn line(source: &str, number: u64, random: &mut Random) -> String {
    let what = if random.below(4) == 0 { "drop" } else { "keep" };
    format!("{source} {number} k{} {what} ä\"\\\t{}\n", random.below(7), "x".repeat(random.below(60) as usize))
}

impl Writers {
    /// Writes to `logs/app.log`, `in/` and whoever connects, below `dir`.
    pub fn start(dir: &Path, random: &mut Random) -> Writers {
        for name in ["logs", "in", "staging"] {
            fs::create_dir_all(dir.join(name)).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (written, stop) = (Arc::new(Written::default()), Arc::new(AtomicBool::new(false)));
        let spawn = |work: fn(&Path, &Written, &AtomicBool, Random), random: Random| {
            let (dir, written, stop) = (dir.to_owned(), written.clone(), stop.clone());
            thread::spawn(move || work(&dir, &written, &stop, random))
        };
        let mut threads = vec![spawn(tail, random.split()), spawn(files, random.split())];
        let (random, counted, stopped) = (random.split(), written.clone(), stop.clone());
        threads.push(thread::spawn(move || tcp(&listener, &counted, &stopped, random)));
        Writers { written, port, stop, threads }
    }

    /// Writes no more. The port goes on being served until then.
    pub fn stop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

fn tail(dir: &Path, written: &Written, stop: &AtomicBool, mut random: Random) {
    let path = dir.join("logs/app.log");
    let open = || File::options().create(true).append(true).open(&path).unwrap();
    let mut log = open();
    let (mut number, mut rotated) = (0, 0u64);
    while !stop.load(Ordering::SeqCst) {
        let mut bytes = Vec::new();
        for _ in 0..random.below(12) {
            number += 1;
            bytes.extend(line("tail", number, &mut random).into_bytes());
        }
        // Sometimes a line comes in two pieces.
        let cut = random.below(bytes.len() as u64 + 1) as usize;
        log.write_all(&bytes[..cut]).unwrap();
        thread::sleep(Duration::from_millis(random.below(10)));
        log.write_all(&bytes[cut..]).unwrap();
        written.tail.store(number, Ordering::SeqCst);
        if random.below(120) == 0 && written.is_known.load(Ordering::SeqCst) {
            rotated += 1;
            let name = |number: u64| dir.join(format!("logs/app.log.{number}"));
            // What was rotated long ago was read, and is packed.
            if let Some(old) = rotated.checked_sub(PACKED_AFTER).filter(|old| *old > 0) {
                pack(&name(old));
            }
            if random.below(2) == 0 {
                fs::copy(&path, name(rotated)).unwrap();
                log.set_len(0).unwrap();
                written.rotations.store(rotated, Ordering::SeqCst);
                continue;
            }
            fs::rename(&path, name(rotated)).unwrap();
            // Who has it open may write to it a little longer.
            if random.below(2) == 0 {
                number += 1;
                log.write_all(line("tail", number, &mut random).as_bytes()).unwrap();
                written.tail.store(number, Ordering::SeqCst);
            }
            log = open();
            written.rotations.store(rotated, Ordering::SeqCst);
        }
        thread::sleep(Duration::from_millis(random.between(5, 20)));
    }
}

/// As gzip does, by its name and its times; nobody is to read it.
fn pack(path: &Path) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let packed = path.with_extension(format!("{}.gz", path.extension().unwrap().display()));
    fs::write(&packed, b"\x1f\x8bpacked").unwrap();
    File::options().write(true).open(&packed).unwrap().set_modified(modified).unwrap();
    fs::remove_file(path).unwrap();
}

fn files(dir: &Path, written: &Written, stop: &AtomicBool, mut random: Random) {
    let (mut number, mut file) = (0, 0);
    while !stop.load(Ordering::SeqCst) {
        file += 1;
        let mut text = String::new();
        for _ in 0..random.below(40) {
            number += 1;
            text += &line("dir", number, &mut random);
        }
        let name = PathBuf::from(format!("part-{file:06}"));
        fs::write(dir.join("staging").join(&name), text).unwrap();
        fs::rename(dir.join("staging").join(&name), dir.join("in").join(&name)).unwrap();
        written.dir.store(number, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(random.between(50, 300)));
    }
}

fn tcp(listener: &TcpListener, written: &Written, stop: &AtomicBool, mut random: Random) {
    listener.set_nonblocking(true).unwrap();
    let mut connection: Option<TcpStream> = None;
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).unwrap();
                stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
                connection = Some(stream);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
        if let Some(stream) = &mut connection {
            let mut text = String::new();
            for _ in 0..random.below(10) {
                number += 1;
                text += &line("tcp", number, &mut random);
            }
            if stream.write_all(text.as_bytes()).is_err() {
                connection = None;
            }
            written.tcp.store(number, Ordering::SeqCst);
        }
        thread::sleep(Duration::from_millis(random.between(5, 20)));
    }
}
