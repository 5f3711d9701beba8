//! Policies: terms are checked field by field, and read back as they were.

use expect_test::expect;

use super::*;

#[test]
fn the_defaults_say_what_the_seed_says() {
    let lines: Vec<String> = default_terms()
        .into_iter()
        .zip(1..)
        .map(|(terms, id)| Policy::new(PolicyId(id), 1, terms).unwrap())
        .map(|policy| {
            let t = policy.terms();
            let window = t.window_minutes.map_or(String::new(), |minutes| format!(" over {minutes} min"));
            let (rule, sign) = (t.rule.name(), t.condition.sign());
            format!(
                "{} {} {rule} {} {sign} {} x{}{window}: {} « {} »",
                t.code, t.asset_kind, t.metric, t.threshold, t.samples, t.severity, t.message
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
        Err(error) => format!("{} | {error}", error.field()),
    }
}

#[test]
fn errors_name_the_field() {
    let lines = [
        refused(|t| t.threshold = f64::NAN),
        refused(|t| t.window_minutes = Some(0)),
        refused(|t| t.window_minutes = Some(1_441)),
        refused(|t| (t.rule, t.window_minutes) = (RuleKind::Count, None)),
        refused(|t| (t.rule, t.samples) = (RuleKind::RateOfChange, 1)),
        refused(|t| (t.rule, t.samples) = (RuleKind::Consecutive, 1)),
        refused(|t| t.samples = 0),
        refused(|t| t.samples = 1_001),
        refused(|t| t.message = String::new()),
        refused(|t| t.message = "a\u{7}b".to_owned()),
        refused(|t| t.description = "x".repeat(1_001)),
        refused(|t| t.window_minutes = None),
    ];
    expect![[r#"
        threshold | threshold: NaN is not a finite number
        window_minutes | window_minutes: 0, 1 to 1440 allowed
        window_minutes | window_minutes: 1441, 1 to 1440 allowed
        window_minutes | window_minutes: a count rule needs one, 1 to 1440
        samples | samples: 1, 2 to 1000 allowed for a rate_of_change rule
        samples | samples: 1, 2 to 1000 allowed for a consecutive rule
        samples | samples: 0, 1 to 1000 allowed for a threshold rule
        samples | samples: 1001, 1 to 1000 allowed for a threshold rule
        message | message: 0 bytes of text; 1 to 200 bytes without control characters
        message | message: 3 bytes of text; 1 to 200 bytes without control characters
        description | description: 1001 bytes of text; up to 1000 bytes without control characters
        accepted"#]]
    .assert_eq(&lines.join("\n"));
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
    let stored = StoredPolicy { id: PolicyId(3), version: 2, terms: Terms { samples: 0, ..policy.terms } };
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
    assert_ne!(digest(|_| ()), digest(|t| t.threshold = 81.0));
}
