//! How a building joins a running neighbourhood: exactly as a real one would, with an invitation.

use std::net::SocketAddr;
use std::path::Path;

use super::{Neighbourhood, Node, READY_TIMEOUT};
use crate::error::{Error, Result};
use crate::files;
use crate::folder;
use crate::layout::{self, Place};
use crate::processes::{self, Process};

impl Neighbourhood {
    /// Adds a building the way any newcomer joins: an invitation from a running node, `symbiose join`, `symbiose run`.
    pub async fn add(&mut self) -> Result<String> {
        let index = self.nodes.len();
        let inviter = *self
            .running()
            .first()
            .ok_or_else(|| Error::Usage("no node runs that could invite".to_owned()))?;
        let ports = layout::free_ports(2, 0, &self.options.dir)?;
        let name = layout::name(index);
        let dir = self.options.dir.join(&name);
        if dir.exists() {
            // Left by an attempt that failed: whoever lives here is counted in the plan.
            std::fs::remove_dir_all(&dir).map_err(Error::file("remove", &dir))?;
        }
        files::create_dir(&dir)?;
        // Its place is known before its key is: the address of its page and the proxies that lead from it.
        let founder = self.plan.node_key(index);
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let (http, p2p) = (loopback(ports[0]), loopback(ports[1]));
        let place =
            Place { index, title: layout::title(index), name: name.clone(), dir: dir.clone(), http, p2p };
        let process = Process::new(&name, &dir).in_zone(self.options.zone);
        let node = Node {
            place,
            key: founder,
            token: String::new(),
            role: "follower",
            process,
            ready: None,
            feeder: None,
            disk: None,
        };
        self.nodes.push(node);
        let joined = self.join(index, inviter, &dir, &name).await;
        if joined.is_err() {
            self.nodes.truncate(index);
            self.proxies.retain(|(from, to), _| *from < index && *to < index);
        }
        joined.map(|()| name)
    }

    async fn join(&mut self, index: usize, inviter: usize, dir: &Path, name: &str) -> Result<()> {
        if self.options.proxied {
            self.link_all(index + 1, 0).await?;
        }
        let addresses: Vec<String> =
            self.peers(index).into_iter().take(protocol::limits::INVITATION_ADDRESSES_MAX).collect();
        let invitation = self.client(inviter).invite(&addresses).await?;
        processes::join(&self.options.binary, dir, name, &invitation).await?;
        self.nodes[index].key = folder::read_key(&dir.join("node.key"))?;
        files::read_text(&dir.join("operator.token"))?.trim().clone_into(&mut self.nodes[index].token);
        self.write_folder(index)?;
        self.plan.joined += 1;
        self.plan.store(&self.options.dir)?;
        self.spawn(index)?;
        self.listening(index).await?;
        self.ready(index, READY_TIMEOUT).await?;
        self.feed(index);
        self.write_net()
    }
}
