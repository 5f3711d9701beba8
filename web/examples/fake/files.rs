//! A keeper of photos that keeps them in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use web::view::{PhotoType, PhotoView, Picture};
use web::{FileCall, Kind, Problem};

/// Answers until the web ends.
pub(super) async fn keep(mut calls: mpsc::Receiver<FileCall>, picture: watch::Sender<Arc<Picture>>) {
    let mut kept: BTreeMap<String, Bytes> = BTreeMap::new();
    let missing = || Problem::new(Kind::NotFound, "there is no such photo").field("id");
    while let Some(call) = calls.recv().await {
        match call {
            FileCall::KeepPhoto { work_order, bytes, by, reply } => {
                let id = blake3::hash(&bytes).to_hex()[..32].to_owned();
                let r#type = PhotoType::of(&bytes).expect("the route checks it");
                let at = picture.borrow().node.time;
                let photo = PhotoView { id: id.clone(), r#type, bytes: bytes.len() as u64, at, by };
                kept.insert(id, bytes);
                photos(&picture, &work_order, |photos| photos.push(photo.clone()));
                drop(reply.send(Ok(photo)));
            }
            FileCall::Photo { work_order, photo, reply } => {
                let shown = picture.borrow().clone();
                let order = shown.work_orders.iter().find(|order| order.id == work_order);
                let view = order.and_then(|order| order.photos.iter().find(|one| one.id == photo)).cloned();
                let found = view.and_then(|view| Some((view, kept.get(&photo)?.clone())));
                drop(reply.send(found.ok_or_else(missing)));
            }
            FileCall::Backup { reply, .. } => {
                let (pieces, backup) = mpsc::channel(1);
                drop(reply.send(Ok(backup)));
                drop(pieces.send(Ok(Bytes::from_static(b"a backup"))).await);
            }
            FileCall::DropPhoto { work_order, photo, reply } => {
                photos(&picture, &work_order, |photos| photos.retain(|one| one.id != photo));
                drop(reply.send(kept.remove(&photo).map(drop).ok_or_else(missing)));
            }
        }
    }
}

fn photos(picture: &watch::Sender<Arc<Picture>>, work_order: &str, change: impl FnOnce(&mut Vec<PhotoView>)) {
    picture.send_modify(|picture| {
        let mut orders = Arc::make_mut(picture).work_orders.iter_mut();
        if let Some(order) = orders.find(|order| order.id == work_order) {
            change(&mut order.photos);
        }
    });
}
