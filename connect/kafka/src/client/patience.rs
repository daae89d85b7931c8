//! Calls into the client library, each with a deadline of our own.
//!
//! The library's own time-outs are not always kept: `send_offsets_to_transaction`
//! stands still for ever when the group's coordinator is gone (its issues 5456 and
//! 5511), a commit waits for a coordinator without limit, and a consumer closes no
//! sooner than its group lets it go. So whatever may wait for a broker is called in a
//! thread of its own. When that thread does not come back it is left behind, with
//! the client that it holds: the stage ends, and a restart goes on with a new one.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::KafkaError;
use sstream::connect::describe;

/// How long over its own time-out a call may be before it counts as lost.
pub const OVERTIME: Duration = Duration::from_secs(25);

/// How long a client may take to close.
const CLOSE: Duration = Duration::from_secs(5);

/// What `call` gives, if it comes back within `limit`; `what` is what it was for.
///
/// # Errors
/// [`KafkaError::Stuck`] when it does not; the thread stays behind.
pub fn within<T: Send + 'static>(
    limit: Duration,
    what: &str,
    call: impl FnOnce() -> T + Send + 'static,
) -> Result<T, KafkaError> {
    let (tell, told) = mpsc::channel();
    let spawned = thread::Builder::new().name("kafka-call".into()).spawn(move || {
        // Nobody listens any more when it took too long.
        let _ = tell.send(call());
    });
    spawned.map_err(|error| KafkaError::Ask { what: what.to_owned(), message: describe(&error) })?;
    told.recv_timeout(limit).map_err(|_| KafkaError::Stuck { what: what.to_owned(), limit })
}

/// A client of the library. Closing it is a call with a deadline too.
#[derive(Debug)]
pub struct Client<T: Send + Sync + 'static>(Option<Arc<T>>);

impl<T: Send + Sync + 'static> Client<T> {
    /// Takes care of a client.
    pub fn new(client: T) -> Client<T> {
        Client(Some(Arc::new(client)))
    }

    /// The same client, for a call in another thread.
    pub fn share(&self) -> Arc<T> {
        self.deref().clone()
    }
}

impl<T: Send + Sync + 'static> Deref for Client<T> {
    type Target = Arc<T>;

    fn deref(&self) -> &Arc<T> {
        match &self.0 {
            Some(client) => client,
            None => unreachable!("only drop takes the client"),
        }
    }
}

impl<T: Send + Sync + 'static> Drop for Client<T> {
    fn drop(&mut self) {
        let client = self.0.take();
        // One that does not close ends with the process.
        let _ = within(CLOSE, "close", move || drop(client));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sstream::connect::{Exit, Failure as _};

    #[test]
    fn what_does_not_come_back_is_left_behind() {
        assert_eq!(within(Duration::from_secs(60), "a sum", || 1 + 1), Ok(2));
        let (release, held) = mpsc::channel::<()>();
        let error = within(Duration::from_millis(1), "a commit", move || held.recv().is_ok()).unwrap_err();
        assert_eq!(error.exit(), Exit::World);
        assert!(error.to_string().contains("a commit"), "{error}");
        drop(release);
    }
}
