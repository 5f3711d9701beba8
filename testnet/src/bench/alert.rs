//! How long a breach takes to become an alert, and its work order to become final on every node.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Measured, Samples, Target, ms};
use crate::error::Result;
use crate::expect;
use crate::feeder::payload;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;

/// Consecutive breaching readings R2 and R5 ask for.
const READINGS: i64 = 5;
/// Hive time between them.
const STEP_MS: i64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(20);
/// What is made to breach in each building: asset, metric, value, policy.
const BREACHES: [(&str, &str, f64, &str); 2] =
    [("ELEVATOR_1", "motor_temp", 92.0, "R5"), ("HVAC_1", "vibration_level", 11.0, "R2")];

/// From the last of five breaching readings to the alert, and to the same work order on every node.
pub(super) async fn alert(options: Options) -> Result<Vec<Measured>> {
    let neighbourhood = Neighbourhood::up(options).await?;
    let all: Vec<usize> = (0..neighbourhood.len()).collect();
    let (mut alerts, mut orders) = (Vec::new(), Vec::new());
    for (asset, metric, value, policy) in BREACHES {
        for index in &all {
            let mut owner = neighbourhood.client(*index);
            let mut others = expect::clients(&neighbourhood, &all);
            let site = owner.node().to_owned();
            let asset = format!("{site}-{asset}");
            let last_ms = neighbourhood.clock().now_ms();
            let mut begun = Instant::now();
            for reading in (0..READINGS).rev() {
                let row =
                    payload(&site, &asset, last_ms - reading * STEP_MS, &BTreeMap::from([(metric, value)]));
                begun = Instant::now();
                owner.telemetry(Bytes::from(row)).await?;
            }
            expect::alert(&mut owner, &asset, policy, PATIENCE).await?;
            alerts.push(begun.elapsed());
            let order = expect::own_work_order(&mut owner, &asset, PATIENCE).await?;
            expect::same_work_order(&mut owner, &mut others, &order, PATIENCE).await?;
            orders.push(begun.elapsed());
        }
    }
    neighbourhood.down().await?;
    let (alerts, orders) = (Samples::new(alerts), Samples::new(orders));
    let detail = |samples: &Samples| {
        format!("slowest of {}, middle {:.0} ms", samples.0.len(), ms(samples.percentile(50)))
    };
    Ok(vec![
        Measured::new("breach to alert", ms(alerts.most()), "ms", Target::AtMost(1000.0), detail(&alerts)),
        Measured::new(
            "breach to work order on all nodes",
            ms(orders.most()),
            "ms",
            Target::AtMost(3000.0),
            detail(&orders),
        ),
    ])
}
