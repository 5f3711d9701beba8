//! A keep-alive HTTP/1.1 connection to one node, and its event stream. One request at a time; answers are bounded.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderName, ORIGIN, SET_COOKIE};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use crate::error::{Error, Result};

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Longest event of a stream.
const EVENT_BYTES_MAX: usize = 1024 * 1024;
/// A node on this machine that has not answered by then is stuck.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The door of one node.
#[derive(Debug)]
pub struct Client {
    node: String,
    authority: String,
    /// What opens the door: an operator's token or a resident's session.
    key: (HeaderName, String),
    timeout: Duration,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// An answer whose status was not yet looked at.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// The body, whole.
    pub body: Bytes,
    /// `name=value` of the session it opens, if it opens one.
    cookie: Option<String>,
    request: String,
    node: String,
}

/// What a node says when it refuses (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    field: Option<String>,
}

impl Client {
    /// A client of the node at `base` (`http://127.0.0.1:PORT`), named `node` in errors.
    pub fn new(node: &str, base: &str, token: &str) -> Self {
        let authority = base.strip_prefix("http://").unwrap_or(base).trim_end_matches('/').to_owned();
        let key = (AUTHORIZATION, format!("Bearer {token}"));
        Self { node: node.to_owned(), authority, key, timeout: ANSWER_TIMEOUT, connection: None }
    }

    /// The same door with another patience.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Another client of the same node, with its own connection.
    #[must_use]
    pub fn another(&self) -> Self {
        let (node, authority, key) = (self.node.clone(), self.authority.clone(), self.key.clone());
        Self { node, authority, key, timeout: self.timeout, connection: None }
    }

    /// Another client of the same node, in the session that an answer opened; none where it opened none.
    pub fn in_session(&self, answer: &Answer) -> Option<Self> {
        Some(Self { key: (COOKIE, answer.cookie.clone()?), ..self.another() })
    }

    /// The node's name.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// GETs `path` and reads the JSON answer.
    pub async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T> {
        self.send(Method::GET, path, "", Bytes::new()).await?.json()
    }

    /// POSTs JSON to `path` and reads the JSON answer.
    pub async fn post<T: DeserializeOwned>(&mut self, path: &str, body: &serde_json::Value) -> Result<T> {
        let body = Bytes::from(body.to_string());
        self.send(Method::POST, path, "application/json", body).await?.json()
    }

    /// PUTs JSON to `path`; the node has to accept it.
    pub async fn put(&mut self, path: &str, body: &serde_json::Value) -> Result<()> {
        self.accepted(Method::PUT, path, body).await
    }

    /// PATCHes `path` with JSON; the node has to accept it.
    pub async fn patch(&mut self, path: &str, body: &serde_json::Value) -> Result<()> {
        self.accepted(Method::PATCH, path, body).await
    }

    async fn accepted(&mut self, method: Method, path: &str, body: &serde_json::Value) -> Result<()> {
        let answer = self.send(method, path, "application/json", Bytes::from(body.to_string())).await?;
        if answer.status.is_success() { Ok(()) } else { Err(answer.refusal()) }
    }

    /// Sends one request. A connection that the node closed while idle is replaced once; every request of ours may
    /// be sent twice without harm.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<Answer> {
        let reused = self.connection.is_some();
        match self.attempt(&method, path, content_type, body.clone()).await {
            Err(_) if reused => self.attempt(&method, path, content_type, body).await,
            answer => answer,
        }
    }

    async fn attempt(
        &mut self,
        method: &Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<Answer> {
        let timeout = self.timeout;
        let exchanged = tokio::time::timeout(timeout, self.exchange(method, path, content_type, body)).await;
        let answer = match exchanged {
            Ok(answer) => answer,
            Err(_) => {
                Err(self.unreachable(&format!("no answer to {method} {path} in {} s", timeout.as_secs_f32())))
            }
        };
        if answer.is_err() {
            self.connection = None;
        }
        answer
    }

    async fn exchange(
        &mut self,
        method: &Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<Answer> {
        let response = self.respond(method, path, content_type, body).await?;
        let status = response.status();
        let cookie = response.headers().get(SET_COOKIE).and_then(|value| value.to_str().ok());
        let cookie = cookie.and_then(|value| value.split(';').next()).map(str::to_owned);
        let collected = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = collected.map_err(|error| self.unreachable(&error.to_string()))?.to_bytes();
        Ok(Answer { status, body, cookie, request: format!("{method} {path}"), node: self.node.clone() })
    }

    async fn respond(
        &mut self,
        method: &Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.authority)
            .header(&self.key.0, &self.key.1)
            .header(ACCEPT, "application/json, text/event-stream, */*");
        if !content_type.is_empty() {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if self.key.0 == COOKIE {
            // A session belongs to the node's own page, and a browser says so.
            request = request.header(ORIGIN, format!("http://{}", self.authority));
        }
        let request =
            request.body(Full::new(body)).map_err(|error| Error::Usage(format!("{path}: {error}")))?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.ready().await.map_err(|error| self.unreachable(&error.to_string()))?;
        let response = connection.send_request(request).await;
        self.connection = Some(connection);
        response.map_err(|error| self.unreachable(&error.to_string()))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.authority)
            .await
            .map_err(|error| self.unreachable(&error.to_string()))?;
        stream.set_nodelay(true).map_err(|error| self.unreachable(&error.to_string()))?;
        let handshake = handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| self.unreachable(&error.to_string()))?;
        // Its end shows at the next use of the sender.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// Opens the live stream of `topics` (comma separated) on a connection of its own.
    pub async fn events(&self, topics: &str) -> Result<Events> {
        let mut client = self.another();
        let path = format!("/api/v1/stream?topics={topics}");
        let opening = client.respond(&Method::GET, &path, "", Bytes::new());
        let opened = tokio::time::timeout(self.timeout, opening).await;
        let response = opened.map_err(|_| self.unreachable("the stream did not open"))??;
        if response.status() != StatusCode::OK {
            let (node, request) = (self.node.clone(), format!("GET {path}"));
            let status = response.status().as_u16();
            return Err(Error::Refused { node, request, status, detail: "no stream".to_owned() });
        }
        Ok(Events { body: response.into_body(), text: Vec::new(), client })
    }

    fn unreachable(&self, reason: &str) -> Error {
        Error::Unreachable { node: self.node.clone(), reason: reason.to_owned() }
    }
}

impl Answer {
    /// The body as JSON, or what the node refused with.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|error| {
            let text = String::from_utf8_lossy(&self.body);
            let start: String = text.chars().take(200).collect();
            let detail = format!("{error} in {start}");
            Error::Answer { node: self.node.clone(), request: self.request.clone(), detail }
        })
    }

    /// What the node refused with, whatever the status.
    pub fn refusal(&self) -> Error {
        let problem: Problem = serde_json::from_slice(&self.body).unwrap_or_default();
        let field = problem.field.map(|field| format!(" ({field})")).unwrap_or_default();
        let detail = match (problem.title.is_empty(), problem.detail.is_empty()) {
            (true, _) => String::from_utf8_lossy(&self.body).chars().take(200).collect(),
            (false, true) => format!("{}{field}", problem.title),
            (false, false) => format!("{}: {}{field}", problem.title, problem.detail),
        };
        let (node, request) = (self.node.clone(), self.request.clone());
        Error::Refused { node, request, status: self.status.as_u16(), detail }
    }
}

/// A node's live stream (SSE).
#[derive(Debug)]
pub struct Events {
    body: Incoming,
    text: Vec<u8>,
    client: Client,
}

/// One event: its topic and its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The topic, such as `blocks`.
    pub name: String,
    /// The JSON text.
    pub data: String,
}

impl Events {
    /// Waits for the next event.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = take_event(&mut self.text) {
                return Ok(event);
            }
            if self.text.len() > EVENT_BYTES_MAX {
                return Err(self.client.unreachable("an event of the stream has no end"));
            }
            let frame = self.body.frame().await.ok_or_else(|| self.client.unreachable("the stream ended"))?;
            let frame = frame.map_err(|error| self.client.unreachable(&error.to_string()))?;
            self.text.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
        }
    }
}

/// Takes the first whole event with data out of `text`; comments and empty events are passed over.
fn take_event(text: &mut Vec<u8>) -> Option<Event> {
    loop {
        let end = text.windows(2).position(|pair| pair == b"\n\n")?;
        let block: Vec<u8> = text.drain(..end + 2).collect();
        let block = String::from_utf8_lossy(&block);
        let mut event = Event { name: String::new(), data: String::new() };
        for line in block.lines() {
            let Some((field, value)) = line.split_once(':') else { continue };
            match field {
                "event" => event.name = value.trim_start().to_owned(),
                "data" => event.data.push_str(value.trim_start()),
                _ => {}
            }
        }
        if !event.data.is_empty() {
            return Some(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// Answers each connection with the next of `answers`, whatever was asked, and closes it.
    async fn serve(answers: Vec<&'static str>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        base
    }

    const OK: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{\"height\":7}";

    #[tokio::test]
    async fn a_connection_closed_while_idle_is_replaced() {
        let base = serve(vec![OK, OK]).await;
        let mut client = Client::new("CAS-S1", &base, "token");
        for _ in 0..2 {
            let answer: serde_json::Value = client.get("/api/v1/ledger/head").await.unwrap();
            assert_eq!(answer["height"], 7);
        }
    }

    #[tokio::test]
    async fn a_problem_is_told_with_its_field() {
        let body = r#"{"title":"Unknown asset","detail":"no asset X","field":"asset_code"}"#;
        let answer = format!("HTTP/1.1 404 Not Found\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let base = serve(vec![Box::leak(answer.into_boxed_str())]).await;
        let error = Client::new("CAS-S1", &base, "").get::<serde_json::Value>("/x").await.unwrap_err();
        let told = error.to_string();
        assert_eq!(told, "CAS-S1 answered 404 to GET /x: Unknown asset: no asset X (asset_code)");
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable() {
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut client = Client::new("CAS-S1", &format!("http://{unused}"), "");
        let error = client.get::<serde_json::Value>("/readyz").await.unwrap_err();
        assert_eq!(error.exit_code(), 5);
    }

    #[test]
    fn events_are_taken_whole() {
        let mut text = b": hello\n\nevent: blocks\nid: 3\ndata: {\"height\":1}\n\nevent: ale".to_vec();
        let expected = Event { name: "blocks".to_owned(), data: "{\"height\":1}".to_owned() };
        assert_eq!(take_event(&mut text), Some(expected));
        assert_eq!(take_event(&mut text), None);
        assert_eq!(text, b"event: ale");
    }
}
