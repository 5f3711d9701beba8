//! Maintenance: one alert and one work order per breach, whatever is repeated, restarted or replayed.

mod building;
mod course;

use expect_test::expect;
use proptest::prelude::*;
use protocol::AssetKind;
use std::fmt::Write as _;

use super::*;
use crate::core::alerts::AlertError;
use crate::core::catalogue::{Code, MetricName};
use crate::core::policy::{Condition, Criterion, RuleKind, Terms};
use building::{Building, START, check, secret};

#[test]
fn an_overheated_lift_opens_a_work_order_that_is_carried_to_its_end() {
    let building = check(
        "motor_temp 60 81 81 81 81 81 85; ack; settle; start; settle; note bearing; settle; done; settle; motor_temp 60 60",
        &expect![[r#"
            50 s: alert R5 high open « Surchauffe moteur ascenseur » with work order
            50 s: work order R5 open, ledger knows nothing
              ledger: open ELEVATOR high
            70 s: alert R5 high ack « Surchauffe moteur ascenseur » with work order
            70 s: work order R5 open, ledger knows open
            70 s: work order R5 in_progress, ledger knows open
              ledger: advance 1 to in_progress
            70 s: work order R5 in_progress, ledger knows in_progress
            70 s: work order R5 in_progress, ledger knows in_progress
              ledger: advance 1 to in_progress
            70 s: work order R5 in_progress, ledger knows in_progress
            70 s: work order R5 done, ledger knows in_progress
            70 s: alert R5 high closed « Surchauffe moteur ascenseur » with work order
              ledger: advance 1 to done
            70 s: work order R5 done, ledger knows done
        "#]],
    );
    assert_eq!(building.maintenance.state(AssetId(2)), AssetState::Ok);
}

#[test]
fn low_severity_waits_for_a_click_and_moves_the_counter() {
    check(
        "run_hours 499 501; click; click; start; done; run_hours 900 1001; restart; run_hours 1002",
        &expect![[r#"
            10 s: alert R4 low open « Maintenance préventive due »
            20 s: alert R4 low open « Maintenance préventive due » with work order
            20 s: work order R4 open, ledger knows nothing
              ledger: open CHILLER low
            refused: alert … has work order … already
            20 s: work order R4 in_progress, ledger knows nothing
            20 s: work order R4 done, ledger knows nothing
            20 s: alert R4 low closed « Maintenance préventive due » with work order
            20 s: counter from Some(501.0) + 0
            40 s: alert R4 low open « Maintenance préventive due »
        "#]],
    );
}

#[test]
fn restart_and_replay_double_nothing() {
    let building = check(
        "motor_temp 81 81 81 81 81; restart; replay; wait 10 s; motor_temp 81 81; restart; replay; close; restart; replay; wait 60 s",
        &expect![[r#"
            40 s: alert R5 high open « Surchauffe moteur ascenseur » with work order
            40 s: work order R5 open, ledger knows nothing
              ledger: open ELEVATOR high
            80 s: alert R5 high closed « Surchauffe moteur ascenseur » with work order
        "#]],
    );
    assert_eq!(building.maintenance.alerts.iter().count(), 1);
}

#[test]
fn a_breach_that_was_durable_but_not_yet_raised_is_raised_after_the_restart() {
    let mut building = Building::new();
    building.step("motor_temp 81 81 81 81");
    // The fifth reading reaches the log, then the power fails.
    let row = building.rows[3].clone();
    let fifth = Row::new(row.asset(), building.now, row.values().to_vec()).unwrap();
    building.rows.push(fifth);
    building.restart();
    building.step("wait 1 s");
    building.step("restart");
    building.step("wait 1 s");
    expect![[r#"
        41 s: alert R5 high open « Surchauffe moteur ascenseur » with work order
        41 s: work order R5 open, ledger knows nothing
          ledger: open ELEVATOR high
    "#]]
    .assert_eq(&building.log);
}

#[test]
fn a_reset_that_was_durable_but_not_yet_noted_is_noted_after_the_restart() {
    let mut building = Building::new();
    building.step("run_hours 400 0");
    let row = building.rows[1].clone();
    building.rows.push(Row::new(row.asset(), building.now, row.values().to_vec()).unwrap());
    building.step("restart");
    building.step("restart");
    building.step("wait 10 s");
    building.step("run_hours 99 101");
    expect![[r#"
        20 s: counter from Some(0.0) + 400
        40 s: alert R4 low open « Maintenance préventive due »
    "#]]
    .assert_eq(&building.log);
}

#[test]
fn a_closed_alert_with_work_still_open_gets_no_second_work_order() {
    check(
        "motor_temp 81 81 81 81 81; close; motor_temp 81 81 81 81 81 81; start; done; motor_temp 81 81 81 81 81 81",
        &expect![[r#"
            40 s: alert R5 high open « Surchauffe moteur ascenseur » with work order
            40 s: work order R5 open, ledger knows nothing
              ledger: open ELEVATOR high
            50 s: alert R5 high closed « Surchauffe moteur ascenseur » with work order
            100 s: alert R5 high open « Surchauffe moteur ascenseur » with work order
            110 s: work order R5 in_progress, ledger knows nothing
            110 s: work order R5 done, ledger knows nothing
            110 s: alert R5 high closed « Surchauffe moteur ascenseur » with work order
            160 s: alert R5 high open « Surchauffe moteur ascenseur » with work order
            160 s: work order R5 open, ledger knows nothing
              ledger: open ELEVATOR high
        "#]],
    );
}

#[test]
fn the_ledger_is_told_one_step_after_the_other_even_when_it_comes_late() {
    check(
        "motor_temp 81 81 81 81 81; start; restart; done; settle; settle",
        &expect![[r#"
            40 s: alert R5 high open « Surchauffe moteur ascenseur » with work order
            40 s: work order R5 open, ledger knows nothing
              ledger: open ELEVATOR high
            50 s: work order R5 in_progress, ledger knows nothing
            50 s: work order R5 done, ledger knows nothing
            50 s: alert R5 high closed « Surchauffe moteur ascenseur » with work order
              ledger: open ELEVATOR high
            50 s: work order R5 done, ledger knows open
            50 s: work order R5 done, ledger knows done
        "#]],
    );
}

#[test]
fn transitions_that_do_not_exist_are_refused() {
    let mut building = check(
        "motor_temp 81 81 81 81 81; ack; ack; start; start; done; start; note late; close; ack; click",
        &expect![[r#"
            40 s: alert R5 high open « Surchauffe moteur ascenseur » with work order
            40 s: work order R5 open, ledger knows nothing
              ledger: open ELEVATOR high
            50 s: alert R5 high ack « Surchauffe moteur ascenseur » with work order
            refused: an alert that is ack cannot become ack
            50 s: work order R5 in_progress, ledger knows nothing
            50 s: work order R5 done, ledger knows nothing
            50 s: alert R5 high closed « Surchauffe moteur ascenseur » with work order
            refused: status: a work order that is done cannot become in_progress
            refused: status: a work order that is done cannot become done
            refused: an alert that is closed cannot become closed
            refused: an alert that is closed cannot become ack
            refused: alert … has work order … already
        "#]],
    );
    let nobody = AlertId(Digest::new([0; 32]));
    let error = building.maintenance.acknowledge(START, nobody, "").unwrap_err();
    assert!(error.is_unknown() && error == AlertError::Unknown { id: nobody }.into());
    let edit = WorkOrderEdit { notes: Some("x".repeat(4_001)), ..Default::default() };
    let reference = building.newest_order().unwrap();
    let catalogue = building.telemetry.catalogue();
    let error = building.maintenance.edit_work_order(START, catalogue, reference, edit).unwrap_err();
    assert_eq!(error.field().as_deref(), Some("notes"));
}

#[test]
fn states_follow_alerts_and_values() {
    let mut building = Building::new();
    let mut states = String::new();
    for line in [
        "motor_temp 60",
        "motor_temp 73",
        "motor_temp 81 81 81 81 81",
        "ack",
        "motor_temp 50",
        "close",
        "motor_temp 50",
    ] {
        building.step(line);
        writeln!(states, "{line}: {}", building.maintenance.state(AssetId(2)).name()).unwrap();
    }
    expect![[r#"
        motor_temp 60: ok
        motor_temp 73: watch
        motor_temp 81 81 81 81 81: alert
        ack: watch
        motor_temp 50: watch
        close: ok
        motor_temp 50: ok
    "#]]
    .assert_eq(&states);
}

#[test]
fn nothing_a_person_typed_and_no_name_reaches_the_ledger() {
    let mut building = Building::new();
    building.step("motor_temp 81 81 81 81 81");
    let before = building.maintenance.unsettled(building.telemetry.catalogue());
    let Step::Open(open) = &before[0].step else { panic!("{before:?}") };
    let order = &building.maintenance.orders[&before[0].reference];
    let code = Code::new("CAS-S1-ELEVATOR_1").unwrap();
    assert_eq!(open.asset, secret().pseudonym(&code));
    assert_ne!(open.asset, Secret::new([8; 32]).pseudonym(&code), "the pseudonym depends on the secret");
    assert_eq!(open.commitment, commitment(secret().salt(order.reference), order, WorkOrderStatus::Open));
    // A note changes the commitment, another salt too; nothing else of the step changes.
    let noted = WorkOrder { notes: "Mme Martin, 3e".to_owned(), ..order.clone() };
    let after = noted.next_intent(&secret(), &code).unwrap();
    let Step::Open(open_after) = after.step else { panic!("not opened yet") };
    assert_ne!(open_after.commitment, open.commitment);
    assert_eq!(protocol::OpenWorkOrder { commitment: open.commitment, ..open_after }, *open);
    assert_ne!(commitment(Digest::new([0; 32]), order, WorkOrderStatus::Open), open.commitment);
}

fn custom_terms(code: &str) -> Terms {
    Terms {
        code: Code::new(code).unwrap(),
        asset_kind: AssetKind::Elevator,
        groups: vec![vec![Criterion {
            metric: MetricName::new("motor_temp").unwrap(),
            with: None,
            rule: RuleKind::Threshold,
            condition: Condition::Above,
            threshold: 50.0,
            clear_threshold: None,
            window_minutes: None,
            samples: 1,
        }]],
        severity: Severity::Medium,
        message: "Moteur tiède".to_owned(),
        description: String::new(),
        enabled: true,
        opens_work_order: false,
        clear_after_minutes: None,
        escalate: Vec::new(),
        downgrade_after_minutes: None,
    }
}

#[test]
fn policies_are_added_changed_and_removed_and_survive() {
    let mut building = Building::new();
    let (now, telemetry) = (building.now, &building.telemetry);
    let (id, outcome) = building.maintenance.add_policy(now, telemetry, custom_terms("T1"), "Amina").unwrap();
    assert_eq!(id, PolicyId(7));
    building.take(outcome);
    let taken =
        building.maintenance.add_policy(now, &building.telemetry, custom_terms("R5"), "Amina").unwrap_err();
    assert_eq!((taken.field().as_deref(), taken.is_conflict()), (Some("code"), true));
    building.step("motor_temp 51");
    building.step("close");
    let outcome = building.maintenance.delete_policy(id).unwrap();
    building.take(outcome);
    building.step("restart");
    building.step("motor_temp 51");
    assert_eq!(building.maintenance.policies().len(), 6);
    let (now, telemetry) = (building.now, &building.telemetry);
    let (id, outcome) = building.maintenance.add_policy(now, telemetry, custom_terms("T1"), "Amina").unwrap();
    assert_eq!(id, PolicyId(8), "a number is never used again");
    building.take(outcome);
    let off = Terms { enabled: false, ..custom_terms("T1") };
    let outcome = building.maintenance.change_policy(now, &building.telemetry, id, off, "Amina").unwrap();
    building.take(outcome);
    assert_eq!(building.maintenance.policies()[&id].version(), 2);
    building.step("motor_temp 51");
    assert!(building.maintenance.delete_policy(PolicyId(99)).unwrap_err().is_unknown());
    expect![[r#"
        0 s: alert T1 medium open « Moteur tiède »
        10 s: alert T1 medium closed « Moteur tiède »
    "#]]
    .assert_eq(&building.log);
}

#[test]
fn removing_every_policy_is_respected_at_the_next_start() {
    let mut building = Building::new();
    for id in 1..=6 {
        let outcome = building.maintenance.delete_policy(PolicyId(id)).unwrap();
        building.take(outcome);
    }
    building.step("restart");
    assert!(building.maintenance.policies().is_empty());
}

#[test]
fn entries_that_do_not_belong_are_refused() {
    let building = Building::new();
    let (key, value) = building.index.iter().find(|(key, _)| key[0] == b'p').unwrap();
    assert!(matches!(Change::read_back(b"!1", value), Err(EntryError::Key { found: Some(b'!') })));
    assert!(matches!(Change::read_back(b"", value), Err(EntryError::Key { found: None })));
    assert!(matches!(Change::read_back(key, &value[1..]), Err(EntryError::Value(_))));
    assert_eq!(Change::read_back(&[key.as_slice(), &[0]].concat(), value), Err(EntryError::Misplaced));
}

#[test]
fn the_history_is_bounded_and_standing_alerts_are_kept() {
    let mut alerts = Alerts::default();
    let alert = |i: u32, closed: Option<UnixMs>| Alert {
        id: AlertId(Digest::of("test", &[&i.to_be_bytes()])),
        asset: AssetId(i),
        policy: PolicyId(1),
        policy_code: Code::new("R1").unwrap(),
        opened: UnixMs(0),
        severity: Severity::Low,
        status: if closed.is_some() { AlertStatus::Closed } else { AlertStatus::Open },
        message: String::new(),
        evidence: crate::core::rules::Evidence {
            measured: 0.0,
            threshold: 0.0,
            readings: 0,
            from: UnixMs(0),
            to: UnixMs(0),
            last: Vec::new(),
        },
        work_order: None,
        acknowledged: None,
        closed,
        policy_version: 1,
        grounds: Vec::new(),
        history: Vec::new(),
        acknowledged_by: None,
        ending: None,
    };
    assert!(alerts.insert(alert(0, None)));
    assert!(!alerts.insert(alert(0, None)), "the same one again");
    let mut evicted = Vec::new();
    for i in 1..=u32::try_from(ALERTS_KEPT_MAX).unwrap() + 1 {
        assert!(alerts.insert(alert(i, Some(UnixMs(i64::from(i))))));
        evicted.extend(alerts.evict());
    }
    assert_eq!(evicted, [alert(1, None).id, alert(2, None).id]);
    assert!(alerts.standing(AssetId(0), PolicyId(1)).is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// A building that is restarted now and then, and hears everything twice, ends up as one that is not.
    #[test]
    fn restarts_and_repeats_change_nothing(story in prop::collection::vec((0usize..9, any::<bool>()), 1..60)) {
        let lines = [
            "motor_temp 81 81 81",
            "motor_temp 60",
            "run_hours 300 450 520",
            "run_hours 3 5",
            "temp_supply_air 25 25 25",
            "wait 100 s",
            "close",
            "start",
            "done",
        ];
        let (mut plain, mut shaken) = (Building::new(), Building::new());
        for (at, shake) in story {
            plain.step(lines[at]);
            shaken.step(lines[at]);
            if shake {
                shaken.step("restart");
                shaken.step("replay");
            }
        }
        prop_assert_eq!(&plain.index, &shaken.index, "plain:\n{}\nshaken:\n{}", plain.log, shaken.log);
    }
}
