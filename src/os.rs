//! Calls that only Linux has, with what other systems get instead.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::Pid;
use rustix::stdio;

/// Standard input as a descriptor of its own.
///
/// # Errors
/// It is not open for reading, which std's own takes for an empty one.
pub fn stdin() -> io::Result<File> {
    own(stdio::stdin(), OFlags::WRONLY)
}

/// Standard output as a descriptor of its own.
///
/// # Errors
/// It is not open for writing, which std's own takes for written.
pub fn stdout() -> io::Result<File> {
    own(stdio::stdout(), OFlags::RDONLY)
}

/// Standard error as a descriptor of its own.
///
/// # Errors
/// As of [`stdout`].
pub fn stderr() -> io::Result<File> {
    own(stdio::stderr(), OFlags::RDONLY)
}

/// A duplicate of a descriptor that is not open in the `wrong` mode alone.
fn own(fd: BorrowedFd<'_>, wrong: OFlags) -> io::Result<File> {
    if rustix::fs::fcntl_getfl(fd)? & OFlags::RWMODE == wrong {
        return Err(Errno::BADF.into());
    }
    Ok(File::from(fd.try_clone_to_owned()?))
}

/// Has what was closed when the process was started (`>&-`) fail when it is used, here and in
/// programs that are started from here: before main, std opens /dev/null there, for reading and
/// writing, and that cannot be told from the one that a daemon was given on purpose.
#[cfg(target_os = "linux")]
mod closed {
    use std::os::fd::IntoRawFd as _;

    use rustix::fs::{Mode, OFlags, open};
    use rustix::io::{Errno, fcntl_getfd};
    use rustix::stdio;

    /// What the system's loader calls before std's part of a process begins.
    #[expect(unsafe_code, reason = "only the loader calls anything so early; it calls what this section lists")]
    #[used]
    #[unsafe(link_section = ".init_array")]
    static BEFORE_MAIN: extern "C" fn() = hold_their_places;

    /// Opens what is of no use there, in the order of the numbers, since the lowest free one is
    /// taken: stdin cannot be read, and the others cannot be written, not even under the name of
    /// /dev/stdout.
    extern "C" fn hold_their_places() {
        let useless = [(c"/dev/null", OFlags::WRONLY), (c"/", OFlags::RDONLY), (c"/", OFlags::RDONLY)];
        for (fd, (path, flags)) in [stdio::stdin(), stdio::stdout(), stdio::stderr()].into_iter().zip(useless) {
            if fcntl_getfd(fd) == Err(Errno::BADF)
                && let Ok(held) = open(path, flags, Mode::empty())
            {
                // It stays open as long as the process is there.
                let _ = held.into_raw_fd();
            }
        }
    }
}

/// The size asked for pipes, in bytes: what an unprivileged process may have.
/// Fewer and larger transfers are worth more than twice the throughput.
const PIPE_BYTES: usize = 1 << 20;

/// Enlarges the pipe behind `fd`, if it is one and the system lets us.
#[cfg(target_os = "linux")]
pub fn enlarge_pipe(fd: impl AsFd) {
    // Not a pipe, or no more memory for pipes: it works as it is.
    let _ = rustix::pipe::fcntl_setpipe_size(fd, PIPE_BYTES);
}

/// Pipes have one size here.
#[cfg(not(target_os = "linux"))]
pub fn enlarge_pipe(fd: impl AsFd) {
    let _ = (fd, PIPE_BYTES);
}

/// Makes the pipe behind `fd`, if it is one, ready to be read: it is enlarged, and who writes there is promised that this
/// process copies what it reads. The promise is a lock for reading on the whole pipe, and holds until the process ends or
/// closes a descriptor of that pipe. A pipe that has a name is not locked, since others may use its locks.
pub fn prepare_to_read(fd: impl AsFd) {
    let fd = fd.as_fd();
    enlarge_pipe(fd);
    if is_nameless_pipe(fd) {
        // Where there are no locks the writer copies too.
        let _ = rustix::fs::fcntl_lock(fd, rustix::fs::FlockOperation::NonBlockingLockShared);
    }
}

/// The process that has promised to copy what it reads of the pipe behind `fd`; none where pages cannot be lent.
pub fn copier(fd: impl AsFd) -> Option<Pid> {
    use rustix::process::{Flock, FlockType, fcntl_getlk};
    let fd = fd.as_fd();
    if !is_nameless_pipe(fd) {
        return None;
    }
    // Who is in another namespace of processes has no number here.
    let lock = fcntl_getlk(fd, &Flock::from(FlockType::WriteLock)).ok().flatten()?;
    let is_promise = lock.typ == FlockType::ReadLock && lock.start == 0 && lock.length == 0;
    lock.pid.filter(|pid| is_promise && pid.as_raw_pid() > 0)
}

#[cfg(target_os = "linux")]
fn is_nameless_pipe(fd: BorrowedFd<'_>) -> bool {
    // PIPEFS_MAGIC.
    rustix::fs::fstatfs(fd).is_ok_and(|system| system.f_type == 0x5049_5045)
}

/// Pages cannot be lent here, and nobody need know.
#[cfg(not(target_os = "linux"))]
fn is_nameless_pipe(fd: BorrowedFd<'_>) -> bool {
    let _ = fd;
    false
}

/// How many bytes of the pipe behind `fd`, whichever end it is, nobody has read; none where that cannot be told.
pub fn bytes_in_pipe(fd: impl AsFd) -> Option<u64> {
    rustix::io::ioctl_fionread(fd).ok()
}

/// Puts pages with the first of these bytes into the pipe behind `fd`, and gives how many bytes that are. What is written into
/// them before they are read is what will be read; so they are of memory that is not given back before.
#[cfg(target_os = "linux")]
pub fn lend_pages(fd: impl AsFd, bytes: [&mut [u8]; 2]) -> io::Result<usize> {
    use rustix::pipe::{IoSliceRaw, SpliceFlags, vmsplice};
    // Nothing wraps this call. It saves the main job a third of its time (docs/BENCHMARKS.md).
    #[expect(unsafe_code, reason = "whichever end of a pipe it is, the system stays within bytes that nobody else has")]
    let lent = unsafe { vmsplice(fd, &bytes.map(IoSliceRaw::from_slice_mut), SpliceFlags::empty()) };
    Ok(lent?)
}

/// There is no such call here.
#[cfg(not(target_os = "linux"))]
pub fn lend_pages(fd: impl AsFd, bytes: [&mut [u8]; 2]) -> io::Result<usize> {
    let _ = (fd, bytes);
    Err(io::ErrorKind::Unsupported.into())
}

/// A pipe of this process: where it is read, and where it is written.
pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = io::pipe()?;
    Ok((read.into(), write.into()))
}

/// The same, of which neither end waits.
pub fn pipe_without_waiting() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe()?;
    for end in [&read, &write] {
        rustix::io::ioctl_fionbio(end, true)?;
    }
    Ok((read, write))
}

/// Fills `bytes` with random numbers.
#[cfg(target_os = "linux")]
pub fn random(bytes: &mut [u8]) -> io::Result<()> {
    // At most 256 bytes come whole.
    for piece in bytes.chunks_mut(256) {
        rustix::rand::getrandom(piece, rustix::rand::GetRandomFlags::empty())?;
    }
    Ok(())
}

/// Fills `bytes` with random numbers.
#[cfg(not(target_os = "linux"))]
pub fn random(bytes: &mut [u8]) -> io::Result<()> {
    use std::io::Read as _;
    File::open("/dev/urandom")?.read_exact(bytes)
}

/// Makes the names in a directory durable, on file systems that know of such a thing: the
/// others cannot, and need not.
pub fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory).and_then(|file| file.sync_all()) {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => Ok(()),
    }
}

/// Gives back the disk space of a part of a file that nobody will read again,
/// where the file system can.
#[cfg(target_os = "linux")]
pub fn punch_hole(fd: impl AsFd, offset: u64, length: u64) {
    use rustix::fs::{FallocateFlags, fallocate};
    let _ = fallocate(fd, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, offset, length);
}

/// Files keep their space here as long as they are.
#[cfg(not(target_os = "linux"))]
pub fn punch_hole(fd: impl AsFd, offset: u64, length: u64) {
    let _ = (fd, offset, length);
}

/// A file in memory, without a name; none where the system has no such thing.
#[cfg(target_os = "linux")]
pub fn memory_file() -> Option<std::fs::File> {
    use rustix::fs::{MemfdFlags, memfd_create};
    memfd_create("sstream", MemfdFlags::CLOEXEC).ok().map(std::fs::File::from)
}

/// There is no such thing here.
#[cfg(not(target_os = "linux"))]
pub fn memory_file() -> Option<std::fs::File> {
    None
}

/// Which file, pipe or socket is behind `fd`, as `DEVICE:INODE`: the same text for no other
/// that is open at the same time.
pub fn identity(fd: impl AsFd) -> Option<String> {
    rustix::fs::fstat(fd).ok().map(|stat| format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// How many bytes can be read from `fd` at this moment without waiting; 0 where
/// that cannot be told.
pub fn bytes_waiting(fd: impl AsFd) -> u64 {
    bytes_in_pipe(fd).unwrap_or(0)
}

/// The address of a Unix socket; a name that begins with `@` is one in the
/// abstract namespace.
#[cfg(target_os = "linux")]
pub fn socket_address(name: &OsStr) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt as _;
    use std::os::unix::ffi::OsStrExt as _;
    match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(name),
    }
}

/// The address of a Unix socket.
#[cfg(not(target_os = "linux"))]
pub fn socket_address(name: &OsStr) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(name)
}

/// Lets the system find out, within some two minutes, that the other side of a TCP
/// connection is gone without a word, as after a power cut or behind a firewall that
/// has forgotten it.
pub fn keep_alive(socket: impl AsFd) {
    use rustix::net::sockopt;
    let socket = socket.as_fd();
    // Without any of these the system's own times hold, or the connection stays.
    let _ = sockopt::set_socket_keepalive(socket, true);
    let _ = sockopt::set_tcp_keepidle(socket, Duration::from_secs(60));
    let _ = sockopt::set_tcp_keepintvl(socket, Duration::from_secs(15));
    let _ = sockopt::set_tcp_keepcnt(socket, 4);
}

/// Lets the system give a TCP connection up when what was sent is not acknowledged for two minutes.
pub fn limit_unacknowledged(socket: impl AsFd) {
    // Where this cannot be said the system's own time holds, a quarter of an hour or so.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_user_timeout(socket.as_fd(), 120_000);
    #[cfg(not(target_os = "linux"))]
    let _ = socket;
}

/// How many bytes that were written to a socket are not known to be at the other side's system;
/// at a Unix socket, about as many as were not read. 0 where that cannot be told.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")))]
pub fn bytes_unsent(socket: impl AsFd) -> u64 {
    use rustix::ioctl::{Getter, Opcode, ioctl};
    /// SIOCOUTQ, as these architectures number it.
    const OUTPUT_QUEUE: Opcode = 0x5411;
    // Nothing wraps this one call; the system writes an int and nothing else.
    #[expect(unsafe_code, reason = "the call is what its number says: it gives an int of a descriptor")]
    let unsent = unsafe { ioctl(socket, Getter::<OUTPUT_QUEUE, std::ffi::c_int>::new()) };
    unsent.map_or(0, |bytes| u64::try_from(bytes).unwrap_or(0))
}

/// That cannot be told here.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))))]
pub fn bytes_unsent(socket: impl AsFd) -> u64 {
    let _ = socket;
    0
}

/// Makes this process the parent of all its descendants whose own parents end,
/// so that none of them is out of reach.
#[cfg(target_os = "linux")]
pub fn adopt_orphans() {
    // An older kernel: they become children of the first process, and what is
    // in their process group is still found.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// They become children of the first process here.
#[cfg(not(target_os = "linux"))]
pub fn adopt_orphans() {}

/// Lets the process have as many files open as it may.
pub fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where it may not, opening says so.
    let _ = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: limit.maximum, ..limit });
}

/// How much memory a process of this user holds, in bytes; none where that
/// cannot be told.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// How much memory this process has filled with its own, in bytes: not files and code, which the
/// system can read again; none where that cannot be told.
pub fn anonymous_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// Lets go of the code that has run up to here, its own and that of libraries, once a process has started: most of
/// it ran for the start and does not run again. The system has it still, and what runs again is there again at once; but it
/// counts for nobody any more. Without this a stage that waits holds a MiB and a half more.
#[cfg(target_os = "linux")]
pub fn let_go_of_code() {
    use rustix::mm::{Advice, madvise};
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    for (start, length) in maps.lines().filter_map(code) {
        // Nothing wraps this call, since with other memory it loses what was written.
        #[expect(unsafe_code, reason = "it is of pages that only a file has filled, which are read from it again")]
        // Where the system will not, they stay.
        let _ = unsafe { madvise(std::ptr::without_provenance_mut(start), length, Advice::LinuxDontNeed) };
    }
}

/// The place and length of the code that a line of /proc/self/maps tells of: of a file, executable, and not writable. What
/// cannot be executed is left: the loader has written in some of it.
#[cfg(target_os = "linux")]
fn code(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let is_code = words.next()? == "r-xp" && words.nth(3)?.starts_with('/');
    let address = |text| usize::from_str_radix(text, 16).ok();
    let (start, end) = (address(start)?, address(end)?);
    is_code.then_some((start, end.checked_sub(start)?))
}

/// What it holds is the system's business here.
#[cfg(not(target_os = "linux"))]
pub fn let_go_of_code() {}

/// How much memory the machine has, in bytes.
pub fn machine_memory() -> Option<u64> {
    let all = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = all.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// How much memory the control groups that this process is in may take, in bytes: the least of them;
/// none if there is no limit, or that cannot be told.
pub fn group_memory() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    least_limit(&groups, |path| std::fs::read_to_string(path).ok())
}

/// The least limit of the `groups` that /proc/self/cgroup names, whose files `read` reads.
fn least_limit(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let limits = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, group) = (parts.next(), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        // The first version has a tree for each controller, the second one tree.
        let place = match controllers.split(',').any(|controller| controller == "memory") {
            true => Some(("/sys/fs/cgroup/memory", "memory.limit_in_bytes")),
            false => controllers.is_empty().then_some(("/sys/fs/cgroup", "memory.max")),
        };
        let group = Path::new(group.trim_start_matches('/'));
        let files =
            place.map(|(root, file)| group.ancestors().map(move |group| Path::new(root).join(group).join(file)));
        files.into_iter().flatten()
    });
    // "max" is no limit.
    limits.filter_map(|file| read(&file)?.trim().parse().ok()).min()
}

/// The name of this machine.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn code_is_what_a_file_has_and_nobody_writes() {
        let line = "7f0000001000-7f0000003000 r-xp 00001000 fe:01 1234    /usr/lib/libc.so.6";
        assert_eq!(code(line), Some((0x7f00_0000_1000, 0x2000)));
        for other in [
            "7f0000001000-7f0000003000 r--p 00001000 fe:01 1234    /usr/lib/libc.so.6",
            "7f0000001000-7f0000003000 rwxp 00001000 fe:01 1234    /usr/lib/libc.so.6",
            "7f0000001000-7f0000003000 r-xp 00000000 00:00 0       [vdso]",
            "7f0000001000-7f0000003000 r-xp 00000000 00:00 0",
            "",
        ] {
            assert_eq!(code(other), None, "{other}");
        }
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        assert!(maps.lines().any(|line| code(line).is_some()), "{maps}");
        let_go_of_code();
    }

    #[test]
    fn the_least_limit_of_the_groups_above_counts() {
        let files = [
            ("/sys/fs/cgroup/a/b/memory.max", "max\n"),
            ("/sys/fs/cgroup/a/memory.max", "2000\n"),
            ("/sys/fs/cgroup/memory.max", "3000\n"),
            ("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1000\n"),
        ];
        let read = |path: &Path| Some(files.iter().find(|(file, _)| Path::new(file) == path)?.1.to_owned());
        assert_eq!(least_limit("0::/a/b\n", read), Some(2000));
        assert_eq!(least_limit("0::/\n", read), Some(3000));
        assert_eq!(least_limit("5:cpu:/x\n4:memory:/x\n", read), Some(1000));
        assert_eq!(least_limit("5:cpu:/x\n", read), None);
        assert_eq!(least_limit("", read), None);
    }
}
