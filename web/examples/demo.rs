//! Shows the page on invented data: `cargo run --example demo [port]`, operator token `demo`.

mod fake;

use protocol::UnixMs;
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use web::Settings;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(8088);
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let fake = fake::Fake::start(fake::picture(now()));
    let settings = Settings::new("demo", now);
    let router = web::router(fake.handles.clone(), settings);
    tokio::spawn(async move {
        for turn in 0.. {
            tokio::time::sleep(Duration::from_secs(2)).await;
            fake.tick(now(), turn);
        }
    });
    let listeners = vec![web::Listener { tcp: listener, tls: None }];
    web::serve(listeners, router, std::future::pending()).await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the demo shows the present")]
fn now() -> UnixMs {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    UnixMs(i64::try_from(since.as_millis()).expect("a clock before the year 292,000,000"))
}
