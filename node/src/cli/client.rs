//! Talking to a running node: its address from `ready.json`, its operator token from the data folder.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use protocol::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use web::problem::ProblemDocument;

use super::{Exit, Failed, pinned};
use crate::config::Config;
use crate::shell::certificate::Files;
use crate::shell::ready::ReadyFile;
use crate::shell::secrets;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer, bytes.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// An answer that has begun.
type Answering = (Response<Incoming>, tokio::task::JoinHandle<Result<(), hyper::Error>>);

/// A node that runs.
pub(super) struct Client {
    authority: String,
    token: String,
    /// Its certificate, if it speaks https.
    tls: Option<TlsConnector>,
}

impl Client {
    /// Of the node whose data folder this is.
    pub(super) fn of(dir: &Path) -> Result<Self, Failed> {
        let config =
            Config::load(&dir.join("node.toml"), &[]).map_err(|error| Failed::new(Exit::Usage, error))?;
        let unreachable = || {
            let dir = config.data_dir.display();
            Failed::new(Exit::Unreachable, format!("no node runs on {dir}: it has no ready.json"))
        };
        let ready = ReadyFile::read(&config.data_dir).ok_or_else(unreachable)?;
        let token = secrets::read(&config.http.token_file).map_err(Failed::failure)?;
        let token = Digest::new(token).to_string();
        if let Some(authority) = ready.http.strip_prefix("https://") {
            let files = Files::of(&config.http, &config.data_dir);
            let tls = pinned::connector(&files).map_err(Failed::failure)?;
            return Ok(Self { authority: authority.to_owned(), token, tls: Some(tls) });
        }
        let authority = ready.http.strip_prefix("http://").unwrap_or(&ready.http).to_owned();
        Ok(Self { authority, token, tls: None })
    }

    /// Asks for something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failed> {
        self.send(Method::GET, path, Bytes::new()).await
    }

    /// Hands something in.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failed> {
        let body = serde_json::to_vec(body).map_err(Failed::failure)?;
        self.send(Method::POST, path, body.into()).await
    }

    /// Hands something in that is not answered with anything.
    pub(super) async fn post_done(&self, path: &str, body: &impl Serialize) -> Result<(), Failed> {
        let body = serde_json::to_vec(body).map_err(Failed::failure)?;
        self.answer(Method::POST, path, body.into()).await.map(drop)
    }

    /// Takes something away.
    pub(super) async fn delete(&self, path: &str) -> Result<(), Failed> {
        self.answer(Method::DELETE, path, Bytes::new()).await.map(drop)
    }

    /// Asks for a text.
    pub(super) async fn get_text(&self, path: &str) -> Result<String, Failed> {
        let bytes = self.answer(Method::GET, path, Bytes::new()).await?;
        String::from_utf8(bytes.into()).map_err(Failed::failure)
    }

    /// Puts a text in the place of what is there.
    pub(super) async fn put_text<T: DeserializeOwned>(&self, path: &str, text: String) -> Result<T, Failed> {
        self.send(Method::PUT, path, text.into()).await
    }

    /// Writes an answer of any length into a file, piece by piece. Between two pieces may pass `TIMEOUT`.
    pub(super) async fn download(&self, path: &str, file: &mut std::fs::File) -> Result<u64, Failed> {
        use std::io::Write as _;
        let unreachable =
            |reason: String| Failed::new(Exit::Unreachable, format!("the node stopped answering: {reason}"));
        let (response, driver) = self.request(Method::GET, path, Bytes::new()).await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        if !(200..300).contains(&status) {
            let whole = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            return Err(problem(status, &whole.map(|whole| whole.to_bytes()).unwrap_or_default()));
        }
        let mut written = 0;
        loop {
            let next = tokio::time::timeout(TIMEOUT, body.frame()).await;
            let Some(frame) = next.map_err(|_| unreachable("too slow".to_owned()))? else { break };
            let frame = frame.map_err(|error| unreachable(error.to_string()))?;
            let Ok(piece) = frame.into_data() else { continue };
            file.write_all(&piece).map_err(Failed::failure)?;
            written += piece.len() as u64;
        }
        driver.abort();
        Ok(written)
    }

    async fn send<T: DeserializeOwned>(&self, method: Method, path: &str, body: Bytes) -> Result<T, Failed> {
        let bytes = self.answer(method, path, body).await?;
        serde_json::from_slice(&bytes).map_err(Failed::failure)
    }

    async fn answer(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Failed> {
        let unreachable = |reason: String| {
            let at = &self.authority;
            Failed::new(Exit::Unreachable, format!("the node at {at} does not answer: {reason}"))
        };
        let exchanged = tokio::time::timeout(TIMEOUT, self.exchange(method, path, body)).await;
        let (status, bytes) =
            exchanged.map_err(|_| unreachable("too slow".to_owned()))?.map_err(unreachable)?;
        if (200..300).contains(&status) {
            return Ok(bytes);
        }
        Err(problem(status, &bytes))
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> Result<(u16, Bytes), String> {
        let (response, driver) = self.request(method, path, body).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        driver.abort();
        Ok((status, bytes))
    }

    /// The head of an answer, and the task that carries the rest.
    async fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Answering, String> {
        let stream = TcpStream::connect(&self.authority).await.map_err(|error| error.to_string())?;
        let Some(tls) = &self.tls else { return self.talk(stream, method, path, body).await };
        // The certificate is compared as a whole, so any name will do.
        let name = ServerName::try_from("localhost").expect("invariant: a name");
        let stream = tls.connect(name, stream).await.map_err(|error| error.to_string())?;
        self.talk(stream, method, path, body).await
    }

    async fn talk(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Answering, String> {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let driver = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.authority)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        Ok((response, driver))
    }
}

/// A problem document in words, with the exit code that belongs to it.
fn problem(status: u16, bytes: &[u8]) -> Failed {
    let Ok(problem) = serde_json::from_slice::<ProblemDocument>(bytes) else {
        return Failed::failure(format!("the node answered with status {status}"));
    };
    let exit = match problem.r#type.rsplit(':').next() {
        Some("refused") => Exit::Refused,
        Some("unavailable" | "timeout") => Exit::NotReady,
        Some(_) | None => Exit::Failure,
    };
    let field = problem.field.map(|field| format!("{field}: ")).unwrap_or_default();
    Failed::new(exit, format!("{field}{}", problem.detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use web::{Kind, Problem};

    #[test]
    fn problems_become_exit_codes_and_words() {
        let of = |kind: Kind| {
            let document = Problem::new(kind, "no").field("x").document();
            let failed = problem(document.status, &serde_json::to_vec(&document).unwrap());
            (failed.exit, failed.message)
        };
        assert_eq!(of(Kind::Refused), (Exit::Refused, "x: no".to_owned()));
        assert_eq!(of(Kind::Unavailable).0, Exit::NotReady);
        assert_eq!(of(Kind::Invalid).0, Exit::Failure);
        assert_eq!(problem(502, b"<html>").message, "the node answered with status 502");
    }
}
