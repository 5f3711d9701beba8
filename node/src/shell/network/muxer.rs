//! Yamux with our windows. `libp2p-yamux` lets nobody set the receive window, whose upstream value of 1 GiB per
//! connection a small machine cannot promise to 64 peers; this is the same thin adapter over the same `yamux` crate
//! with the limits of `limits.rs`.

use std::collections::VecDeque;
use std::future::{Ready, ready};
use std::io;
use std::iter;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::UpgradeInfo;
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade};
use tokio::time::Instant;
use yamux::{Connection, ConnectionError, Mode, Stream};

use super::budget::Budget;
use super::limits::{STREAMS_AT_ONCE, STREAMS_PER_S, YAMUX_STREAMS_MAX, YAMUX_WINDOW_BYTES};

/// Why a connection ends whose peer opens one stream after the other.
pub(super) const TOO_MANY_STREAMS: &str = "the peer opens streams too fast";

/// The upgrade of an authenticated connection to many streams.
#[derive(Debug, Clone, Copy)]
pub(super) struct Yamux;

impl Yamux {
    fn muxer<C: AsyncRead + AsyncWrite + Unpin>(io: C, mode: Mode) -> Ready<io::Result<Muxer<C>>> {
        let mut config = yamux::Config::default();
        config.set_max_num_streams(YAMUX_STREAMS_MAX);
        config.set_max_connection_receive_window(Some(YAMUX_WINDOW_BYTES));
        ready(Ok(Muxer {
            connection: Connection::new(io, config, mode),
            incoming: VecDeque::new(),
            streams: Budget::new(STREAMS_AT_ONCE, STREAMS_PER_S),
            waker: None,
        }))
    }
}

impl UpgradeInfo for Yamux {
    type Info = &'static str;
    type InfoIter = iter::Once<Self::Info>;

    fn protocol_info(&self) -> Self::InfoIter {
        iter::once("/yamux/1.0.0")
    }
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin + 'static> InboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = Ready<io::Result<Muxer<C>>>;

    fn upgrade_inbound(self, io: C, _: Self::Info) -> Self::Future {
        Self::muxer(io, Mode::Server)
    }
}

impl<C: AsyncRead + AsyncWrite + Send + Unpin + 'static> OutboundConnectionUpgrade<C> for Yamux {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = Ready<io::Result<Muxer<C>>>;

    fn upgrade_outbound(self, io: C, _: Self::Info) -> Self::Future {
        Self::muxer(io, Mode::Client)
    }
}

/// One connection. Yamux makes progress only while it is asked for incoming streams, so `poll` asks too and keeps
/// what it finds for `poll_inbound`.
#[derive(Debug)]
pub(super) struct Muxer<C> {
    connection: Connection<C>,
    incoming: VecDeque<Stream>,
    streams: Budget,
    waker: Option<Waker>,
}

impl<C: AsyncRead + AsyncWrite + Unpin> Muxer<C> {
    fn poll_connection(&mut self, cx: &mut Context<'_>) -> Poll<Result<Stream, ConnectionError>> {
        let found = self.connection.poll_next_inbound(cx);
        if matches!(found, Poll::Ready(Some(Ok(_)))) && !self.streams.take(Instant::now()) {
            return Poll::Ready(Err(ConnectionError::Io(io::Error::other(TOO_MANY_STREAMS))));
        }
        found.map(|stream| stream.unwrap_or(Err(ConnectionError::Closed)))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin + 'static> StreamMuxer for Muxer<C> {
    type Substream = Stream;
    type Error = ConnectionError;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, ConnectionError>> {
        if let Some(stream) = self.incoming.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        let found = self.poll_connection(cx);
        if found.is_pending() {
            self.waker = Some(cx.waker().clone());
        }
        found
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Stream, ConnectionError>> {
        self.connection.poll_new_outbound(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.connection.poll_close(cx)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<StreamMuxerEvent, ConnectionError>> {
        match self.poll_connection(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(stream)) => {
                // Yamux itself refuses streams beyond its maximum, so this queue cannot grow past it.
                self.incoming.push_back(stream);
                if let Some(waker) = self.waker.take() {
                    waker.wake();
                }
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
