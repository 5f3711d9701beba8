//! Raw streams of a fixed set of protocols: opens them on a connection of the caller's choice and hands over those the
//! peer opens. It reads and writes nothing itself, and never dials.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use libp2p::core::transport::PortUse;
use libp2p::core::{Endpoint, UpgradeInfo};
use libp2p::swarm::handler::{
    ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound,
};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    NotifyHandler, Stream, StreamProtocol, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent,
    ToSwarm,
};
use libp2p::{InboundUpgrade, Multiaddr, OutboundUpgrade, PeerId};

use super::limits::INCOMING_STREAMS_MAX;

/// What became of a stream.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The peer opened it.
    Incoming(Stream),
    /// We opened it.
    Opened(Stream),
    /// We could not open it: the peer does not offer the protocol (to us), or the connection failed.
    Failed,
}

/// One stream of one connection.
#[derive(Debug)]
pub(super) struct StreamEvent {
    pub(super) peer: PeerId,
    pub(super) connection: ConnectionId,
    pub(super) protocol: StreamProtocol,
    pub(super) outcome: Outcome,
}

/// The behaviour. Each connection it takes part in offers all of `protocols`.
pub(super) struct Streams {
    protocols: Vec<StreamProtocol>,
    actions: VecDeque<ToSwarm<StreamEvent, Vec<StreamProtocol>>>,
    waker: Option<Waker>,
}

impl Streams {
    pub(super) fn new(protocols: Vec<StreamProtocol>) -> Self {
        Self { protocols, actions: VecDeque::new(), waker: None }
    }

    /// Opens a stream of the first of these protocols that the peer offers. Answered by one `Opened` or `Failed`, or by
    /// the end of the connection.
    pub(super) fn open(&mut self, peer: PeerId, connection: ConnectionId, protocols: &[StreamProtocol]) {
        self.actions.push_back(ToSwarm::NotifyHandler {
            peer_id: peer,
            handler: NotifyHandler::One(connection),
            event: protocols.to_vec(),
        });
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn handler(&self) -> Handler {
        Handler { protocols: self.protocols.clone(), to_open: VecDeque::new(), outcomes: VecDeque::new() }
    }
}

impl NetworkBehaviour for Streams {
    type ConnectionHandler = Handler;
    type ToSwarm = StreamEvent;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.handler())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        (protocol, outcome): THandlerOutEvent<Self>,
    ) {
        let event = StreamEvent { peer, connection, protocol, outcome };
        self.actions.push_back(ToSwarm::GenerateEvent(event));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<StreamEvent, THandlerInEvent<Self>>> {
        match self.actions.pop_front() {
            Some(action) => Poll::Ready(action),
            None => {
                self.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// The part of [`Streams`] that lives in one connection.
pub(super) struct Handler {
    protocols: Vec<StreamProtocol>,
    to_open: VecDeque<Vec<StreamProtocol>>,
    outcomes: VecDeque<(StreamProtocol, Outcome)>,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Vec<StreamProtocol>;
    type ToBehaviour = (StreamProtocol, Outcome);
    type InboundProtocol = Negotiate;
    type OutboundProtocol = Negotiate;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = StreamProtocol;

    fn listen_protocol(&self) -> SubstreamProtocol<Negotiate> {
        SubstreamProtocol::new(Negotiate(self.protocols.clone()), ())
    }

    fn on_behaviour_event(&mut self, protocols: Vec<StreamProtocol>) {
        self.to_open.push_back(protocols);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "a foreign enum that may grow")]
    fn on_connection_event(&mut self, event: ConnectionEvent<'_, Negotiate, Negotiate, (), StreamProtocol>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
                protocol: (stream, protocol),
                info: (),
            }) if self.outcomes.len() < INCOMING_STREAMS_MAX => {
                self.outcomes.push_back((protocol, Outcome::Incoming(stream)));
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
                protocol: (stream, protocol),
                info: _,
            }) => self.outcomes.push_back((protocol, Outcome::Opened(stream))),
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info: protocol, error }) => {
                tracing::debug!(%protocol, %error, "stream not opened");
                self.outcomes.push_back((protocol, Outcome::Failed));
            }
            _ => {}
        }
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Negotiate, StreamProtocol, (StreamProtocol, Outcome)>> {
        if let Some(outcome) = self.outcomes.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(outcome));
        }
        match self.to_open.pop_front() {
            Some(protocols) => {
                // Of a failure it is only told what was wanted, in whichever version.
                let Some(wanted) = protocols.first().cloned() else { return Poll::Pending };
                let upgrade = SubstreamProtocol::new(Negotiate(protocols), wanted);
                Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol: upgrade })
            }
            // The connection polls its handler again after each call of the two methods above.
            None => Poll::Pending,
        }
    }
}

/// Agrees on one of several protocols and hands over the stream untouched.
pub(super) struct Negotiate(Vec<StreamProtocol>);

impl UpgradeInfo for Negotiate {
    type Info = StreamProtocol;
    type InfoIter = std::vec::IntoIter<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<Stream> for Negotiate {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((stream, protocol)))
    }
}

impl OutboundUpgrade<Stream> for Negotiate {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, protocol: StreamProtocol) -> Self::Future {
        ready(Ok((stream, protocol)))
    }
}
