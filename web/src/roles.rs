//! What a role may do. Reading is for everybody who is signed in and writing for operators, except where it says
//! otherwise here: a route nobody thought of is an operator's.

use axum::http::Method;

/// Who may call a route, among those who are signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Residents, technicians and operators.
    Anybody,
    /// Technicians and operators.
    Staff,
    /// Residents and operators; what exactly, the building's registry says.
    Resident,
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
const OPERATORS_READ: [&str; 9] = [
    "/api/v1/users",
    "/api/v1/backup",
    "/api/v1/invitations",
    "/api/v1/enquiries",
    "/api/v1/energy/dwellings",
    "/api/v1/energy/dwellings/sums",
    "/api/v1/energy/dwellings/sums.csv",
    "/api/v1/energy/dwellings/slots",
    "/api/v1/energy/dwellings/slots.csv",
];

/// Reads of residents: the hive's ledger, and what of the building everybody in it may know.
const RESIDENTS_READ: [&str; 14] = [
    "/api/v1/node",
    "/api/v1/hive",
    "/api/v1/members",
    "/api/v1/ledger/head",
    "/api/v1/ledger/blocks",
    "/api/v1/ledger/blocks/{height}",
    "/api/v1/ledger/transactions/{id}",
    "/api/v1/ledger/transactions/{id}/proof",
    "/api/v1/energy",
    "/api/v1/energy/totals",
    "/api/v1/energy/sharing",
    "/api/v1/energy/hive",
    "/api/v1/governance",
    "/api/v1/health",
];

/// Where residents and whoever runs the building meet: the registry and the assemblies say who may what.
const RESIDENTS: [&str; 6] = [
    "/api/v1/registry",
    "/api/v1/residents",
    "/api/v1/assemblies",
    "/api/v1/documents",
    "/api/v1/laws",
    "/api/v1/polls",
];

/// What a route needs, by method and its path as it is documented.
pub(crate) fn need(method: &Method, path: &str) -> Need {
    let is_under =
        |root: &&str| path.strip_prefix(*root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if RESIDENTS.iter().any(is_under) {
        return Need::Resident;
    }
    let is_for_staff = if method.is_safe() {
        !OPERATORS_READ.contains(&path)
    } else {
        TECHNICIANS_WRITE.contains(&(method.as_str(), path)) || is_query(method, path)
    };
    match (is_for_staff, method.is_safe() && RESIDENTS_READ.contains(&path)) {
        (_, true) => Need::Anybody,
        (true, false) => Need::Staff,
        (false, false) => Need::Operator,
    }
}

/// Grafana and wallets ask their questions by POST.
fn is_query(method: &Method, path: &str) -> bool {
    method == Method::POST && (path.starts_with("/prom/api/v1/") || path == "/rpc")
}
