//! A WebSocket: a message is a record.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::header::{HeaderValue, USER_AGENT};
use sstream::connect::duration;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::Task;
use super::http::{judge, retry_after};
use crate::dial::{Broken, Stream, dial};
use crate::error::FeedError;

/// The time to connect, and for the answer.
const HEAD: Duration = Duration::from_secs(30);

/// How often a server hears from us, at least.
const PING_EVERY: Duration = Duration::from_secs(20);

impl Task {
    /// Connects and reads: how it ended.
    pub(super) async fn websocket(&mut self) -> Broken {
        let opened = timeout(HEAD, self.open_websocket()).await;
        let mut socket = match opened.unwrap_or_else(|_| Err(Broken::network("no answer"))) {
            Ok(socket) => socket,
            Err(broken) => return broken,
        };
        if let Some(text) = self.settings.send.clone()
            && let Err(error) = socket.send(Message::text(text)).await
        {
            return Broken::network(error.to_string());
        }
        let stall = self.settings.stall;
        let mut pings = interval(PING_EVERY.min(stall / 3));
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let message = tokio::select! {
                message = timeout_at(heard + stall, socket.next()) => message,
                _ = pings.tick() => match socket.send(Message::Ping(Bytes::new())).await {
                    Ok(()) => continue,
                    Err(error) => return Broken::network(error.to_string()),
                },
            };
            let message = match message {
                Err(_) => {
                    let stall = duration::show_ms(stall.as_millis() as u64);
                    return Broken::network(format!("stalled: nothing came for {stall}"));
                }
                Ok(None | Some(Ok(Message::Close(_)))) => {
                    return Broken::network("the server has ended the connection");
                }
                Ok(Some(Err(error))) => return Broken::network(error.to_string()),
                Ok(Some(Ok(message))) => message,
            };
            self.is_back();
            if let Message::Text(_) | Message::Binary(_) = message {
                let made = self.records.make(&message.into_data(), "", "");
                self.put_behind(made).await;
            }
            // Whatever it was, it is a sign of life; and waiting for the pipeline is no silence.
            heard = Instant::now();
        }
    }

    async fn open_websocket(&self) -> Result<WebSocketStream<Box<dyn Stream>>, Broken> {
        let (target, url) = (&self.settings.target, self.settings.target.to_string());
        let hopeless = |error: &dyn std::fmt::Display| {
            Broken::Final(FeedError::Refused {
                url: url.clone(),
                status: error.to_string(),
                advice: "see URL and --header",
            })
        };
        let mut request = target.whole().into_client_request().map_err(|error| hopeless(&error))?;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("sstream/", env!("CARGO_PKG_VERSION"))));
        for (name, value) in &self.settings.headers {
            headers.insert(name, value.clone());
        }
        let stream = dial(target, self.settings.tls.as_ref()).await?;
        let longest = Some(self.settings.longest);
        let config = WebSocketConfig::default().max_message_size(longest).max_frame_size(longest);
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => Ok(socket),
            Err(Error::Http(answer)) => {
                let words = answer.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
                let words: String = words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
                Err(judge(&url, answer.status(), &words, retry_after(answer.headers())))
            }
            Err(Error::Io(error)) => Err(Broken::network(sstream::connect::describe(&error))),
            Err(error) => Err(hopeless(&error)),
        }
    }
}
