//! Makes the building's plans on a thread that may take its time: asks the core what is to be planned and hands the plan
//! back. It decides nothing.

use std::time::Duration;

use super::event::Event;
use super::query::Source;

/// Pause between two looks; wishes of a person are planned within it.
const PAUSE: Duration = Duration::from_millis(500);

/// Works until the core ends.
pub(super) async fn run(source: Source) {
    loop {
        let Ok(work) = source.glance(|core| core.plan_work(core.now())).await else { return };
        if let Some(work) = work {
            let Ok(planned) = tokio::task::spawn_blocking(move || work.solve()).await else { return };
            if source.core.send(Event::Planned(Box::new(planned))).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
