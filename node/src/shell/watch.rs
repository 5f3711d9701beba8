//! Threads that must not die unnoticed: a panic is logged with its place, and a thread that panicked is reported, so
//! that the process ends and starts again from what is on disk.

use tokio::sync::mpsc;

/// Names of threads that died.
pub(super) type Deaths = mpsc::Sender<&'static str>;

/// Puts panics into the log.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::force_capture().to_string();
        let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
        tracing::error!(thread, place, backtrace, "panic: {text}");
    }));
}

/// Reports the thread it lives in when that panics.
pub(super) struct Watch {
    name: &'static str,
    deaths: Deaths,
}

impl Watch {
    pub(super) fn new(name: &'static str, deaths: Deaths) -> Self {
        Self { name, deaths }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // One report is enough: the channel may be full of others.
            let _ = self.deaths.try_send(self.name);
        }
    }
}
