//! A client as scripts use it: one request, one answer, JSON in between.

use std::time::Duration;

use serde_json::Value;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Speaks to one node, with its operator token or as a browser with a session.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    base: String,
    /// The header that opens the door.
    door: (&'static str, String),
    agent: ureq::Agent,
}

/// What a node answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    /// Name and value of the cookie it sets.
    cookie: Option<String>,
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
        Self {
            base: base.trim_end_matches('/').to_owned(),
            door: ("authorization", format!("Bearer {token}")),
            agent,
        }
    }

    /// The browser that was given this answer, with the session it opens.
    pub(crate) fn come_in(&self, answer: &Answer) -> Self {
        let cookie = answer.cookie.clone().unwrap_or_else(|| panic!("a session: {}", answer.text()));
        Self { door: ("cookie", cookie), ..self.clone() }
    }

    /// The base URL.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// Asks; an error if there is no answer at all.
    pub(crate) fn try_get(&self, path: &str) -> Result<Answer, String> {
        answer(self.opened(self.agent.get(self.url(path))).call())
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
        let request = self.opened(self.agent.post(self.url(path)));
        answer(request.header("content-type", content_type).send(body))
    }

    /// Sends JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Answer, String> {
        self.send(path, "application/json", body.to_string().as_bytes())
    }

    /// Changes something by JSON.
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Result<Answer, String> {
        let request = self.opened(self.agent.patch(self.url(path)));
        answer(request.header("content-type", "application/json").send(body.to_string().as_bytes()))
    }

    /// Puts something as JSON.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Answer, String> {
        self.put_as(path, "application/json", body.to_string().as_bytes())
    }

    /// Puts bytes of a content type.
    pub(crate) fn put_as(&self, path: &str, content_type: &str, body: &[u8]) -> Result<Answer, String> {
        let request = self.opened(self.agent.put(self.url(path)));
        answer(request.header("content-type", content_type).send(body))
    }

    /// Removes something.
    pub(crate) fn delete(&self, path: &str) -> Result<Answer, String> {
        answer(self.opened(self.agent.delete(self.url(path))).call())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A session is good for requests of the node's own page.
    fn opened<Any>(&self, request: ureq::RequestBuilder<Any>) -> ureq::RequestBuilder<Any> {
        let (name, value) = &self.door;
        request.header(*name, value).header("origin", &self.base)
    }
}

fn answer(outcome: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, String> {
    let mut response = outcome.map_err(|error| error.to_string())?;
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let content_type = header("content-type").unwrap_or_default().to_owned();
    let cookie = header("set-cookie").and_then(|text| Some(text.split_once(';')?.0.to_owned()));
    let body = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec();
    Ok(Answer {
        status: response.status().as_u16(),
        content_type,
        cookie,
        body: body.map_err(|error| error.to_string())?,
    })
}
