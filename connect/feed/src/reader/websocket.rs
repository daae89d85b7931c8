//! A WebSocket: a message is a record.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{self, Upgraded};
use hyper::{StatusCode, header};
use hyper_util::rt::TokioIo;
use sstream::connect::duration;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::Task;
use super::http::ask;
use crate::dial::Broken;
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
            self.note_back();
            if let Message::Text(_) | Message::Binary(_) = message {
                let made = self.records.make(&message.into_data(), "", "");
                self.put(&mut vec![self.behind(made)]).await;
            }
            // Whatever it was, it is a sign of life; and waiting for the pipeline is no silence.
            heard = Instant::now();
        }
    }

    async fn open_websocket(&self) -> Result<WebSocketStream<TokioIo<Upgraded>>, Broken> {
        let target = &self.settings.target;
        let key = generate_key();
        let own = [
            (header::CONNECTION, "Upgrade"),
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_VERSION, "13"),
            (header::SEC_WEBSOCKET_KEY, key.as_str()),
        ];
        let answer = ask(&self.settings, &target.path(None), "*/*", &own).await?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(self.refusal(answer).await);
        }
        let accepted = answer.headers().get(header::SEC_WEBSOCKET_ACCEPT);
        if accepted.is_none_or(|accepted| accepted != derive_accept_key(key.as_bytes()).as_str()) {
            let (url, status) = (target.to_string(), "it switches to something that is no WebSocket".to_owned());
            return Err(Broken::Final(FeedError::Refused { url, status, advice: "see URL and --header" }));
        }
        let stream = upgrade::on(answer).await.map_err(|error| Broken::network(error.to_string()))?;
        let longest = Some(self.settings.longest);
        let config = WebSocketConfig::default().max_message_size(longest).max_frame_size(longest);
        Ok(WebSocketStream::from_raw_socket(TokioIo::new(stream), Role::Client, Some(config)).await)
    }
}
