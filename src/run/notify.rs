//! What systemd wants to hear from a service of `Type=notify`, as sd_notify(3)
//! describes it: datagrams to a socket that the environment names.
//!
//! Own code, since the crate for it does not reach sockets in the abstract
//! namespace, which containers have.

use std::ffi::OsStr;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::os;

/// What is only for the process that systemd started, and not for its children.
pub const VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// The connection to systemd, or to nobody.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
    status: String,
}

impl Notifier {
    /// As the environment says.
    pub fn from_environment() -> io::Result<Notifier> {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Ok(Notifier::default());
        };
        let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|_| is_ours).map(Duration::from_micros);
        Notifier::connect(&name, watchdog)
    }

    fn connect(name: &OsStr, watchdog: Option<Duration>) -> io::Result<Notifier> {
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&os::socket_address(name)?)?;
        Ok(Notifier { socket: Some(socket), watchdog, status: String::new() })
    }

    /// Whether anybody listens.
    pub fn is_heard(&self) -> bool {
        self.socket.is_some()
    }

    /// How long the service may be silent before systemd ends it.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// The pipeline works.
    pub fn ready(&self) {
        self.send("READY=1");
    }

    /// The pipeline is being stopped.
    pub fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// The pipeline gets on.
    pub fn feed_watchdog(&self) {
        self.send("WATCHDOG=1");
    }

    /// A line for `systemctl status`, sent if it is another one.
    pub fn status(&mut self, status: &str) {
        if self.status != status {
            self.status = status.replace('\n', " ");
            self.send(&format!("STATUS={}", self.status));
        }
    }

    fn send(&self, message: &str) {
        if let Some(socket) = &self.socket {
            // A systemd that does not listen any more is not a reason to end.
            let _ = socket.send(message.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_reach_a_socket_with_a_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let mut notifier = Notifier::connect(path.as_os_str(), None).unwrap();
        notifier.ready();
        notifier.status("a\nb");
        notifier.status("a b");
        notifier.stopping();
        let mut buffer = [0; 100];
        for expected in ["READY=1", "STATUS=a b", "STOPPING=1"] {
            let length = socket.recv(&mut buffer).unwrap();
            assert_eq!(std::str::from_utf8(&buffer[..length]), Ok(expected));
        }
        assert!(Notifier::connect(directory.path().join("none").as_os_str(), None).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn messages_reach_a_socket_in_the_abstract_namespace() {
        let name = format!("@sstream-notify-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&os::socket_address(OsStr::new(&name)).unwrap()).unwrap();
        Notifier::connect(OsStr::new(&name), None).unwrap().feed_watchdog();
        let mut buffer = [0; 100];
        assert_eq!(socket.recv(&mut buffer).unwrap(), "WATCHDOG=1".len());
    }
}
