//! Sites and assets: looking and adding.

use crate::actor::Actor;
use crate::app::{Shared, asset, unknown, wrong_answer};
use crate::extract::{Id, Json as Body, Query};
use crate::list::{Page, Paging, page};
use crate::payload::is_name;
use crate::problem::{Kind, Problem};
use crate::request::{Answer, AssetDraft, Command, SiteDraft};
use crate::view::{AssetView, Picture, SiteView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::limits::{CODE_BYTES_MAX, NAME_BYTES_MAX};

/// The sites of this node.
#[utoipa::path(
    get, path = "/api/v1/sites", tag = "sites", params(Paging),
    responses((status = 200, description = "Sites by code", body = Page<SiteView>))
)]
pub(crate) async fn sites(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<SiteView>>, Problem> {
    page(app.picture().sites.iter(), |site| &site.id, &paging).map(Json)
}

/// Adds a site.
#[utoipa::path(
    post, path = "/api/v1/sites", tag = "sites", request_body = SiteDraft,
    responses((status = 201, description = "Added", body = SiteView))
)]
pub(crate) async fn add_site(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<SiteDraft>,
) -> Result<(StatusCode, Json<SiteView>), Problem> {
    check_code(&draft.code)?;
    if draft.name.is_empty() || draft.name.len() > NAME_BYTES_MAX {
        return Err(
            Problem::new(Kind::Invalid, format!("expected 1 to {NAME_BYTES_MAX} bytes")).field("name")
        );
    }
    let Answer::Site(site) = app.command(by, Command::AddSite(draft)).await? else {
        return Err(wrong_answer());
    };
    Ok((StatusCode::CREATED, Json(site)))
}

/// The assets of a site.
#[utoipa::path(
    get, path = "/api/v1/sites/{id}/assets", tag = "sites", params(("id" = String, Path, description = "Code of the site"), Paging),
    responses((status = 200, description = "Assets by code", body = Page<AssetView>))
)]
pub(crate) async fn assets(
    State(app): Shared,
    Id(id): Id,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<AssetView>>, Problem> {
    let picture = app.picture();
    let site = site(&picture, &id)?;
    page(picture.assets.iter().filter(|asset| asset.site == site.code), |asset| &asset.id, &paging).map(Json)
}

/// Adds an asset to a site.
#[utoipa::path(
    post, path = "/api/v1/sites/{id}/assets", tag = "sites", request_body = AssetDraft,
    params(("id" = String, Path, description = "Code of the site")),
    responses((status = 201, description = "Added", body = AssetView))
)]
pub(crate) async fn add_asset(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(draft): Body<AssetDraft>,
) -> Result<(StatusCode, Json<AssetView>), Problem> {
    let site = site(&app.picture(), &id)?.code.clone();
    check_code(&draft.code)?;
    let Answer::Asset(asset) = app.command(by, Command::AddAsset { site, asset: draft }).await? else {
        return Err(wrong_answer());
    };
    Ok((StatusCode::CREATED, Json(asset)))
}

/// All assets of this node.
#[utoipa::path(
    get, path = "/api/v1/assets", tag = "sites", params(Paging),
    responses((status = 200, description = "Assets by code", body = Page<AssetView>))
)]
pub(crate) async fn all_assets(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<AssetView>>, Problem> {
    page(app.picture().assets.iter(), |asset| &asset.id, &paging).map(Json)
}

/// One asset with its last values.
#[utoipa::path(
    get, path = "/api/v1/assets/{id}", tag = "sites", params(("id" = String, Path, description = "Code of the asset")),
    responses((status = 200, description = "The asset", body = AssetView))
)]
pub(crate) async fn one_asset(State(app): Shared, Id(id): Id) -> Result<Json<AssetView>, Problem> {
    asset(&app.picture(), &id).cloned().map(Json)
}

fn site<'a>(picture: &'a Picture, id: &str) -> Result<&'a SiteView, Problem> {
    picture.sites.iter().find(|site| site.id == id || site.code == id).ok_or_else(|| unknown("site", id))
}

fn check_code(code: &str) -> Result<(), Problem> {
    if is_name(code) {
        return Ok(());
    }
    let detail = format!("expected 1 to {CODE_BYTES_MAX} bytes without control characters");
    Err(Problem::new(Kind::Invalid, detail).field("code"))
}
