//! Live events as server-sent events: `event` is the topic, `data` one JSON object, `id` what `Last-Event-ID` sends
//! back. A `resync` event says that something was lost and everything should be fetched again. The stream ends with the session that opened it.

use crate::access::Caller;
use crate::app::Shared;
use crate::extract::Query;
use crate::live::{Item, Numbered, Topic};
use crate::problem::{Kind, Problem};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream, StreamExt};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

/// Tells the numbers of this process from those of the one before.
static EPOCH: LazyLock<u32> = LazyLock::new(rand::random);

/// Which events.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Separated by commas: samples, blocks, alerts, workorders, hive, energy. All when not given.
    topics: Option<String>,
}

/// Live events.
#[utoipa::path(
    get, path = "/api/v1/stream", tag = "stream",
    params(Wanted, ("Last-Event-ID" = Option<String>, Header, description = "Replays what came after this event")),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"))
)]
pub(crate) async fn stream(
    State(app): Shared,
    caller: Caller,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let topics = topics(wanted.topics.as_deref())?;
    let full = || Problem::new(Kind::TooMany, "too many live streams are open");
    let permit = Arc::clone(&app.streams).try_acquire_owned().map_err(|_| full())?;
    let seat = app.feed.join(last_event(&headers)).await.ok_or_else(full)?;
    let coming = stream::unfold((seat.coming, permit), |(mut coming, permit)| async move {
        let item = match coming.recv().await {
            Ok(item) => item,
            Err(RecvError::Lagged(_)) => Item::Resync,
            Err(RecvError::Closed) => return None,
        };
        Some((item, (coming, permit)))
    });
    let over = async move {
        match caller.session {
            Some(session) => app.access.end_of(session).await,
            None => std::future::pending().await,
        }
    };
    let items = stream::iter(seat.missed).chain(coming).take_until(Box::pin(over));
    let events = items.filter_map(move |item| std::future::ready(event(&item, &topics).map(Ok)));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn event(item: &Item, topics: &[Topic]) -> Option<Event> {
    match item {
        Item::Event(event) if topics.contains(&event.topic) => Some(numbered(event)),
        Item::Event(_) => None,
        Item::Resync => Some(Event::default().event("resync").data("{}")),
    }
}

fn numbered(event: &Numbered) -> Event {
    Event::default()
        .event(event.topic.name())
        .id(format!("{:08x}-{}", *EPOCH, event.number))
        .data(&event.json)
}

/// The number of the last event the page saw; one that can never be there when it is of another process.
fn last_event(headers: &HeaderMap) -> Option<u64> {
    let id = headers.get("last-event-id")?.to_str().ok()?;
    let ours = id.split_once('-').filter(|(epoch, _)| u32::from_str_radix(epoch, 16) == Ok(*EPOCH));
    Some(ours.and_then(|(_, number)| number.parse().ok()).unwrap_or(u64::MAX - 1))
}

fn topics(text: Option<&str>) -> Result<Vec<Topic>, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Topic::ALL.to_vec()) };
    let named = |name: &str| Topic::ALL.into_iter().find(|topic| topic.name() == name.trim());
    let unknown = || {
        Problem::new(Kind::Invalid, "expected samples, blocks, alerts, workorders, hive or energy")
            .field("topics")
    };
    text.split(',').map(|name| named(name).ok_or_else(unknown)).collect()
}
