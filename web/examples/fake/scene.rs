//! The invented hive: five buildings, four of them authorities, and one of them seen from inside.

use protocol::UnixMs;
use std::collections::BTreeMap;
use web::request::PolicyDraft;
use web::view::{
    AlertStatus, AlertView, AssetKind, AssetState, AssetView, BlockSummary, Condition, Evidence,
    EvidenceCondition, EvidenceReading, Finality, HealthItem, HealthState, HealthView, HealthWeight,
    HiveView, LastValue, LedgerHead, LedgerPlace, MemberView, NodeView, OperatorBuilding, PeerView, Picture,
    PolicyCondition, PolicyView, Readiness, Role, RuleKind, Severity, SeverityChange, SeverityCounts,
    SiteView, StateCounts, TransactionView, WorkOrderStatus, WorkOrderView,
};
use web::{Problem, Time};

const CHAIN_SEED: &str = "chain";
const BLOCKS: u64 = 40;
const MINUTE_MS: i64 = 60_000;

/// `bytes` invented bytes in hex, the same for the same arguments.
pub(crate) fn hex(what: &str, number: u64, bytes: usize) -> String {
    let mut reader =
        blake3::Hasher::new().update(what.as_bytes()).update(&number.to_be_bytes()).finalize_xof();
    let mut raw = vec![0; bytes];
    reader.fill(&mut raw);
    raw.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a metric shows at a time: smooth, with the lift's motor too hot for the last half hour of each two.
pub(crate) fn value(metric: &str, t: i64) -> f64 {
    let minutes = t as f64 / 60_000.0;
    let wave = |period: f64, shift: f64| ((minutes / period + shift) * std::f64::consts::TAU).sin();
    let noise = wave(0.9, 0.3) * 0.4 + wave(2.3, 0.7) * 0.6;
    let value = match metric {
        "temp_supply_air" => 17.6 + 1.3 * wave(180.0, 0.1) + 0.15 * noise,
        "temp_out_air" => 24.0 + 6.5 * wave(1440.0, -0.25) + 0.2 * noise,
        "vibration_level" => 2.6 + 0.35 * noise + 0.3 * wave(47.0, 0.0),
        "power_kw" => (9.4 + 3.2 * wave(95.0, 0.2) + 0.5 * noise).max(0.0),
        "water_temp_out" => 8.2 + 4.6 * (wave(240.0, 0.4)).max(0.0) + 0.1 * noise,
        "run_hours" => 420.0 + (minutes / 60.0) % 70.0,
        "motor_temp" => 61.0 + 23.0 * wave(120.0, 0.0).max(0.0) + 1.2 * noise,
        "door_cycles" => 81_200.0 + (minutes / 1.7).floor() % 5_000.0,
        "current_a" => 14.0 + 5.0 * wave(33.0, 0.5) + noise,
        "power_w" => (3_200.0 + 1_900.0 * wave(720.0, 0.6) + 300.0 * noise).max(0.0),
        "energy_kwh" => 48_210.0 + minutes * 0.06 % 900.0,
        _ => 1.0,
    };
    (value * 100.0).round() / 100.0
}

/// The operator's three buildings, one of which has not been heard for a while.
fn operator_buildings(now: UnixMs) -> Vec<OperatorBuilding> {
    let building = |name: &str, age_ms: i64, counts: Option<[u32; 3]>| OperatorBuilding {
        id: protocol::Digest::of("demo building", &[name.as_bytes()]).to_string()[..40].to_owned(),
        name: name.to_owned(),
        this: name == "CAS-S1",
        online: age_ms < 60_000,
        as_of: counts.map(|_| Time::from_ms(now.0 - age_ms)),
        open_alerts: counts.map(|[low, medium, high]| SeverityCounts { low, medium, high }),
    };
    vec![
        building("CAS-S1", 0, Some([0, 0, 1])),
        building("CAS-S2", 20_000, Some([2, 1, 0])),
        building("CAS-S3", 9_000_000, Some([0, 0, 0])),
    ]
}

/// The hive at a time.
pub(crate) fn picture(now: UnixMs) -> Picture {
    let members = members();
    let policies = policies();
    let assets = assets(now);
    let alerts = alerts(now);
    let work_orders = work_orders(&alerts, now);
    let blocks: Vec<BlockSummary> = (0..BLOCKS)
        .map(|back| block(1284 - back, now.0 - i64::try_from(back).expect("small") * 9_000))
        .collect();
    let head = head(&blocks[0], &members);
    Picture {
        bookings: super::sharing::bookings(now.0, &members).into(),
        health: health(now),
        node: NodeView {
            id: members[0].id.clone(),
            name: "CAS-S1".to_owned(),
            building: "Tour Alpha".to_owned(),
            role: Role::Authority,
            version: "0.1.0".to_owned(),
            time: now.into(),
        },
        operator_buildings: operator_buildings(now),
        readiness: Readiness { ready: true, reasons: Vec::new() },
        sites: vec![
            SiteView {
                assets: 4,
                open_alerts: SeverityCounts { low: 0, medium: 0, high: 1 },
                states: StateCounts { ok: 2, watch: 1, alert: 1 },
                ..site("CAS-S1", "Tour Alpha – Casanearshore")
            },
            SiteView {
                assets: 3,
                states: StateCounts { ok: 3, watch: 0, alert: 0 },
                ..site("CAS-S1B", "Tour Alpha – Parking et locaux techniques")
            },
        ],
        assets,
        alerts,
        work_orders,
        policies,
        metrics: super::metric::metrics(),
        swaps: Vec::new(),
        conflicts: Vec::new(),
        hive: hive(&members),
        head,
        blocks,
        members,
        proposals: Vec::new(),
        invitations: Vec::new(),
    }
}

/// A site without assets.
pub(crate) fn site(code: &str, name: &str) -> SiteView {
    SiteView { id: code.to_owned(), code: code.to_owned(), name: name.to_owned(), ..SiteView::default() }
}

/// One more block on top.
pub(crate) fn add_block(picture: &mut Picture, now: UnixMs) {
    let block = block(picture.head.height + 1, now.0);
    picture.head = head(&block, &picture.members);
    picture.hive.height = block.height;
    for peer in picture.hive.peers.iter_mut().filter(|peer| peer.connected) {
        peer.height = Some(block.height);
    }
    picture.blocks.insert(0, block);
    picture.blocks.truncate(40);
}

fn health(now: UnixMs) -> HealthView {
    let notice = HealthItem {
        id: "backup_old".to_owned(),
        weight: HealthWeight::Notice,
        text: "The last backup is 45 days old.".to_owned(),
        advice: "Make a new backup and keep it outside this building.".to_owned(),
        since: Some(Time::from_ms(now.0 - 60 * MINUTE_MS)),
    };
    HealthView { state: HealthState::Ok, items: vec![notice] }
}

/// The work order of an alert.
pub(crate) fn work_order(alert: &AlertView, id: &str, created: Time) -> WorkOrderView {
    WorkOrderView {
        decision: None,
        id: id.to_owned(),
        alert: Some(alert.id.clone()),
        building: "Tour Alpha".to_owned(),
        local: true,
        site: Some(alert.site.clone()),
        asset: Some(alert.asset.clone()),
        asset_kind: AssetKind::Elevator,
        title: Some(alert.message.clone()),
        severity: alert.severity,
        status: WorkOrderStatus::Open,
        created,
        started: None,
        closed: None,
        assignee: None,
        notes: None,
        photos: Vec::new(),
        ledger: Some(LedgerPlace { height: 1281, transaction: hex("transaction", 1281 * 8, 32) }),
    }
}

/// The id of an invented transaction.
pub(crate) fn transaction_id(height: u64, index: u32) -> String {
    hex("transaction", height * 8 + u64::from(index), 32)
}

/// An invented transaction of a block.
pub(crate) fn transaction(picture: &Picture, block: &BlockSummary, index: u32) -> TransactionView {
    let author = &picture.members[usize::try_from((block.height + u64::from(index)) % 4).expect("small")];
    let fields = [
        ("reference", hex("reference", block.height, 32)),
        ("kind", "ELEVATOR".to_owned()),
        ("severity", "high".to_owned()),
        ("commitment", hex("commitment", block.height, 32)),
    ];
    TransactionView {
        id: transaction_id(block.height, index),
        height: Some(block.height),
        index: Some(index),
        kind: "maintenance.open".to_owned(),
        author: author.id.clone(),
        author_name: Some(author.name.clone()),
        sequence: block.height,
        size_bytes: 312,
        fields: fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<BTreeMap<_, _>>(),
        time: Some(block.time),
    }
}

fn block(height: u64, t: i64) -> BlockSummary {
    BlockSummary {
        id: height.to_string(),
        height,
        block: hex("block", height, 32),
        state: hex("state", height, 32),
        time: Time::from_ms(t),
        transactions: u32::try_from([1, 0, 2, 2, 0, 0, 3][usize::try_from(height % 7).expect("small")])
            .expect("small"),
        proposer: hex("member", height % 4, 20),
    }
}

fn head(block: &BlockSummary, members: &[MemberView]) -> LedgerHead {
    LedgerHead {
        chain: hex(CHAIN_SEED, 0, 32),
        height: block.height,
        block: block.block.clone(),
        state: block.state.clone(),
        time: block.time,
        log_root: hex("log", block.height, 32),
        log_size: block.height * 2,
        authorities: members
            .iter()
            .filter(|member| member.role == Role::Authority)
            .map(|member| member.id.clone())
            .collect(),
    }
}

fn members() -> Vec<MemberView> {
    let member = |(number, name): (u64, &str)| MemberView {
        id: hex("member", number, 20),
        name: name.to_owned(),
        public_key: hex("key", number, 32),
        role: if number < 4 { Role::Authority } else { Role::Follower },
        since: 0,
        revoked: false,
    };
    [(0, "Tour Alpha"), (1, "Tour Beta"), (2, "Résidence Gamma"), (3, "Îlot Delta"), (4, "Villa Epsilon")]
        .map(member)
        .into()
}

fn hive(members: &[MemberView]) -> HiveView {
    let peer = |(index, member): (usize, &MemberView)| PeerView {
        id: member.id.clone(),
        name: member.name.clone(),
        role: member.role,
        connected: index != 2,
        height: Some(if index == 2 { 1102 } else { 1284 }),
        latency_ms: if index == 2 { None } else { Some(3 + 9 * u32::try_from(index).expect("small")) },
        standing: 100,
        faults: Vec::new(),
        banned_s: None,
        wire: Some(2),
    };
    HiveView {
        chain: hex(CHAIN_SEED, 0, 32),
        height: 1284,
        authorities: 4,
        authorities_online: 3,
        quorum: 3,
        faults_tolerated: 1,
        finality_ms: Some(Finality { p50: 38, p99: 121, transactions: 412 }),
        halted: None,
        mempool: 2,
        peers: members[1..].iter().enumerate().map(peer).collect(),
    }
}

fn assets(now: UnixMs) -> Vec<AssetView> {
    let asset = |code: &str, site: &str, kind, state, metrics: &[(&str, Option<&str>)]| AssetView {
        id: code.to_owned(),
        code: code.to_owned(),
        site: site.to_owned(),
        kind,
        state,
        last: metrics
            .iter()
            .map(|(metric, unit)| LastValue {
                metric: (*metric).to_owned(),
                unit: unit.map(str::to_owned),
                t: now.into(),
                v: Some(value(metric, now.0)),
            })
            .collect(),
    };
    let hvac = [
        ("temp_supply_air", Some("°C")),
        ("temp_out_air", Some("°C")),
        ("power_kw", Some("kW")),
        ("vibration_level", Some("mm/s")),
    ];
    let chiller = [("water_temp_out", Some("°C")), ("power_kw", Some("kW")), ("run_hours", Some("h"))];
    let elevator = [("motor_temp", Some("°C")), ("current_a", Some("A")), ("door_cycles", None)];
    let meter = [("power_w", Some("W")), ("energy_kwh", Some("kWh"))];
    vec![
        asset("CAS-S1-CHILLER_1", "CAS-S1", AssetKind::Chiller, AssetState::Watch, &chiller),
        asset("CAS-S1-ELEVATOR_1", "CAS-S1", AssetKind::Elevator, AssetState::Alert, &elevator),
        asset("CAS-S1-HVAC_1", "CAS-S1", AssetKind::Hvac, AssetState::Ok, &hvac),
        asset("CAS-S1-METER_1", "CAS-S1", AssetKind::Meter, AssetState::Ok, &meter),
        asset("CAS-S1B-CHILLER_1", "CAS-S1B", AssetKind::Chiller, AssetState::Ok, &chiller),
        asset("CAS-S1B-ELEVATOR_1", "CAS-S1B", AssetKind::Elevator, AssetState::Ok, &elevator),
        asset("CAS-S1B-HVAC_1", "CAS-S1B", AssetKind::Hvac, AssetState::Ok, &hvac),
    ]
}

fn alerts(now: UnixMs) -> Vec<AlertView> {
    let ago = |minutes: i64| Time::from_ms(now.0 - minutes * MINUTE_MS);
    let alert = |id: &str, asset: &str, policy: &str, severity, status, message: &str, minutes| AlertView {
        id: id.to_owned(),
        asset: asset.to_owned(),
        site: "CAS-S1".to_owned(),
        policy: policy.to_owned(),
        severity,
        status,
        message: message.to_owned(),
        opened: ago(minutes),
        acknowledged: if status == AlertStatus::Open { None } else { Some(ago(minutes - 2)) },
        closed: if status == AlertStatus::Closed { Some(ago(minutes / 2)) } else { None },
        work_order: None,
        evidence: None,
        sentence: None,
        policy_version: Some(1),
        cleared: None,
        history: vec![SeverityChange { at: ago(minutes), severity }],
        acknowledged_by: None,
        ending: None,
    };
    let mut hot = alert(
        "a-3",
        "CAS-S1-ELEVATOR_1",
        "R5",
        Severity::High,
        AlertStatus::Open,
        "Surchauffe moteur ascenseur",
        3,
    );
    hot.work_order = Some("7".to_owned());
    hot.evidence = Some(Evidence {
        metric: "motor_temp".to_owned(),
        value: 83.4,
        condition: Condition::Above,
        threshold: 80.0,
        unit: Some("°C".to_owned()),
        from: ago(4),
        to: ago(3),
        samples: 5,
        conditions: vec![EvidenceCondition {
            group: 0,
            place: 0,
            condition: condition("motor_temp", RuleKind::Consecutive, 80.0, None, Some(5)),
            unit: Some("°C".to_owned()),
            value: 83.4,
            from: ago(4),
            to: ago(3),
            readings: 5,
            last: vec![EvidenceReading { t: ago(4), v: 81.0 }, EvidenceReading { t: ago(3), v: 83.4 }],
        }],
    });
    let text = "motor_temp was above 80 °C on 5 readings in a row without a gap, the newest 83.4 °C.";
    hot.sentence = Some(text.to_owned());
    let mut due = alert(
        "a-2",
        "CAS-S1-CHILLER_1",
        "R4",
        Severity::Low,
        AlertStatus::Ack,
        "Maintenance préventive due",
        190,
    );
    due.evidence = Some(Evidence {
        metric: "run_hours".to_owned(),
        value: 501.2,
        condition: Condition::Above,
        threshold: 500.0,
        unit: Some("h".to_owned()),
        from: ago(200),
        to: ago(190),
        samples: 1,
        conditions: Vec::new(),
    });
    let mut old = alert(
        "a-1",
        "CAS-S1-HVAC_1",
        "R1",
        Severity::Medium,
        AlertStatus::Closed,
        "Performance clim dégradée",
        2_900,
    );
    old.work_order = Some("4".to_owned());
    vec![hot, due, old]
}

fn work_orders(alerts: &[AlertView], now: UnixMs) -> Vec<WorkOrderView> {
    let ago = |minutes: i64| Time::from_ms(now.0 - minutes * MINUTE_MS);
    let foreign = WorkOrderView {
        alert: None,
        building: "Tour Beta".to_owned(),
        local: false,
        site: None,
        asset: None,
        title: Some("Refroidissement insuffisant".to_owned()),
        asset_kind: AssetKind::Chiller,
        status: WorkOrderStatus::InProgress,
        started: Some(ago(60)),
        ..work_order(&alerts[0], "6", ago(75))
    };
    let done = WorkOrderView {
        status: WorkOrderStatus::Done,
        started: Some(ago(2_700)),
        closed: Some(ago(1_450)),
        assignee: Some("N. Benali".to_owned()),
        notes: Some("Filtre remplacé, débit contrôlé.".to_owned()),
        asset_kind: AssetKind::Hvac,
        ..work_order(&alerts[2], "4", ago(2_900))
    };
    vec![work_order(&alerts[0], "7", ago(3)), foreign, done]
}

fn condition(
    metric: &str,
    rule: RuleKind,
    threshold: f64,
    window_minutes: Option<u32>,
    samples: Option<u32>,
) -> PolicyCondition {
    PolicyCondition {
        metric: metric.to_owned(),
        operator: None,
        metric2: None,
        rule,
        condition: Condition::Above,
        threshold,
        clear_threshold: None,
        window_minutes,
        samples,
    }
}

/// A policy as it would look once it is added.
pub(crate) fn policy(id: &str, draft: &PolicyDraft) -> Result<PolicyView, Problem> {
    let groups = draft.conditions()?;
    let first = groups[0][0].clone();
    Ok(PolicyView {
        id: id.to_owned(),
        code: id.to_owned(),
        version: 1,
        asset_kind: draft.asset_kind,
        metric: first.metric,
        rule: first.rule,
        condition: first.condition,
        threshold: first.threshold,
        unit: None,
        window_minutes: first.window_minutes,
        samples: first.samples,
        severity: draft.severity,
        message: draft.message.clone(),
        description: draft.description.clone(),
        work_order: draft.work_order.unwrap_or(true),
        enabled: draft.enabled.unwrap_or(true),
        units: groups.iter().map(|group| vec![None; group.len()]).collect(),
        groups,
        clear_after_minutes: draft.clear_after_minutes,
        escalate: draft.escalate.clone(),
        downgrade_after_minutes: draft.downgrade_after_minutes,
        warnings: Vec::new(),
    })
}

fn policies() -> Vec<PolicyView> {
    let policy = |id: &str,
                  asset_kind,
                  metric: &str,
                  rule,
                  threshold,
                  unit: Option<&str>,
                  window_minutes,
                  samples,
                  severity,
                  message: &str| PolicyView {
        id: id.to_owned(),
        code: id.to_owned(),
        version: 1,
        groups: vec![vec![condition(metric, rule, threshold, window_minutes, samples)]],
        units: vec![vec![unit.map(str::to_owned)]],
        clear_after_minutes: None,
        escalate: Vec::new(),
        downgrade_after_minutes: None,
        warnings: Vec::new(),
        asset_kind,
        metric: metric.to_owned(),
        rule,
        condition: Condition::Above,
        threshold,
        unit: unit.map(str::to_owned),
        window_minutes,
        samples,
        severity,
        message: message.to_owned(),
        description: String::new(),
        work_order: severity != Severity::Low,
        enabled: true,
    };
    use AssetKind::{Chiller, Elevator, Hvac};
    use RuleKind::{Consecutive, Runtime, Threshold};
    vec![
        policy(
            "R1",
            Hvac,
            "temp_supply_air",
            Threshold,
            20.0,
            Some("°C"),
            Some(15),
            None,
            Severity::Medium,
            "Performance clim dégradée",
        ),
        policy(
            "R2",
            Hvac,
            "vibration_level",
            Consecutive,
            7.0,
            Some("mm/s"),
            None,
            Some(5),
            Severity::High,
            "Risque mécanique ventilateur",
        ),
        policy(
            "R3",
            Chiller,
            "water_temp_out",
            Threshold,
            14.0,
            Some("°C"),
            Some(10),
            None,
            Severity::High,
            "Refroidissement insuffisant",
        ),
        policy(
            "R4",
            Chiller,
            "run_hours",
            Runtime,
            500.0,
            Some("h"),
            None,
            None,
            Severity::Low,
            "Maintenance préventive due",
        ),
        policy(
            "R5",
            Elevator,
            "motor_temp",
            Consecutive,
            80.0,
            Some("°C"),
            None,
            Some(5),
            Severity::High,
            "Surchauffe moteur ascenseur",
        ),
        policy(
            "R6",
            Elevator,
            "door_cycles",
            Runtime,
            100_000.0,
            None,
            None,
            None,
            Severity::Medium,
            "Inspection portes à planifier",
        ),
    ]
}
