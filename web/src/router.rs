//! All routes in one table, and what stands around them.

use crate::access::Access;
use crate::app::App;
use crate::problem::{Kind, Problem};
use crate::routes::{
    aggregates, alerts, assemblies, backup, catalogue, csv, documents, dwellings, energy, enquiries, health,
    hive, incidents, laws, ledger, metrics, operator, photos, plan, policies, policies_text, polls,
    prometheus, query, receipts, registry, residents, rpc, session, sessions, sharing, sheets, sites,
    statement, store, stream, survivals, telemetry, tokens, users, workorders,
};
use crate::{Handles, Settings, document, guard, page};
use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The whole HTTP side of a node. Call it inside a tokio runtime: it starts the task of the live stream.
pub fn router(handles: Handles, settings: Settings) -> Router {
    let app = Arc::new(App::start(handles, settings));
    tokio::spawn(Access::keep_seen(Arc::downgrade(&app)));
    let (open, _) = open_routes().split_for_parts();
    let (fast, _) = fast_routes().split_for_parts();
    let (signed_in, _) = signed_in_routes().split_for_parts();
    let signed_in = signed_in.merge(prometheus_routes()).layer(CompressionLayer::new().gzip(true));
    let document: Arc<str> = openapi().into();
    let described = get(move || {
        let document = Arc::clone(&document);
        async move { ([("content-type", "application/json")], document.to_string()) }
    });
    let open = open.route("/api/v1/openapi.json", described).layer(CompressionLayer::new().gzip(true));
    let inside = signed_in.merge(fast).route_layer(from_fn_with_state(Arc::clone(&app), guard::signed_in));
    inside
        .merge(open)
        .merge(page::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(map_response(no_store))
        .layer(from_fn_with_state(Arc::clone(&app), guard::around))
        .with_state(app)
}

/// The OpenAPI 3.1 document, as JSON with two spaces of indent and a newline at the end.
pub fn openapi() -> String {
    document::write(open_routes().merge(fast_routes()).merge(signed_in_routes()).into_openapi())
}

fn open_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(session::sign_in, session::look, session::sign_out))
        .routes(routes!(session::claim))
        .routes(routes!(residents::code))
        .routes(routes!(residents::bind))
        .routes(routes!(residents::challenge))
        .routes(routes!(residents::enter))
        .routes(routes!(receipts::find))
        .routes(routes!(receipts::carry))
        .routes(routes!(receipts::watch))
}

/// Without compression: the busiest routes, and the stream, which must not be held back.
fn fast_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(telemetry::post))
        .routes(routes!(telemetry::post_bulk))
        .routes(routes!(ledger::submit))
        .routes(routes!(stream::stream))
        .routes(routes!(backup::backup))
}

fn signed_in_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(session::new_password))
        .routes(routes!(sessions::list, sessions::end_all))
        .routes(routes!(sessions::end_one))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::patch, users::delete))
        .routes(routes!(sites::sites, sites::add_site))
        .routes(routes!(sites::assets, sites::add_asset))
        .routes(routes!(sites::all_assets))
        .routes(routes!(sites::one_asset))
        .routes(routes!(metrics::metrics))
        .routes(routes!(query::query))
        .routes(routes!(csv::of_asset))
        .routes(routes!(csv::of_query))
        .routes(routes!(catalogue::metrics))
        .routes(routes!(catalogue::define))
        .routes(routes!(catalogue::swaps, catalogue::swap))
        .routes(routes!(catalogue::conflicts))
        .routes(routes!(policies::list, policies::create))
        .routes(routes!(policies::patch, policies::delete))
        .routes(routes!(policies::versions))
        .routes(routes!(policies::dry_run))
        .routes(routes!(policies_text::export, policies_text::import))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::one))
        .routes(routes!(alerts::ack))
        .routes(routes!(alerts::close))
        .routes(routes!(workorders::list, workorders::open))
        .routes(routes!(workorders::advance))
        .routes(routes!(photos::keep))
        .routes(routes!(photos::look, photos::remove))
        .routes(routes!(ledger::head))
        .routes(routes!(ledger::blocks))
        .routes(routes!(ledger::block))
        .routes(routes!(ledger::transaction))
        .routes(routes!(ledger::proof))
        .routes(routes!(health::health))
        .routes(routes!(hive::node))
        .routes(routes!(hive::hive))
        .routes(routes!(hive::members))
        .routes(routes!(hive::invite, hive::invitations))
        .routes(routes!(hive::revoke_invitation))
        .routes(routes!(hive::change_key))
        .routes(routes!(hive::change_network_key))
        .routes(routes!(hive::proposals, hive::propose))
        .routes(routes!(hive::approve))
        .routes(routes!(operator::buildings))
        .routes(routes!(store::store))
        .routes(routes!(energy::now))
        .routes(routes!(energy::slots))
        .routes(routes!(energy::slots_csv))
        .routes(routes!(energy::totals))
        .routes(routes!(energy::missing))
        .routes(routes!(energy::meters, energy::plan))
        .routes(routes!(energy::test))
        .routes(routes!(energy::recount))
        .routes(routes!(dwellings::dwellings, dwellings::plan))
        .routes(routes!(dwellings::sums))
        .routes(routes!(dwellings::sums_csv))
        .routes(routes!(dwellings::slots))
        .routes(routes!(dwellings::slots_csv))
        .routes(routes!(energy::release))
        .routes(routes!(energy::releases))
        .routes(routes!(energy::disputes))
        .routes(routes!(sharing::terms, sharing::say_terms))
        .routes(routes!(aggregates::aggregates))
        .routes(routes!(aggregates::take_part))
        .routes(routes!(aggregates::leaving))
        .routes(routes!(aggregates::switch))
        .routes(routes!(aggregates::street))
        .routes(routes!(incidents::learn, incidents::hand_in))
        .routes(routes!(incidents::hint))
        .routes(routes!(incidents::preview))
        .routes(routes!(incidents::own))
        .routes(routes!(incidents::withdraw))
        .routes(routes!(survivals::learn, survivals::hand_in))
        .routes(routes!(survivals::hint))
        .routes(routes!(survivals::preview))
        .routes(routes!(survivals::own))
        .routes(routes!(enquiries::list, enquiries::ask))
        .routes(routes!(enquiries::reply))
        .routes(routes!(enquiries::put_aside))
        .routes(routes!(plan::plan))
        .routes(routes!(plan::shifts))
        .routes(routes!(plan::answer_shift))
        .routes(routes!(plan::equipment, plan::equip))
        .routes(routes!(sharing::sharing))
        .routes(routes!(sharing::give_parts))
        .routes(routes!(sharing::results))
        .routes(routes!(sharing::result_proof))
        .routes(routes!(sharing::hive))
        .routes(routes!(statement::statement))
        .routes(routes!(statement::statement_csv))
        .routes(routes!(statement::bookings))
        .routes(routes!(statement::bookings_csv))
        .merge(token_routes())
        .merge(home_routes())
}

fn token_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(tokens::holdings))
        .routes(routes!(tokens::history))
        .routes(routes!(tokens::transfer))
        .routes(routes!(tokens::approve))
        .routes(routes!(tokens::retire))
        .routes(routes!(tokens::propose_minting))
        .routes(routes!(rpc::rpc))
}

fn home_routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(registry::registry, registry::put))
        .routes(routes!(registry::export, registry::import))
        .routes(routes!(registry::log))
        .routes(routes!(registry::one, registry::erase))
        .routes(routes!(registry::letters))
        .routes(routes!(registry::objection))
        .routes(routes!(residents::me))
        .routes(routes!(residents::keys))
        .routes(routes!(residents::add_device))
        .routes(routes!(residents::object, residents::set_aside))
        .routes(routes!(residents::end))
        .routes(routes!(residents::lose))
        .routes(routes!(residents::agree))
        .routes(routes!(residents::square))
        .routes(routes!(assemblies::list, assemblies::prepare))
        .routes(routes!(assemblies::one, assemblies::change, assemblies::drop_draft))
        .routes(routes!(assemblies::announce))
        .routes(routes!(assemblies::hand_in))
        .routes(routes!(assemblies::find))
        .routes(routes!(assemblies::minutes, assemblies::sign_minutes))
        .routes(routes!(assemblies::sign))
        .routes(routes!(sheets::voice))
        .routes(routes!(sheets::attend))
        .routes(routes!(sheets::list, sheets::sign))
        .routes(routes!(sheets::drop_sheet))
        .routes(routes!(polls::list, polls::begin))
        .routes(routes!(polls::answer))
        .routes(routes!(polls::joint))
        .routes(routes!(documents::keep))
        .routes(routes!(documents::one))
        .routes(routes!(laws::list))
}

/// Described by Prometheus, not by our own document.
fn prometheus_routes() -> Router<Arc<App>> {
    let both = |path: &str| format!("/prom/api/v1/{path}");
    Router::new()
        .route(&both("query"), get(prometheus::query).post(prometheus::query))
        .route(&both("query_range"), get(prometheus::query_range).post(prometheus::query_range))
        .route(&both("labels"), get(prometheus::labels).post(prometheus::labels))
        .route(&both("series"), get(prometheus::series).post(prometheus::series))
        .route(&both("label/{name}/values"), get(prometheus::label_values))
        .route(&both("metadata"), get(prometheus::metadata))
        .route(&both("status/buildinfo"), get(prometheus::buildinfo))
        .route("/prom/{*rest}", get(prometheus::unknown).post(prometheus::unknown))
}

async fn not_found() -> Problem {
    Problem::new(Kind::NotFound, "there is no such path; /api/v1/openapi.json lists them all")
}

async fn method_not_allowed() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "this path knows other methods; see the `Allow` header")
}

/// What the API says is true for the moment only; the page's files say otherwise for themselves.
async fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if !headers.contains_key("cache-control") {
        headers.insert("cache-control", axum::http::HeaderValue::from_static("no-store"));
    }
    response
}
