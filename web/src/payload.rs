//! Reads telemetry payloads out of JSON bytes: strings borrowed, no tree in between, the field at fault remembered.
//! Whatever comes out is within its limits; nothing is ever half accepted.

use crate::problem::{Kind, Problem};
use crate::request::TelemetryPayload;
use crate::time::Time;
use protocol::limits::{CODE_BYTES_MAX, METRICS_PER_PAYLOAD_MAX, TELEMETRY_BULK_PAYLOADS_MAX};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

/// One payload.
pub(crate) fn single(json: &[u8]) -> Result<TelemetryPayload, Problem> {
    let fault = RefCell::new(Fault::default());
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let read = PayloadSeed(&fault).deserialize(&mut deserializer).and_then(|payload| {
        deserializer.end()?;
        Ok(payload)
    });
    read.map_err(|error| fault.into_inner().problem(&error))
}

/// One payload per line. All lines are good, or the first bad one is named.
pub(crate) fn lines(ndjson: &[u8]) -> Result<Vec<TelemetryPayload>, Problem> {
    let text = ndjson.strip_suffix(b"\n").unwrap_or(ndjson);
    if text.is_empty() {
        return Err(Problem::new(Kind::Malformed, "expected one payload per line, found none"));
    }
    let mut payloads = Vec::new();
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if index == TELEMETRY_BULK_PAYLOADS_MAX {
            let detail = format!("expected at most {TELEMETRY_BULK_PAYLOADS_MAX} payloads in one request");
            return Err(Problem::new(Kind::TooLarge, detail).at_line(index + 1));
        }
        payloads.push(single(line).map_err(|problem| problem.at_line(index + 1))?);
    }
    Ok(payloads)
}

/// Where the reader was, and whether it stopped for a reason of ours rather than JSON's.
#[derive(Default)]
struct Fault {
    field: String,
    reason: Option<String>,
}

impl Fault {
    fn problem(self, error: &serde_json::Error) -> Problem {
        let problem = match self.reason {
            Some(reason) => Problem::new(Kind::Invalid, reason),
            None => Problem::new(Kind::Malformed, error.to_string()),
        };
        if self.field.is_empty() { problem } else { problem.field(self.field) }
    }
}

type Place<'a> = &'a RefCell<Fault>;

fn enter(place: Place<'_>, field: &str) {
    let mut fault = place.borrow_mut();
    fault.field.clear();
    fault.field.push_str(field);
}

fn refuse<E: serde::de::Error>(place: Place<'_>, reason: String) -> E {
    let error = E::custom(&reason);
    place.borrow_mut().reason = Some(reason);
    error
}

struct PayloadSeed<'a>(Place<'a>);

impl<'de> DeserializeSeed<'de> for PayloadSeed<'_> {
    type Value = TelemetryPayload;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PayloadSeed<'_> {
    type Value = TelemetryPayload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with site_code, asset_code, timestamp and metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let place = self.0;
        let (mut site_code, mut asset_code, mut timestamp, mut metrics) = (None, None, None, None);
        while let Some(key) = map.next_key_seed(Text)? {
            match key.as_ref() {
                "site_code" => {
                    once(place, "site_code", &mut site_code, || code(place, &map.next_value_seed(Text)?))?;
                }
                "asset_code" => {
                    once(place, "asset_code", &mut asset_code, || code(place, &map.next_value_seed(Text)?))?;
                }
                "timestamp" => {
                    once(place, "timestamp", &mut timestamp, || time(place, &map.next_value_seed(Text)?))?;
                }
                "metrics" => {
                    once(place, "metrics", &mut metrics, || map.next_value_seed(MetricsSeed(place)))?;
                }
                other => {
                    enter(place, shortened(other));
                    return Err(refuse(
                        place,
                        "expected site_code, asset_code, timestamp or metrics".to_owned(),
                    ));
                }
            }
            enter(place, "");
        }
        Ok(TelemetryPayload {
            site_code: site_code.ok_or_else(|| missing(place, "site_code"))?,
            asset_code: asset_code.ok_or_else(|| missing(place, "asset_code"))?,
            timestamp: timestamp.ok_or_else(|| missing(place, "timestamp"))?,
            metrics: metrics.ok_or_else(|| missing(place, "metrics"))?,
        })
    }
}

fn once<T, E: serde::de::Error>(
    place: Place<'_>,
    name: &str,
    slot: &mut Option<T>,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<(), E> {
    enter(place, name);
    if slot.is_some() {
        return Err(refuse(place, format!("{name} is given twice")));
    }
    *slot = Some(read()?);
    Ok(())
}

fn missing<E: serde::de::Error>(place: Place<'_>, name: &str) -> E {
    enter(place, name);
    refuse(place, format!("{name} is missing"))
}

/// A site or asset code: 1 to 64 bytes without control characters.
fn code<E: serde::de::Error>(place: Place<'_>, text: &str) -> Result<String, E> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err(refuse(place, format!("expected 1 to {CODE_BYTES_MAX} bytes without control characters")))
}

fn time<E: serde::de::Error>(place: Place<'_>, text: &str) -> Result<protocol::UnixMs, E> {
    let refused = || refuse(place, "expected an RFC 3339 time such as 2025-12-09T10:15:23Z".to_owned());
    Time::parse(text).map(Into::into).ok_or_else(refused)
}

/// What a code or a metric name may look like.
/// The same of what a question or command names, with the field at fault.
pub(crate) fn named(field: &'static str, text: &str) -> Result<(), Problem> {
    let detail = "expected 1 to 64 bytes without control characters";
    if is_name(text) { Ok(()) } else { Err(Problem::new(Kind::Invalid, detail).field(field)) }
}

pub(crate) fn is_name(text: &str) -> bool {
    (1..=CODE_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// At most 64 bytes of a name that may be of any length, for error messages.
fn shortened(text: &str) -> &str {
    let end = (0..=CODE_BYTES_MAX.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

struct MetricsSeed<'a>(Place<'a>);

impl<'de> DeserializeSeed<'de> for MetricsSeed<'_> {
    type Value = Vec<(String, Option<f64>)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MetricsSeed<'_> {
    type Value = Vec<(String, Option<f64>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of metric names and numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut metrics: Self::Value = Vec::with_capacity(8);
        while let Some(name) = map.next_key_seed(Text)? {
            {
                let mut fault = self.0.borrow_mut();
                fault.field.clear();
                fault.field.push_str("metrics.");
                fault.field.push_str(shortened(&name));
            }
            if metrics.len() == METRICS_PER_PAYLOAD_MAX {
                enter(self.0, "metrics");
                return Err(refuse(self.0, format!("expected at most {METRICS_PER_PAYLOAD_MAX} metrics")));
            }
            if !is_name(&name) {
                let reason =
                    format!("expected a name of 1 to {CODE_BYTES_MAX} bytes without control characters");
                return Err(refuse(self.0, reason));
            }
            if metrics.iter().any(|(known, _)| *known == *name) {
                return Err(refuse(self.0, "the metric is given twice".to_owned()));
            }
            let value = map.next_value_seed(Number)?;
            metrics.push((name.into_owned(), value));
        }
        enter(self.0, "metrics");
        if metrics.is_empty() {
            return Err(refuse(self.0, "expected at least one metric".to_owned()));
        }
        Ok(metrics)
    }
}

/// A string, borrowed from the input unless it has escapes.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

/// A finite number, or none for `null`. JSON has no NaN; `-0.0` becomes `0.0`.
struct Number;

impl<'de> DeserializeSeed<'de> for Number {
    type Value = Option<f64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Number {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
        if !value.is_finite() {
            return Err(E::custom("number out of range"));
        }
        Ok(Some(if value == 0.0 { 0.0 } else { value }))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JSON numbers are doubles; beyond 2^53 the nearest one is meant"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "JSON numbers are doubles; beyond 2^53 the nearest one is meant"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn with_metrics(metrics: &str) -> String {
        format!(
            r#"{{"site_code":"CAS-S1","asset_code":"CAS-S1-HVAC_1","timestamp":"2025-12-09T10:15:23Z","metrics":{metrics}}}"#
        )
    }

    #[track_caller]
    fn check(json: &str, expected: Expect) {
        let told = match single(json.as_bytes()) {
            Ok(payload) => format!("{} {:?}", payload.timestamp, payload.metrics),
            Err(problem) => {
                format!("{} [{}] {}", problem.kind.code(), problem.field.unwrap_or_default(), problem.detail)
            }
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn reads_the_payload_of_a_gateway() {
        check(
            &with_metrics(r#"{"temp_out_air":32.5,"running":1,"power_kw":-0.0,"vibration_level":null}"#),
            expect![[
                r#"2025-12-09T10:15:23.000Z [("temp_out_air", Some(32.5)), ("running", Some(1.0)), ("power_kw", Some(0.0)), ("vibration_level", None)]"#
            ]],
        );
        check(
            &with_metrics(r#"{"a\u0062":1e3}"#),
            expect![[r#"2025-12-09T10:15:23.000Z [("ab", Some(1000.0))]"#]],
        );
    }

    #[test]
    fn names_the_field_at_fault() {
        check(
            &with_metrics(r#"{"x":1,"motor_temp":NaN}"#),
            expect!["malformed [metrics.motor_temp] expected value at line 1 column 117"],
        );
        check(
            &with_metrics(r#"{"motor_temp":1e999}"#),
            expect!["malformed [metrics.motor_temp] number out of range at line 1 column 115"],
        );
        check(
            &with_metrics(r#"{"motor_temp":"80"}"#),
            expect![[
                r#"malformed [metrics.motor_temp] invalid type: string "80", expected a number or null at line 1 column 114"#
            ]],
        );
        check(
            &with_metrics(r#"{"motor_temp":[[[1]]]}"#),
            expect![
                "malformed [metrics.motor_temp] invalid type: sequence, expected a number or null at line 1 column 111"
            ],
        );
        check(
            &with_metrics(r#"{"motor_temp":1,"motor_temp":2}"#),
            expect!["invalid [metrics.motor_temp] the metric is given twice"],
        );
        check(&with_metrics("{}"), expect!["invalid [metrics] expected at least one metric"]);
        check(
            &with_metrics("[]"),
            expect![
                "malformed [metrics] invalid type: sequence, expected an object of metric names and numbers at line 1 column 96"
            ],
        );
        check(
            &with_metrics(r#"{"":1}"#),
            expect!["invalid [metrics.] expected a name of 1 to 64 bytes without control characters"],
        );
        check(
            &with_metrics(r#"{"a":1}} x"#),
            expect!["malformed [] trailing characters at line 1 column 106"],
        );
        check("", expect!["malformed [] EOF while parsing a value at line 1 column 0"]);
        check(
            "[]",
            expect![
                "malformed [] invalid type: sequence, expected an object with site_code, asset_code, timestamp and metrics at line 1 column 0"
            ],
        );
        check(
            r#"{"site_code":"A","asset_code":"B","metrics":{"a":1}}"#,
            expect!["invalid [timestamp] timestamp is missing"],
        );
        check(
            r#"{"site_code":"A","timestamp":"yesterday"}"#,
            expect!["invalid [timestamp] expected an RFC 3339 time such as 2025-12-09T10:15:23Z"],
        );
        check(
            r#"{"site_code":7}"#,
            expect!["malformed [site_code] invalid type: integer `7`, expected a string at line 1 column 14"],
        );
        check(
            r#"{"site_code":"A","site_code":"B"}"#,
            expect!["invalid [site_code] site_code is given twice"],
        );
        check(
            r#"{"sensor":{"deep":[[[[]]]]}}"#,
            expect!["invalid [sensor] expected site_code, asset_code, timestamp or metrics"],
        );
    }

    #[test]
    fn the_64th_metric_is_the_last() {
        let metrics = |count: usize| {
            let pairs: Vec<String> = (0..count).map(|index| format!(r#""m{index}":{index}"#)).collect();
            with_metrics(&format!("{{{}}}", pairs.join(",")))
        };
        assert_eq!(single(metrics(64).as_bytes()).map(|payload| payload.metrics.len()), Ok(64));
        check(&metrics(65), expect!["invalid [metrics] expected at most 64 metrics"]);
    }

    #[test]
    fn depth_costs_nothing() {
        let deep = "[".repeat(100_000);
        check(
            &deep,
            expect![
                "malformed [] invalid type: sequence, expected an object with site_code, asset_code, timestamp and metrics at line 1 column 0"
            ],
        );
        check(
            &with_metrics(&format!(r#"{{"a":{deep}"#)),
            expect![
                "malformed [metrics.a] invalid type: sequence, expected a number or null at line 1 column 102"
            ],
        );
    }

    #[test]
    fn a_batch_is_read_whole_or_its_first_bad_line_is_named() {
        let good = with_metrics(r#"{"a":1}"#);
        assert_eq!(lines(format!("{good}\n{good}\n").as_bytes()).map(|batch| batch.len()), Ok(2));
        assert_eq!(lines(format!("{good}\r\n{good}").as_bytes()).map(|batch| batch.len()), Ok(2));
        let bad = lines(format!("{good}\n{}\n{good}", with_metrics(r#"{"a":true}"#)).as_bytes());
        assert_eq!(bad.map_err(|problem| problem.field), Err(Some("line 2: metrics.a".to_owned())));
        assert_eq!(lines(b"").map_err(|problem| problem.kind), Err(Kind::Malformed));
        assert_eq!(lines(b"\n\n").map_err(|problem| problem.field), Err(Some("line 1".to_owned())));
        let many = vec![good; TELEMETRY_BULK_PAYLOADS_MAX + 1].join("\n");
        assert_eq!(lines(many.as_bytes()).map_err(|problem| problem.kind), Err(Kind::TooLarge));
    }
}
