//! Four authorities, each in a network namespace of its own, joined by a bridge: real cables that can be cut in one
//! direction or in both. Needs root and iproute2.

use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;
use testnet::clock::HiveClock;
use testnet::layout::{FOUNDED_MS, Place, Plan, name, peer_multiaddr, title};

use super::{Client, programs, story_folder, until};

const AUTHORITIES: usize = 4;
/// A card that nobody has: what is sent to it is lost in silence.
const NOBODY: &str = "02:00:00:00:00:99";
const READY_S_MAX: u64 = 30;

/// The four, and their cables.
pub(crate) struct Islands {
    nodes: Vec<Island>,
}

/// One of them.
struct Island {
    place: Place,
    token: String,
    process: Child,
}

impl Islands {
    /// Builds the cables and starts the nodes; why not, where this machine does not allow it.
    pub(crate) fn start(story: &str) -> Result<Self, String> {
        clear();
        let mut islands = Self { nodes: Vec::new() };
        islands.cables()?;
        let plan = Plan {
            buildings: AUTHORITIES,
            authorities: AUTHORITIES,
            seed: 42,
            load_members: 0,
            founded_ms: FOUNDED_MS,
            in_service_ms: FOUNDED_MS,
            replay: None,
            joined: 0,
        };
        let folder = story_folder(story);
        for index in 0..AUTHORITIES {
            let place = place(index, folder.join(name(index)));
            let peers: Vec<String> = (0..AUTHORITIES)
                .filter(|other| *other != index)
                .map(|other| peer_multiaddr(p2p(other), &plan.node_key(other).public()))
                .collect();
            place.write(&plan, &peers, HiveClock::WALL).unwrap();
            islands.nodes.push(Island { token: plan.keys().token(index), process: launch(&place), place });
        }
        for index in 0..AUTHORITIES {
            until(&format!("{} is ready", name(index)), READY_S_MAX, || {
                islands.inside(index, |api| {
                    let answer = api.try_get("/readyz")?;
                    if answer.status == 200 { Ok(()) } else { Err(answer.text()) }
                })
            });
        }
        Ok(islands)
    }

    /// Asks node `index` from inside its namespace.
    pub(crate) fn inside<T: Send>(&self, index: usize, ask: impl FnOnce(&Client) -> T + Send) -> T {
        let node = &self.nodes[index];
        let base = format!("http://{}", node.place.http);
        std::thread::scope(|scope| {
            let asked = scope.spawn(move || {
                let namespace = File::open(format!("/run/netns/{}", namespace(index))).unwrap();
                move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
                ask(&Client::new(&base, &node.token))
            });
            asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// The last final height of node `index`.
    pub(crate) fn height(&self, index: usize) -> Result<u64, String> {
        let head = self.inside(index, |api| api.get("/api/v1/ledger/head"))?;
        head["height"].as_u64().ok_or_else(|| head.to_string())
    }

    /// A block as node `index` has it.
    pub(crate) fn block(&self, index: usize, height: u64) -> Value {
        self.inside(index, |api| api.get(&format!("/api/v1/ledger/blocks/{height}"))).unwrap()
    }

    /// Loses everything that `from` sends to `to`, without a word.
    pub(crate) fn cut(&self, from: usize, to: usize) {
        let neighbour =
            ["neigh", "replace", &address(to), "lladdr", NOBODY, "dev", "eth0", "nud", "permanent"];
        within(from, &neighbour).unwrap();
    }

    /// Loses what goes between two groups, in both directions.
    pub(crate) fn part(&self, one: &[usize], other: &[usize]) {
        for a in one {
            for b in other {
                self.cut(*a, *b);
                self.cut(*b, *a);
            }
        }
    }

    /// Mends every cable.
    pub(crate) fn heal(&self) {
        for from in 0..AUTHORITIES {
            for to in (0..AUTHORITIES).filter(|to| *to != from) {
                // One that was not cut has no such entry, or an ordinary one that is learnt again.
                drop(within(from, &["neigh", "del", &address(to), "dev", "eth0"]));
            }
        }
    }

    fn cables(&mut self) -> Result<(), String> {
        ip(&["link", "add", BRIDGE, "type", "bridge"])?;
        ip(&["link", "set", BRIDGE, "up"])?;
        for index in 0..AUTHORITIES {
            let (namespace, cable) = (namespace(index), format!("symb{index}"));
            ip(&["netns", "add", &namespace])?;
            ip(&["link", "add", &cable, "type", "veth", "peer", "name", "eth0", "netns", &namespace])?;
            ip(&["link", "set", &cable, "master", BRIDGE, "up"])?;
            within(index, &["addr", "add", &format!("{}/24", address(index)), "dev", "eth0"])?;
            within(index, &["link", "set", "eth0", "up"])?;
            within(index, &["link", "set", "lo", "up"])?;
        }
        Ok(())
    }
}

impl Drop for Islands {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.process.kill();
            let _ = node.process.wait();
        }
        clear();
    }
}

const BRIDGE: &str = "symbiose-bridge";

fn namespace(index: usize) -> String {
    format!("symbiose-{index}")
}

fn address(index: usize) -> String {
    format!("10.213.77.{}", index + 1)
}

fn p2p(index: usize) -> std::net::SocketAddr {
    format!("{}:7000", address(index)).parse().unwrap()
}

fn place(index: usize, dir: PathBuf) -> Place {
    let http = "127.0.0.1:8080".parse().unwrap();
    Place { index, name: name(index), title: title(index), dir, http, p2p: p2p(index) }
}

fn launch(place: &Place) -> Child {
    let log = File::create(place.log()).unwrap();
    let node = programs::symbiose();
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &namespace(place.index)]).arg(node.get_program());
    command.arg("run").arg("--config").arg(place.dir.join("node.toml"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// Takes away what a story before left.
fn clear() {
    for index in 0..AUTHORITIES {
        if fs::exists(format!("/run/netns/{}", namespace(index))).unwrap_or(false) {
            drop(ip(&["netns", "del", &namespace(index)]));
        }
    }
    if fs::exists(format!("/sys/class/net/{BRIDGE}")).unwrap_or(false) {
        drop(ip(&["link", "del", BRIDGE]));
    }
}

fn within(index: usize, words: &[&str]) -> Result<(), String> {
    ip(&[&["-n", &namespace(index)], words].concat())
}

fn ip(words: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("ip (package iproute2): {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}
