//! A running neighbourhood: its processes, the links between them and the gateways that feed them. One task owns it;
//! commands, scenarios, benchmarks and tests call its methods.

mod joining;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use protocol::{SigningKey, UnixMs};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::building::Building;
use crate::chance::Chance;
use crate::clock::{HiveClock, wall_ms};
use crate::disk::Taken;
use crate::disk::mount::{Mounted, take_away};
use crate::error::{Error, Result};
use crate::feeder::{FeedCount, Feeder};
use crate::files;
use crate::folder;
use crate::http::Client;
use crate::layout::{self, Place, Plan};
use crate::link::Links;
use crate::net::{Net, NetNode};
use crate::options::Options;
use crate::processes::{Process, Ready, STOP_TIMEOUT, State};
use crate::proxy::{Proxy, Route};
use crate::replay::{self, Series};
use crate::watchdog::Watchdog;

/// How long nodes may take to listen and to be ready.
pub const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// A node and what belongs to it.
#[derive(Debug)]
struct Node {
    place: Place,
    key: SigningKey,
    token: String,
    role: &'static str,
    process: Process,
    ready: Option<Ready>,
    feeder: Option<Feeder>,
    /// Goes after the process.
    disk: Option<Mounted>,
}

/// What a person or a script asks about one node.
#[derive(Debug)]
pub struct NodeState {
    /// Its name.
    pub name: String,
    /// `authority` or `follower`.
    pub role: &'static str,
    /// What its process does.
    pub state: State,
    /// Its process id while there is one.
    pub pid: Option<u32>,
    /// Base URL.
    pub http: String,
    /// Its log.
    pub log: PathBuf,
    /// What its gateway has done.
    pub feed: Option<FeedCount>,
}

/// The neighbourhood. Dropping it ends its processes at once; [`Neighbourhood::down`] lets them stop in order.
#[derive(Debug)]
pub struct Neighbourhood {
    options: Options,
    plan: Plan,
    clock: HiveClock,
    series: Vec<Series>,
    nodes: Vec<Node>,
    links: Links,
    proxies: BTreeMap<(usize, usize), (SocketAddr, Proxy)>,
    watchdog: Watchdog,
    started: String,
    took: Duration,
    _lock: File,
}

impl Neighbourhood {
    /// Starts every node and waits until all are ready; `net.json` is written then.
    pub async fn up(options: Options) -> Result<Self> {
        let begun = Instant::now();
        options.check()?;
        let series = match &options.replay {
            Some(path) => replay::read(path, options.buildings)?,
            None => Vec::new(),
        };
        files::create_dir(&options.dir)?;
        let dir = options.dir.canonicalize().map_err(Error::file("find", &options.dir))?;
        let options = Options { dir, ..options };
        let lock = folder::lock(&options.dir)?;
        folder::raise_file_limit();
        (0..options.buildings).for_each(|index| take_away(&options.dir.join(layout::name(index))));
        if options.reset {
            folder::empty(&options.dir)?;
        }
        folder::remove_net(&options.dir)?;
        let clock = folder::hive_clock(&options, &series)?;
        let plan = folder::plan(&options, &series, clock)?;
        let watchdog = Watchdog::start().map_err(Error::file("start", Path::new("/bin/sh")))?;
        let mut neighbourhood = Self {
            clock,
            series,
            nodes: Vec::new(),
            links: Links::default(),
            proxies: BTreeMap::new(),
            watchdog,
            started: String::new(),
            took: Duration::ZERO,
            plan,
            options,
            _lock: lock,
        };
        neighbourhood.settle().await?;
        let all: Vec<usize> = (0..neighbourhood.len()).collect();
        neighbourhood.start_all(&all).await?;
        neighbourhood.took = begun.elapsed();
        neighbourhood.started = UnixMs(wall_ms()).to_string();
        neighbourhood.write_net()?;
        Ok(neighbourhood)
    }

    /// Gives every building its place, its links and its folder.
    async fn settle(&mut self) -> Result<()> {
        let count = self.plan.buildings + self.plan.joined;
        let ports = layout::free_ports(2 * count, self.options.base_port, &self.options.dir)?;
        for index in 0..count {
            let node = self.place(index, ports[index], ports[count + index])?;
            self.nodes.push(node);
        }
        if self.options.proxied {
            let next = if self.options.base_port == 0 { 0 } else { ports[2 * count - 1].saturating_add(1) };
            self.link_all(count, next).await?;
        }
        self.plan.store(&self.options.dir)?;
        for index in 0..count {
            self.write_folder(index)?;
            let node = &mut self.nodes[index];
            node.disk = self.options.forgetful.then(|| Mounted::over(&node.place.dir)).transpose()?;
        }
        Ok(())
    }

    fn place(&self, index: usize, http: u16, p2p: u16) -> Result<Node> {
        let name = layout::name(index);
        let dir = self.options.dir.join(&name);
        let founding = index < self.plan.buildings;
        let (key, token) = if founding {
            (self.plan.node_key(index), self.plan.keys().token(index))
        } else {
            (
                folder::read_key(&dir.join("node.key"))?,
                files::read_text(&dir.join("operator.token"))?.trim().to_owned(),
            )
        };
        let process = Process::new(&name, &dir).in_zone(self.options.zone);
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let place =
            Place { index, title: layout::title(index), name, dir, http: loopback(http), p2p: loopback(p2p) };
        let role = if self.plan.is_authority(index) { "authority" } else { "follower" };
        Ok(Node { place, key, token, role, process, ready: None, feeder: None, disk: None })
    }

    async fn link_all(&mut self, count: usize, base: u16) -> Result<()> {
        let pairs: Vec<(usize, usize)> = (0..count)
            .flat_map(|from| (0..count).map(move |to| (from, to)))
            .filter(|(from, to)| from != to && !self.proxies.contains_key(&(*from, *to)))
            .collect();
        let taken: BTreeSet<u16> =
            self.nodes.iter().flat_map(|node| [node.place.http.port(), node.place.p2p.port()]).collect();
        let wanted = pairs.len() + if base == 0 { taken.len() } else { 0 };
        let ports = layout::free_ports(wanted, base, &self.options.dir)?;
        for (pair, port) in pairs.into_iter().zip(ports.into_iter().filter(|port| !taken.contains(port))) {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let listener =
                TcpListener::bind(address).await.map_err(Error::file("listen for", &self.options.dir))?;
            let (from, to) = pair;
            let (there, back) = (self.links.watch(from, to), self.links.watch(to, from));
            let chance = Chance::new(self.plan.seed, &format!("loss/{from}/{to}"));
            let route = Route { upstream: self.nodes[to].place.p2p, there, back, chance };
            self.proxies.insert(pair, (address, Proxy::start(listener, route)));
        }
        Ok(())
    }

    /// Where node `from` dials the others.
    fn peers(&self, from: usize) -> Vec<String> {
        let others = self.nodes.iter().filter(|node| node.place.index != from);
        let dialled = |node: &Node| self.dialled(from, node.place.index);
        others.map(|node| layout::peer_multiaddr(dialled(node), &node.key.public())).collect()
    }

    fn dialled(&self, from: usize, to: usize) -> SocketAddr {
        self.proxies.get(&(from, to)).map_or(self.nodes[to].place.p2p, |(address, _)| *address)
    }

    fn write_folder(&self, index: usize) -> Result<()> {
        let (place, peers) = (&self.nodes[index].place, self.peers(index));
        if index < self.plan.buildings {
            place.write(&self.plan, &peers, self.clock)
        } else {
            place.write_config(&peers, self.clock)
        }
    }

    /// Starts these nodes, and every gateway.
    async fn start_all(&mut self, indexes: &[usize]) -> Result<()> {
        for index in indexes {
            self.spawn(*index)?;
        }
        for index in indexes {
            self.listening(*index).await?;
        }
        for index in indexes {
            self.ready(*index, READY_TIMEOUT).await?;
        }
        for index in 0..self.nodes.len() {
            self.feed(index);
        }
        Ok(())
    }

    fn spawn(&mut self, index: usize) -> Result<()> {
        let node = &mut self.nodes[index];
        let pid = node.process.start(&self.options.binary)?;
        self.watchdog.watch(pid).map_err(Error::file("tell", Path::new("the watchdog")))
    }

    async fn listening(&mut self, index: usize) -> Result<()> {
        let node = &mut self.nodes[index];
        node.ready = Some(node.process.listening(READY_TIMEOUT).await?);
        Ok(())
    }

    async fn ready(&mut self, index: usize, patience: Duration) -> Result<()> {
        let mut client = self.client(index);
        self.nodes[index].process.ready(&mut client, patience).await
    }

    fn feed(&mut self, index: usize) {
        if !self.options.fed || self.nodes[index].feeder.is_some() {
            return;
        }
        let building = Building::new(&self.plan, index, self.series.get(index), self.clock);
        self.nodes[index].feeder = Some(Feeder::start(building, self.client(index)));
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: a neighbourhood has at least one building.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How long it took from the start of the first process until every node was ready.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.options.dir
    }

    /// The plan it was founded with.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The hive's clock.
    pub fn clock(&self) -> HiveClock {
        self.clock
    }

    /// The position of the node meant by a name, a number or an asset code.
    pub fn find(&self, wanted: &str) -> Result<usize> {
        crate::net::find(self.nodes.iter().map(|node| node.place.name.as_str()), wanted)
    }

    /// A client of node `index`.
    pub fn client(&self, index: usize) -> Client {
        let node = &self.nodes[index];
        Client::new(&node.place.name, &format!("http://{}", node.place.http), &node.token)
    }

    /// What node `index` and its gateway do.
    pub fn state(&mut self, index: usize) -> NodeState {
        let node = &mut self.nodes[index];
        NodeState {
            name: node.place.name.clone(),
            role: node.role,
            state: node.process.state(),
            pid: node.process.pid(),
            http: format!("http://{}", node.place.http),
            log: node.place.log(),
            feed: node.feeder.as_ref().map(Feeder::count),
        }
    }

    /// The nodes whose process is running.
    pub fn running(&mut self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|index| self.nodes[*index].process.state() == State::Running).collect()
    }

    /// The nodes that ended by themselves since the last look, and how.
    pub fn ended(&mut self) -> Vec<(String, ExitStatus)> {
        let nodes = self.nodes.iter_mut();
        nodes.filter_map(|node| Some((node.place.name.clone(), node.process.ended()?))).collect()
    }

    /// The weather between nodes.
    pub fn links(&mut self) -> &mut Links {
        &mut self.links
    }

    /// The names of all nodes, in order.
    pub fn names(&self) -> Vec<&str> {
        self.nodes.iter().map(|node| node.place.name.as_str()).collect()
    }

    /// `kill -9`.
    pub fn kill(&mut self, index: usize) -> Result<()> {
        let node = &mut self.nodes[index];
        let group = node.process.pid();
        node.process.kill();
        self.forget(group)
    }

    /// Ends a node and throws away what it had not synced.
    pub fn cut_power(&mut self, index: usize, chance: Chance) -> Result<Taken> {
        self.kill(index)?;
        Ok(self.disk(index)?.disk().cut(chance))
    }

    /// The disk node `index` lives on.
    pub fn disk(&self, index: usize) -> Result<&Mounted> {
        let node = &self.nodes[index];
        let none = || Error::Usage(format!("{} has no disk of its own", node.place.name));
        node.disk.as_ref().ok_or_else(none)
    }

    /// Asks a node to stop and waits for its end; one that does not answer is ended.
    pub async fn stop(&mut self, index: usize) -> Result<()> {
        let process = &mut self.nodes[index].process;
        let Some(group) = process.pid() else { return Ok(()) };
        process.ask_to_stop();
        process.stopped(Instant::now() + STOP_TIMEOUT).await;
        self.forget(Some(group))
    }

    /// Starts a node that does not run, or stops it first; waits until it listens. How long that took.
    pub async fn restart(&mut self, index: usize) -> Result<Duration> {
        self.stop(index).await?;
        let begun = Instant::now();
        self.spawn(index)?;
        self.listening(index).await?;
        self.write_net()?;
        Ok(begun.elapsed())
    }

    /// Waits until a node says it is ready, for at most `patience`.
    pub async fn wait_ready(&mut self, index: usize, patience: Duration) -> Result<()> {
        self.ready(index, patience).await
    }

    /// SIGSTOP.
    pub fn pause(&mut self, index: usize) {
        self.nodes[index].process.pause();
    }

    /// SIGCONT.
    pub fn resume(&mut self, index: usize) {
        self.nodes[index].process.resume();
    }

    /// Forces a metric of an asset out of its healthy range; gives the value it goes to.
    pub async fn drift(&self, asset: &str, metric: &str, target: Option<f64>) -> Result<f64> {
        self.feeder(asset)?.drift(asset, metric, target).await.map_err(Error::Usage)
    }

    /// Ends every drift of an asset.
    pub async fn calm(&self, asset: &str) -> Result<()> {
        self.feeder(asset)?.calm(asset).await.map_err(Error::Usage)
    }

    fn feeder(&self, asset: &str) -> Result<&Feeder> {
        let node = &self.nodes[self.find(asset)?];
        node.feeder
            .as_ref()
            .ok_or_else(|| Error::Usage(format!("{} is not fed in this run", node.place.name)))
    }

    /// The data folder of node `index`.
    pub fn data_dir(&self, index: usize) -> PathBuf {
        self.nodes[index].place.dir.clone()
    }

    /// What `net.json` says.
    pub fn net(&mut self) -> Result<Net> {
        let chain = self.plan.genesis()?.chain().to_string();
        let nodes = self.nodes.iter_mut().map(net_node).collect();
        Ok(Net { chain, seed: self.plan.seed, speed: self.clock.speed, started: self.started.clone(), nodes })
    }

    fn write_net(&mut self) -> Result<()> {
        let net = self.net()?;
        net.write(&self.options.dir)
    }

    /// Keeps the hive's time, so that a resumed folder goes on from here.
    pub fn keep_time(&self) -> Result<()> {
        folder::keep_time(&self.options.dir, self.clock)
    }

    /// Stops every node in order and lets those that ran go on when the hive's clock shows `by` more, as if the street had
    /// no power that long. Meters tell what they remember, a day at the most. The hive time at which all are ready again.
    pub async fn leap(&mut self, by: Duration) -> Result<UnixMs> {
        let ran = self.running();
        self.stop_all().await?;
        self.clock = self.clock.ahead(by);
        self.keep_time()?;
        (0..self.nodes.len()).try_for_each(|index| self.write_folder(index))?;
        self.start_all(&ran).await?;
        self.write_net()?;
        Ok(UnixMs(self.clock.now_ms()))
    }

    /// Stops every node, those that do not answer by force, and takes `net.json` away. The names of the forced ones.
    pub async fn down(mut self) -> Result<Vec<String>> {
        self.keep_time()?;
        folder::remove_net(&self.options.dir)?;
        self.stop_all().await
    }

    async fn stop_all(&mut self) -> Result<Vec<String>> {
        let mut forced = Vec::new();
        let groups: Vec<Option<u32>> = self.nodes.iter_mut().map(|node| node.process.pid()).collect();
        for node in &mut self.nodes {
            node.feeder = None;
            node.process.ask_to_stop();
        }
        let deadline = Instant::now() + STOP_TIMEOUT;
        for node in &mut self.nodes {
            if !node.process.stopped(deadline).await {
                forced.push(node.place.name.clone());
            }
        }
        groups.into_iter().try_for_each(|group| self.forget(group))?;
        Ok(forced)
    }

    fn forget(&mut self, group: Option<u32>) -> Result<()> {
        let Some(group) = group else { return Ok(()) };
        self.watchdog.forget(group).map_err(Error::file("tell", Path::new("the watchdog")))
    }
}

fn net_node(node: &mut Node) -> NetNode {
    let p2p = node.ready.as_ref().map(|ready| ready.p2p.clone());
    NetNode {
        name: node.place.name.clone(),
        building: node.place.name.clone(),
        role: node.role.to_owned(),
        pid: node.process.last_pid().unwrap_or_default(),
        http: format!("http://{}", node.place.http),
        p2p: p2p.unwrap_or_else(|| layout::peer_multiaddr(node.place.p2p, &node.key.public())),
        data_dir: node.place.dir.clone(),
        token: node.token.clone(),
    }
}
