//! Policies: terms are checked field by field, and read back as they were.

use expect_test::expect;

use super::stored::StoredPolicy;
use super::*;
use crate::core::catalogue::{MetricName, metric};

#[test]
fn the_defaults_say_what_the_seed_says() {
    let lines: Vec<String> = default_terms()
        .into_iter()
        .zip(1..)
        .map(|(terms, id)| Policy::new(PolicyId(id), 1, terms).unwrap())
        .map(|policy| {
            let t = policy.terms();
            let [criterion] = t.groups[0].as_slice() else { panic!("one condition each") };
            let window =
                criterion.window_minutes.map_or(String::new(), |minutes| format!(" over {minutes} min"));
            let (rule, sign) = (criterion.rule.name(), criterion.condition.sign());
            format!(
                "{} {} {rule} {} {sign} {} x{}{window}: {} « {} »",
                t.code,
                t.asset_kind,
                criterion.metric,
                criterion.threshold,
                criterion.samples,
                t.severity,
                t.message
            )
        })
        .collect();
    expect![[r#"
        R1 HVAC threshold temp_supply_air > 20 x5 over 15 min: medium « Performance clim dégradée »
        R2 HVAC threshold vibration_level > 7 x5: high « Risque mécanique ventilateur »
        R3 CHILLER threshold water_temp_out > 14 x5 over 10 min: high « Refroidissement insuffisant »
        R4 CHILLER runtime run_hours > 500 x1: low « Maintenance préventive due »
        R5 ELEVATOR consecutive motor_temp > 80 x5: high « Surchauffe moteur ascenseur »
        R6 ELEVATOR runtime door_cycles > 100000 x1: medium « Inspection portes à planifier »"#]]
    .assert_eq(&lines.join("\n"));
}

fn refused(change: impl FnOnce(&mut Terms)) -> String {
    let mut terms = default_terms().remove(0);
    change(&mut terms);
    match Policy::new(PolicyId(1), 1, terms) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => format!("{} | {error}", error.path()),
    }
}

fn refused_condition(change: impl FnOnce(&mut Criterion)) -> String {
    refused(|terms| change(&mut terms.groups[0][0]))
}

fn with(operator: Operator, metric: &str) -> Option<(Operator, MetricName)> {
    Some((operator, MetricName::new(metric).unwrap()))
}

#[test]
fn errors_name_the_field() {
    let lines = [
        refused_condition(|c| c.threshold = f64::NAN),
        refused_condition(|c| c.window_minutes = Some(0)),
        refused_condition(|c| c.window_minutes = Some(1_441)),
        refused_condition(|c| (c.rule, c.window_minutes) = (RuleKind::Count, None)),
        refused_condition(|c| (c.rule, c.window_minutes) = (RuleKind::NoData, None)),
        refused_condition(|c| (c.rule, c.samples) = (RuleKind::RateOfChange, 1)),
        refused_condition(|c| (c.rule, c.samples) = (RuleKind::Consecutive, 1)),
        refused_condition(|c| c.samples = 0),
        refused_condition(|c| c.samples = 1_001),
        refused_condition(|c| (c.rule, c.threshold) = (RuleKind::Unusual, 2.9)),
        refused_condition(|c| (c.rule, c.threshold) = (RuleKind::Record, -0.1)),
        refused_condition(|c| c.clear_threshold = Some(20.1)),
        refused_condition(|c| c.clear_threshold = Some(f64::NEG_INFINITY)),
        refused_condition(|c| (c.rule, c.clear_threshold) = (RuleKind::Count, Some(19.0))),
        refused_condition(|c| (c.rule, c.with) = (RuleKind::Runtime, with(Operator::Plus, "x"))),
        refused(|t| t.message = String::new()),
        refused(|t| t.message = "a\u{7}b".to_owned()),
        refused(|t| t.description = "x".repeat(1_001)),
        refused(|t| t.groups.clear()),
        refused(|t| t.groups[0].clear()),
        refused(|t| t.groups = vec![t.groups[0].clone(); 9]),
        refused(|t| {
            let mut second = t.groups[0][0].clone();
            second.samples = 0;
            t.groups.push(vec![t.groups[0][0].clone(), second]);
        }),
        refused(|t| {
            t.groups[0][0].rule = RuleKind::Runtime;
            t.groups.push(t.groups[0].clone());
        }),
        refused(|t| t.clear_after_minutes = Some(10_081)),
        refused(|t| t.downgrade_after_minutes = Some(0)),
        refused(|t| t.escalate = vec![Escalation { after_minutes: 5, severity: Severity::Medium }]),
        refused_condition(|c| c.window_minutes = None),
        refused_condition(|c| c.clear_threshold = Some(18.5)),
        refused(|t| t.escalate = vec![Escalation { after_minutes: 5, severity: Severity::High }]),
    ];
    expect![[r#"
        threshold | threshold: NaN is not a finite number
        window_minutes | window_minutes: 0, 1 to 1440 allowed
        window_minutes | window_minutes: 1441, 1 to 1440 allowed
        window_minutes | window_minutes: a count rule needs one, 1 to 1440
        window_minutes | window_minutes: a no_data rule needs one, 1 to 1440
        samples | samples: 1, 2 to 1000 allowed for a rate_of_change rule
        samples | samples: 1, 2 to 1000 allowed for a consecutive rule
        samples | samples: 0, 1 to 1000 allowed for a threshold rule
        samples | samples: 1001, 1 to 1000 allowed for a threshold rule
        threshold | threshold: 2.9, 3 to 100 allowed for a rule of kind unusual
        threshold | threshold: -0.1, 0 to 1000 allowed for a rule of kind record
        clear_threshold | clear_threshold: 20.1 lies on the wrong side of > 20, so that the alert would never clear or at once
        clear_threshold | clear_threshold: -inf lies on the wrong side of > 20, so that the alert would never clear or at once
        clear_threshold | clear_threshold: a count rule has none
        metric2 | metric2: a runtime rule looks at one metric
        message | message: 0 bytes of text; 1 to 200 bytes without control characters
        message | message: 3 bytes of text; 1 to 200 bytes without control characters
        description | description: 1001 bytes of text; up to 1000 bytes without control characters
        groups | groups: 0 conditions in a group or groups, 1 to 8 conditions in each of 1 to 8 groups allowed
        groups | groups: 0 conditions in a group or groups, 1 to 8 conditions in each of 1 to 8 groups allowed
        groups | groups: 9 conditions in a group or groups, 1 to 8 conditions in each of 1 to 8 groups allowed
        groups[1][1].samples | condition 2 of group 2: samples: 0, 1 to 1000 allowed for a threshold rule
        groups | groups: 2 conditions of kind runtime, one per policy allowed
        clear_after_minutes | clear_after_minutes: 10081 minutes, 0 to 10080 allowed
        downgrade_after_minutes | downgrade_after_minutes: 0 minutes, 1 to 10080 allowed
        escalate | escalate: up to 2 steps, each later (1 to 40320 minutes) and more severe than the one before and than the policy
        accepted
        accepted
        accepted"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn names_and_signs_read_back() {
    assert!(RuleKind::ALL.into_iter().all(|rule| RuleKind::from_name(rule.name()) == Some(rule)));
    assert!(Condition::ALL.into_iter().all(|sign| Condition::from_sign(sign.sign()) == Some(sign)));
    assert_eq!((RuleKind::from_name("sum"), Condition::from_sign("=")), (None, None));
}

#[test]
fn near_is_a_tenth_on_the_right_side() {
    let near = |condition: Condition, number| condition.is_near(number, 80.0);
    assert!(near(Condition::Above, 72.1) && !near(Condition::Above, 72.0));
    assert!(near(Condition::AtMost, 87.9) && !near(Condition::AtMost, 88.0));
    assert!(Condition::Above.is_near(-10.5, -10.0) && !Condition::Above.is_near(-11.0, -10.0));
}

#[test]
fn stored_terms_are_checked_again() {
    let policy = Policy::new(PolicyId(3), 2, default_terms().remove(2)).unwrap();
    let bytes = protocol::encode(&policy);
    assert_eq!(protocol::decode::<Policy>(&bytes, 1_000), Ok(policy.clone()));
    let mut terms = policy.terms;
    terms.groups[0][0].samples = 0;
    let stored = StoredPolicy { id: PolicyId(3), version: 2, terms };
    assert!(protocol::decode::<Policy>(&protocol::encode(&stored), 1_000).is_err());
}

#[test]
fn the_digest_depends_on_what_is_compared_and_not_on_the_wording() {
    let digest = |change: fn(&mut Terms)| {
        let mut terms = default_terms().remove(4);
        change(&mut terms);
        Policy::new(PolicyId(5), 1, terms).unwrap().digest()
    };
    assert_eq!(digest(|_| ()), digest(|t| t.description = "Chez Mme Martin".to_owned()));
    assert_ne!(digest(|_| ()), digest(|t| t.groups[0][0].threshold = 81.0));
    assert_ne!(digest(|_| ()), digest(|t| t.groups.push(t.groups[0].clone())));
    assert_ne!(digest(|_| ()), digest(|t| t.groups[0][0].with = with(Operator::Minus, "x")));
}

#[test]
fn the_digest_of_one_plain_condition_is_what_neighbours_know() {
    let policy = Policy::new(PolicyId(5), 1, default_terms().remove(4)).unwrap();
    expect!["63e1716499a2a0643f6ba5864048a4100ab451a8edfb4e86aea27c43ebe95286"]
        .assert_eq(&policy.digest().to_string());
}

#[test]
fn only_like_is_added_to_like() {
    let units = |operator, first: &str, second: &str| {
        let mut terms = default_terms().remove(0);
        terms.groups[0][0].metric = MetricName::new(first).unwrap();
        terms.groups[0][0].with = with(operator, second);
        let checked = terms.check_units(|name| metric(name).map(|known| known.unit));
        checked.map_or_else(|error| error.to_string(), |()| "fine".to_owned())
    };
    let lines = [
        units(Operator::Plus, "motor_temp", "power_kw"),
        units(Operator::Minus, "energy_kwh", "door_cycles"),
        units(Operator::Minus, "temp_out_air", "temp_supply_air"),
        units(Operator::Times, "motor_temp", "power_kw"),
        units(Operator::Over, "power_kw", "current_a"),
        units(Operator::Plus, "motor_temp", "unknown"),
    ];
    expect![[r#"
        metric2: motor_temp is measured in °C and power_kw in kW; a sum or difference of them says nothing
        metric2: energy_kwh is measured in kWh and door_cycles in plain numbers; a sum or difference of them says nothing
        fine
        fine
        fine
        fine"#]].assert_eq(&lines.join("\n"));
}
