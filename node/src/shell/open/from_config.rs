//! What the configuration says, in the words of the parts it is for.

use protocol::Address;
use protocol::limits::{SERIES_DEFAULT_MAX, WIRE_NEWEST, WIRE_OLDEST};
use protocol::operator::OperatorKey;

use super::identity::Identity;
use crate::config::Config;
use crate::core::{AssetConfig, Core, CoreConfig, SiteConfig};
use crate::shell::network::{self, NetworkConfig, Wires};
use crate::shell::{RunError, hive_name};

pub(super) fn core_config(config: &Config, operator: Option<OperatorKey>) -> CoreConfig {
    let asset = |asset: &crate::config::Asset| AssetConfig { code: asset.code.clone(), kind: asset.kind };
    let site = |site: &crate::config::Site| SiteConfig {
        code: site.code.clone(),
        name: site.name.clone(),
        assets: site.assets.iter().map(asset).collect(),
    };
    CoreConfig {
        sites: config.sites.iter().map(site).collect(),
        series_max: SERIES_DEFAULT_MAX,
        ahead_ms: config.ahead_ms,
        retention: crate::core::catalogue::Retention {
            raw_days: Some(config.raw_days),
            quarter_days: Some(config.quarter_days),
            day_days: None,
        },
        clock_speed_millis: config.clock.speed_millis,
        operator,
    }
}

/// The versions of the wire the configuration asks for.
pub(super) fn wires(config: &Config) -> Result<Wires, RunError> {
    let oldest = config.network.wire_min.unwrap_or(WIRE_OLDEST);
    let newest = config.network.wire.unwrap_or(WIRE_NEWEST);
    Wires::new(oldest, newest).ok_or_else(|| RunError::Configuration {
        key: "network.wire",
        origin: config.file.display().to_string(),
        detail: format!(
            "expected versions from {WIRE_OLDEST} to {WIRE_NEWEST}, found `wire_min` {oldest} and `wire` {newest}"
        ),
    })
}

pub(super) fn network_config(
    config: &Config,
    identity: &Identity,
    core: &Core,
    wires: Wires,
) -> NetworkConfig {
    NetworkConfig {
        seed: **identity.own.seed(),
        swarm_key: *identity.network_key().secret(),
        hive: hive_name(&core.ledger().chain()),
        chain: core.ledger().chain(),
        wires,
        listen: vec![config.network.listen.clone()],
        peers: config.network.peers.iter().map(|peer| where_it_went(peer, core)).collect(),
        members: core.ledger().state().member_keys().collect(),
        mdns: config.network.mdns,
        standing: Some(config.in_data("standing")),
    }
}

/// The address of a configured peer, under the key it has now.
fn where_it_went(peer: &str, core: &Core) -> String {
    let state = core.ledger().state();
    let moved = network::check_address(peer).ok().and_then(|key| {
        let (configured, current) = (Address::of(&key), state.current(&Address::of(&key)));
        let key = state.member(&current)?.key;
        (current != configured).then(|| network::with_peer(peer, &key).ok())?
    });
    moved.unwrap_or_else(|| peer.to_owned())
}
