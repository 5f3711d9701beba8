//! A client as scripts use it: one request, one answer, JSON in between.

use std::time::Duration;

use serde_json::Value;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Speaks to one node with its operator token.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    base: String,
    token: String,
    agent: ureq::Agent,
}

/// What a node answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIMEOUT))
            .build()
            .new_agent();
        Self { base: base.trim_end_matches('/').to_owned(), token: token.to_owned(), agent }
    }

    /// The base URL.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Asks; an error if there is no answer at all.
    pub(crate) fn try_get(&self, path: &str) -> Result<Answer, String> {
        let request = self.agent.get(self.url(path)).header("authorization", self.bearer());
        answer(request.call())
    }

    /// Asks for JSON and expects 200.
    pub(crate) fn get(&self, path: &str) -> Result<Value, String> {
        let answer = self.try_get(path)?;
        if answer.status == 200 {
            Ok(answer.json())
        } else {
            Err(format!("{path}: {} {}", answer.status, answer.text()))
        }
    }

    /// The items of a list, page after page.
    pub(crate) fn items(&self, path: &str) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        let mut next = path.to_owned();
        loop {
            let page = self.get(&next)?;
            items.extend(
                page["items"]
                    .as_array()
                    .ok_or_else(|| format!("{next}: no items in {page}"))?
                    .iter()
                    .cloned(),
            );
            let Some(cursor) = page["next"].as_str() else { return Ok(items) };
            let mark = if path.contains('?') { '&' } else { '?' };
            next = format!("{path}{mark}cursor={cursor}");
        }
    }

    /// Sends bytes of a content type.
    pub(crate) fn send(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Answer, String> {
        let request = self.agent.post(self.url(path)).header("authorization", self.bearer());
        answer(request.header("content-type", content_type).send(body))
    }

    /// Sends JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        self.send(path, "application/json", body.to_string().as_bytes())
    }

    /// Changes something by JSON.
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let request = self.agent.patch(self.url(path)).header("authorization", self.bearer());
        answer(request.header("content-type", "application/json").send(body.to_string().as_bytes()))
    }

    /// Puts something as JSON.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let request = self.agent.put(self.url(path)).header("authorization", self.bearer());
        answer(request.header("content-type", "application/json").send(body.to_string().as_bytes()))
    }

    /// Removes something.
    pub(crate) fn delete(&self, path: &str) -> Result<Answer, String> {
        answer(self.agent.delete(self.url(path)).header("authorization", self.bearer()).call())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

fn answer(outcome: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, String> {
    let mut response = outcome.map_err(|error| error.to_string())?;
    let header = response.headers().get("content-type").and_then(|value| value.to_str().ok());
    let content_type = header.unwrap_or_default().to_owned();
    let body = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec();
    Ok(Answer {
        status: response.status().as_u16(),
        content_type,
        body: body.map_err(|error| error.to_string())?,
    })
}
