//! What a role may do. Reading is for everybody who is signed in and writing for operators, except where it says
//! otherwise here: a route nobody thought of is an operator's.

use axum::http::Method;

/// Who may call a route, among those who are signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Technicians and operators.
    Anybody,
    /// Operators only.
    Operator,
}

/// Writes of a technician: seeing to alerts and work orders, and one's own sessions and password.
const TECHNICIANS_WRITE: [(&str, &str); 9] = [
    ("POST", "/api/v1/alerts/{id}/ack"),
    ("POST", "/api/v1/alerts/{id}/close"),
    ("POST", "/api/v1/workorders"),
    ("PATCH", "/api/v1/workorders/{id}"),
    ("POST", "/api/v1/workorders/{id}/photos"),
    ("PUT", "/api/v1/session/password"),
    ("DELETE", "/api/v1/sessions"),
    ("DELETE", "/api/v1/sessions/{id}"),
    ("POST", "/api/v1/energy/meters/test"),
];

/// Reads that tell more than a technician needs.
const OPERATORS_READ: [&str; 3] = ["/api/v1/users", "/api/v1/backup", "/api/v1/invitations"];

/// What a route needs, by method and its path as it is documented.
pub(crate) fn need(method: &Method, path: &str) -> Need {
    let is_open = if method.is_safe() {
        !OPERATORS_READ.contains(&path)
    } else {
        TECHNICIANS_WRITE.contains(&(method.as_str(), path)) || is_query(method, path)
    };
    if is_open { Need::Anybody } else { Need::Operator }
}

/// Grafana and wallets ask their questions by POST.
fn is_query(method: &Method, path: &str) -> bool {
    method == Method::POST && (path.starts_with("/prom/api/v1/") || path == "/rpc")
}
