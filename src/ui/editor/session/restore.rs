//! Bringing clips and pictures into their nodes: from this browser's own store where they are kept, else from the server, checked and then kept.
//! The graph is there before any of it begins.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use leptos::{prelude::*, task::spawn_local};

use super::Session;
use crate::{
    api::assets,
    domain::{Asset, AssetRef, NodeId, Sha256, execution::NodeRun},
    graph::{Node, canvas::geometry::Point, nodes},
    ui::{
        browser::{
            browser_only::BrowserOnly,
            clip_store,
            download::{self, AbortGuard, DownloadError},
            files::PickedFile,
            page,
        },
        media::{Media, Stage, download_url},
    },
};

/// What is larger than this is streamed: keeping them would take the browser's whole share.
const LARGEST_KEPT: i64 = 256 * 1024 * 1024;
/// How often a download is begun again that breaks though the server can be reached.
const TRIES: usize = 2;
/// Downloads at a time: a browser allows six connections a host, and the page needs some of them.
const AT_A_TIME: usize = 3;

/// What the nodes of an open builder show. Cheap to copy; ends its downloads with the page.
#[derive(Clone, Copy)]
pub struct Restore {
    session: Session,
    queue: StoredValue<VecDeque<Arc<Asset>>>,
    working: StoredValue<usize>,
    /// Which nodes show an asset; it is brought once, however many do.
    shown_in: StoredValue<HashMap<AssetRef, Vec<NodeId>>>,
    urls: StoredValue<HashMap<Sha256, String>>,
    downloads: BrowserOnly<AbortGuard>,
    has_told: StoredValue<bool>,
}

impl Restore {
    /// That of `session`'s builder; put into context.
    pub fn provide(session: Session) -> Self {
        let restore = Self {
            session,
            queue: StoredValue::new(VecDeque::new()),
            working: StoredValue::new(0),
            shown_in: StoredValue::new(HashMap::new()),
            urls: StoredValue::new(HashMap::new()),
            downloads: BrowserOnly::new(),
            has_told: StoredValue::new(false),
        };
        on_cleanup(move || {
            let urls = restore.urls.try_update_value(std::mem::take).unwrap_or_default();
            urls.values().for_each(|url| clip_store::release(url));
        });
        provide_context(restore);
        restore
    }

    /// Makes room for downloads. Call from an effect.
    pub fn wake(self) {
        self.downloads.fill(AbortGuard::default());
    }

    /// Whether a node has a clip or a picture that is to be brought.
    pub fn has_media(self) -> bool {
        self.session.editor.graph().nodes().iter().any(|node| {
            let state = self.session.editor.node(&node.id);
            nodes::given(node).is_some()
                || state.is_some_and(|state| state.media.with_untracked(Option::is_some) || state.run.with_untracked(Option::is_some))
        })
    }

    /// Brings everything the opened workflow came with, and what its nodes name: what is in sight first, then what is near.
    pub fn bring_all(self) {
        let graph = self.session.editor.graph();
        let middle = self.session.editor.middle();
        let mut nodes: Vec<_> = graph.nodes().iter().collect();
        let far = |node: &Node| Point::from(node.position).distance(middle);
        nodes.sort_by(|one, other| far(one).total_cmp(&far(other)));
        for node in nodes {
            let Some(state) = self.session.editor.node(&node.id) else { continue };
            let chosen = nodes::given(node);
            let shown = state.media.get_untracked().filter(|shown| chosen.is_none_or(|chosen| chosen == shown.asset));
            match shown {
                Some(Media { known: Some(known), stage: Stage::Waiting, .. }) => self.bring(node.id.clone(), known),
                Some(_) => {}
                None => {
                    let made = state.run.with_untracked(|run| run.as_ref().and_then(NodeRun::asset));
                    if let Some(asset) = chosen.or(made) {
                        self.bring_by_reference(node.id.clone(), asset);
                    }
                }
            }
        }
    }

    /// Brings an asset of which only the id is known.
    pub fn bring_by_reference(self, node: NodeId, asset: AssetRef) {
        let shows = self.session.editor.node(&node).and_then(|state| state.media.get_untracked()).map(|media| media.asset);
        if shows == Some(asset) {
            return;
        }
        spawn_local(async move {
            match self.session.reconnect.until_answered(|| assets::asset(asset.id)).await {
                Ok(known) => self.bring(node, Arc::new(known)),
                Err(error) => {
                    let stage = Stage::Failed { reason: error.message };
                    self.session.editor.set_media(&node, Media { asset, known: None, stage });
                }
            }
        });
    }

    /// Brings an asset into a node.
    pub fn bring(self, node: NodeId, asset: Arc<Asset>) {
        let media = Media::waiting(asset.clone());
        if let Some(url) = self.urls.try_with_value(|urls| urls.get(&asset.file_hash).cloned()).flatten() {
            self.session.editor.set_media(&node, media.at(Stage::Ready { url }));
            return;
        }
        self.session.editor.set_media(&node, media);
        let is_new = self.shown_in.try_update_value(|shown| {
            let nodes = shown.entry(asset.reference()).or_default();
            let is_new = nodes.is_empty();
            nodes.push(node);
            is_new
        });
        if is_new == Some(true) {
            self.queue.update_value(|queue| queue.push_back(asset));
            self.work();
        }
    }

    /// Takes a file that was sent from here for what the server made of it: kept where it can be, else shown from the user's own disk until the
    /// page goes.
    pub async fn keep_sent(self, asset: &Asset, file: &PickedFile) {
        if page::is_secure() && asset.size_bytes <= LARGEST_KEPT {
            match clip_store::keep(&asset.file_hash, file.blob()).await {
                Ok(()) => return,
                Err(error) => self.tell_once(&format!("Clips stream from the server: {error}.")),
            }
        }
        let is_new = self.urls.try_with_value(|urls| !urls.contains_key(&asset.file_hash)) == Some(true);
        if is_new && let Some(url) = clip_store::object_url(file.blob()) {
            self.urls.update_value(|urls| drop(urls.insert(asset.file_hash, url)));
        }
    }

    fn work(self) {
        while self.working.try_with_value(|working| *working < AT_A_TIME) == Some(true) {
            let Some(asset) = self.queue.try_update_value(VecDeque::pop_front).flatten() else { return };
            self.working.update_value(|working| *working += 1);
            spawn_local(async move {
                self.fetch(asset).await;
                // The page may be gone by now, and everything with it.
                if self.working.try_update_value(|working| *working -= 1).is_some() {
                    self.work();
                }
            });
        }
    }

    async fn fetch(self, asset: Arc<Asset>) {
        let mut broken = 0;
        let brought = loop {
            match self.stage_of(&asset).await {
                Err(error) if error.may_pass() && broken < TRIES => {
                    self.show(&asset, Stage::Failed { reason: error.to_string() });
                    // What breaks though the server can be reached is not tried for ever.
                    broken += usize::from(!self.session.reconnect.was_gap().await);
                }
                brought => break brought,
            }
        };
        let stage = match brought {
            Ok(url) => {
                if url.starts_with("blob:") && self.urls.try_update_value(|urls| urls.insert(asset.file_hash, url.clone())).is_none() {
                    clip_store::release(&url);
                    return;
                }
                Stage::Ready { url }
            }
            Err(DownloadError::Stopped) => return,
            Err(error) => Stage::Failed { reason: error.to_string() },
        };
        self.show(&asset, stage);
        let _ = self.shown_in.try_update_value(|shown| shown.remove(&asset.reference()));
    }

    /// The address at which it can be shown.
    async fn stage_of(self, asset: &Arc<Asset>) -> Result<String, DownloadError> {
        if let Some(url) = clip_store::kept(&asset.file_hash).await {
            return Ok(url);
        }
        if asset.damaged_at.is_some() {
            return Err(DownloadError::Gone);
        }
        let address = download_url(asset.reference());
        if !page::is_secure() {
            self.tell_once("This address is not secure, so the browser keeps no clips; they stream from the server.");
            return Ok(address);
        }
        if asset.size_bytes > LARGEST_KEPT {
            self.tell_once("Clips over 256 MB are not kept in this browser; they stream from the server.");
            return Ok(address);
        }
        let Some(handle) = self.downloads.with(AbortGuard::handle) else { return Err(DownloadError::Stopped) };
        let total = u64::try_from(asset.size_bytes).unwrap_or_default();
        self.show(asset, Stage::Downloading { received: 0, total });
        let told = std::cell::Cell::new(0);
        let progress = |received: u64| {
            // A step of a fiftieth moves the bar; more would only redraw it.
            if received - told.get() >= total / 50 {
                told.set(received);
                self.show(asset, Stage::Downloading { received, total });
            }
        };
        let clip = download::fetch_checked(&address, &asset.file_hash, &handle, progress).await?;
        if let Err(error) = clip_store::keep(&asset.file_hash, &clip).await {
            self.tell_once(&format!("Clips stream from the server: {error}."));
            return Ok(address);
        }
        Ok(clip_store::object_url(&clip).unwrap_or(address))
    }

    fn show(self, asset: &Arc<Asset>, stage: Stage) {
        let nodes = self.shown_in.try_with_value(|shown| shown.get(&asset.reference()).cloned()).flatten().unwrap_or_default();
        for node in nodes {
            let state = self.session.editor.node(&node);
            // Something else may have taken the node in the meantime.
            let is_still =
                state.and_then(|state| state.media.try_get_untracked().flatten()).is_some_and(|media| media.asset == asset.reference());
            if is_still {
                self.session.editor.set_media(&node, Media::waiting(asset.clone()).at(stage.clone()));
            }
        }
    }

    fn tell_once(self, words: &str) {
        if self.has_told.try_update_value(|told| std::mem::replace(told, true)) == Some(false) {
            self.session.toasts.say(words);
        }
    }
}
