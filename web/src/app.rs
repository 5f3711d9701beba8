//! What every route shares: the channels to the shell, and how to ask through them without ever waiting for ever.

use crate::access::Access;
use crate::actor::Actor;
use crate::files::FileCall;
use crate::live::Feed;
use crate::pace::Pace;
use crate::problem::{Kind, Problem};
use crate::request::{Answer, Command, CommandCall, QueryCall, Reply};
use crate::view::{AssetView, Picture};
use crate::{Handles, Settings};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

/// How long a route waits for the shell.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(25);
/// Open live streams.
const STREAMS_MAX: usize = 128;
/// Photos taken in at one time; each may fill `PHOTO_BYTES_MAX` of memory.
const UPLOADS_MAX: usize = 4;

/// The state of the router. One per node, shared by reference.
pub(crate) struct App {
    pub(crate) handles: Handles,
    pub(crate) feed: Feed,
    pub(crate) access: Access,
    pub(crate) pace: Pace,
    /// SHA-256 of the certificate, as browsers show it, if there is one.
    pub(crate) fingerprint: watch::Receiver<Option<String>>,
    pub(crate) host_names: Vec<String>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) uploads: Semaphore,
}

/// How routes hold it.
pub(crate) type Shared = axum::extract::State<Arc<App>>;

impl App {
    /// Starts the task of the live stream: call it inside a runtime.
    pub(crate) fn start(handles: Handles, settings: Settings) -> Self {
        Self {
            feed: Feed::start(handles.live.subscribe()),
            access: Access::new(&handles, &settings),
            pace: Pace::default(),
            fingerprint: settings.fingerprint,
            host_names: settings.host_names,
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            uploads: Semaphore::new(UPLOADS_MAX),
            handles,
        }
    }

    /// The picture of this moment.
    pub(crate) fn picture(&self) -> Arc<Picture> {
        Arc::clone(&self.handles.picture.borrow())
    }

    /// Sends somebody's command to the core and waits for its answer.
    pub(crate) async fn command(&self, by: Actor, command: Command) -> Result<Answer, Problem> {
        ask(&self.handles.commands, |reply| CommandCall { command, by, reply }).await
    }

    /// Asks the keeper of files.
    pub(crate) async fn file<T>(&self, call: impl FnOnce(Reply<T>) -> FileCall) -> Result<T, Problem> {
        ask(&self.handles.files, call).await
    }

    /// Asks the store.
    pub(crate) async fn query<T>(&self, call: impl FnOnce(Reply<T>) -> QueryCall) -> Result<T, Problem> {
        ask(&self.handles.queries, call).await
    }
}

/// The asset of that id or code.
pub(crate) fn asset<'a>(picture: &'a Picture, id: &str) -> Result<&'a AssetView, Problem> {
    let found = picture.assets.iter().find(|asset| asset.id == id || asset.code == id);
    found.ok_or_else(|| unknown("asset", id))
}

/// A path names something that is not there.
pub(crate) fn unknown(what: &str, id: &str) -> Problem {
    let shown: String = id.chars().take(80).collect();
    Problem::new(Kind::NotFound, format!("there is no {what} `{shown}`")).field("id")
}

/// Asks through a channel and waits for the answer, neither without end.
pub(crate) async fn ask<C, T>(
    channel: &mpsc::Sender<C>,
    call: impl FnOnce(Reply<T>) -> C,
) -> Result<T, Problem> {
    let (reply, answer) = oneshot::channel();
    channel.try_send(call(reply)).map_err(|error| match error {
        mpsc::error::TrySendError::Full(_) => {
            Problem::new(Kind::Unavailable, "the node is busy; try again in a second")
        }
        mpsc::error::TrySendError::Closed(_) => stopping(),
    })?;
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(stopping()),
        Err(_) => {
            let detail = format!("no answer within {} s; it may still happen", ANSWER_TIMEOUT.as_secs());
            Err(Problem::new(Kind::Timeout, detail))
        }
    }
}

/// The other end of a channel is gone.
pub(crate) fn stopping() -> Problem {
    Problem::new(Kind::Unavailable, "the node is stopping")
}

/// The shell answered a command with the answer of another one.
pub(crate) fn wrong_answer() -> Problem {
    Problem::new(Kind::Internal, "the node answered something else than what was asked")
}
