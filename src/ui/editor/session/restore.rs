//! Bringing clips into their nodes: from this browser's own store where they are kept, else from the server, checked and then kept.
//! The graph is there before any of it begins.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use leptos::{prelude::*, task::spawn_local};

use super::Session;
use crate::{
    api::{images::image, videos::video},
    domain::{AssetRef, ImageId, NodeId, Sha256, VideoId, video::Video},
    graph::{Node, nodes},
    ui::{
        browser::{
            browser_only::BrowserOnly,
            clip_store,
            download::{self, AbortGuard, DownloadError},
            files::PickedFile,
            page,
        },
        clip::{Clip, Stage, download_url},
        editor::canvas::node_state::NodeState,
    },
};

/// Clips larger than this are streamed: keeping them would take the browser's whole share.
const LARGEST_KEPT: i64 = 256 * 1024 * 1024;
/// Downloads at a time: a browser allows six connections a host, and the page needs some of them.
const AT_A_TIME: usize = 3;

/// The clips of an open builder. Cheap to copy; ends its downloads with the page.
#[derive(Clone, Copy)]
pub struct Restore {
    session: Session,
    queue: StoredValue<VecDeque<Arc<Video>>>,
    working: StoredValue<usize>,
    /// Which nodes show a video; a video is brought once, however many do.
    shown_in: StoredValue<HashMap<VideoId, Vec<NodeId>>>,
    urls: StoredValue<HashMap<Sha256, String>>,
    downloads: BrowserOnly<AbortGuard>,
    has_told: StoredValue<bool>,
}

impl Restore {
    /// The clips of `session`'s builder; put into context.
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
    pub fn has_clips(self) -> bool {
        self.session.editor.graph().nodes().iter().any(|node| {
            let state = self.session.editor.node(&node.id);
            nodes::given(node).is_some()
                || state.is_some_and(|state| state.clip.with_untracked(Option::is_some) || state.run.with_untracked(Option::is_some))
        })
    }

    /// Brings every clip the opened workflow came with, and those its nodes name.
    pub fn bring_all(self) {
        let nodes = self.session.editor.graph();
        for node in nodes.nodes() {
            let Some(state) = self.session.editor.node(&node.id) else { continue };
            self.bring_picture_of(node, state);
            let clip = state.clip.get_untracked();
            let made = state.run.with_untracked(|run| run.as_ref().and_then(|run| run.video_id));
            let chosen = nodes::given(node).and_then(AssetRef::video);
            match clip.and_then(|clip| Some((clip.video?, clip.stage))) {
                Some((video, Stage::Waiting)) => self.bring(node.id.clone(), video),
                Some(_) => {}
                None if state.clip.with_untracked(Option::is_some) => {}
                None => {
                    if let Some(video) = chosen.or(made) {
                        self.bring_video(node.id.clone(), video);
                    }
                }
            }
        }
    }

    /// Brings the picture a node names, or its run made; a workflow that was opened came with those of its stored graph.
    fn bring_picture_of(self, node: &Node, state: NodeState) {
        let made = state.run.with_untracked(|run| run.as_ref().and_then(|run| run.image_id));
        let chosen = nodes::given(node).and_then(AssetRef::image);
        if let Some(image) = chosen.or(made) {
            self.bring_image(node.id.clone(), image);
        }
    }

    /// Shows an image, of which only the id is known, in a node. Its bytes are the browser's to keep: their address never changes them.
    pub fn bring_image(self, node: NodeId, id: ImageId) {
        let shows = self.session.editor.node(&node).and_then(|state| state.picture.get_untracked()).map(|picture| picture.id);
        if shows == Some(id) {
            return;
        }
        spawn_local(async move {
            match image(id).await {
                Ok(image) => self.session.editor.set_picture(&node, Arc::new(image)),
                Err(error) => self.session.editor.say(error.message),
            }
        });
    }

    /// Brings a video of which only the id is known.
    pub fn bring_video(self, node: NodeId, id: VideoId) {
        let shows = self.session.editor.node(&node).and_then(|state| state.clip.get_untracked()).map(|clip| clip.video_id);
        if shows == Some(id) {
            return;
        }
        spawn_local(async move {
            match video(id).await {
                Ok(video) => self.bring(node, Arc::new(video)),
                Err(error) => {
                    let stage = Stage::Failed { reason: error.message };
                    self.session.editor.set_clip(&node, Some(Clip { video_id: id, video: None, stage }));
                }
            }
        });
    }

    /// Brings a video into a node.
    pub fn bring(self, node: NodeId, video: Arc<Video>) {
        let clip = Clip::waiting(video.clone());
        if let Some(url) = self.urls.try_with_value(|urls| urls.get(&video.file_hash).cloned()).flatten() {
            self.session.editor.set_clip(&node, Some(clip.at(Stage::Ready { url })));
            return;
        }
        self.session.editor.set_clip(&node, Some(clip));
        let is_new = self.shown_in.try_update_value(|shown| {
            let nodes = shown.entry(video.id).or_default();
            let is_new = nodes.is_empty();
            nodes.push(node);
            is_new
        });
        if is_new == Some(true) {
            self.queue.update_value(|queue| queue.push_back(video));
            self.work();
        }
    }

    /// Keeps a file that was sent from here, under the hash that the server gave it. Where it cannot be kept, the clip is downloaded as any other.
    pub async fn keep_sent(self, video: &Video, file: &PickedFile) {
        if page::is_secure()
            && video.size_bytes <= LARGEST_KEPT
            && let Err(error) = clip_store::keep(&video.file_hash, file.blob()).await
        {
            self.tell_once(&format!("Clips stream from the server: {error}."));
        }
    }

    fn work(self) {
        while self.working.try_with_value(|working| *working < AT_A_TIME) == Some(true) {
            let Some(video) = self.queue.try_update_value(VecDeque::pop_front).flatten() else { return };
            self.working.update_value(|working| *working += 1);
            spawn_local(async move {
                self.fetch(video).await;
                // The page may be gone by now, and everything with it.
                if self.working.try_update_value(|working| *working -= 1).is_some() {
                    self.work();
                }
            });
        }
    }

    async fn fetch(self, video: Arc<Video>) {
        let stage = match self.stage_of(&video).await {
            Ok(url) => {
                if url.starts_with("blob:") && self.urls.try_update_value(|urls| urls.insert(video.file_hash, url.clone())).is_none() {
                    clip_store::release(&url);
                    return;
                }
                Stage::Ready { url }
            }
            Err(DownloadError::Stopped) => return,
            Err(error) => Stage::Failed { reason: error.to_string() },
        };
        self.show(&video, stage);
        let _ = self.shown_in.try_update_value(|shown| shown.remove(&video.id));
    }

    /// The address at which the clip can be played.
    async fn stage_of(self, video: &Arc<Video>) -> Result<String, DownloadError> {
        if let Some(url) = clip_store::kept(&video.file_hash).await {
            return Ok(url);
        }
        let address = download_url(video.id);
        if !page::is_secure() {
            self.tell_once("This address is not secure, so the browser keeps no clips; they stream from the server.");
            return Ok(address);
        }
        if video.size_bytes > LARGEST_KEPT {
            self.tell_once("Clips over 256 MB are not kept in this browser; they stream from the server.");
            return Ok(address);
        }
        let Some(handle) = self.downloads.with(AbortGuard::handle) else { return Err(DownloadError::Stopped) };
        let total = u64::try_from(video.size_bytes).unwrap_or_default();
        self.show(video, Stage::Downloading { received: 0, total });
        let told = std::cell::Cell::new(0);
        let progress = |received: u64| {
            // A step of a fiftieth moves the bar; more would only redraw it.
            if received - told.get() >= total / 50 {
                told.set(received);
                self.show(video, Stage::Downloading { received, total });
            }
        };
        let clip = download::fetch_checked(&address, &video.file_hash, &handle, progress).await?;
        if let Err(error) = clip_store::keep(&video.file_hash, &clip).await {
            self.tell_once(&format!("Clips stream from the server: {error}."));
            return Ok(address);
        }
        Ok(clip_store::object_url(&clip).unwrap_or(address))
    }

    fn show(self, video: &Arc<Video>, stage: Stage) {
        let nodes = self.shown_in.try_with_value(|shown| shown.get(&video.id).cloned()).flatten().unwrap_or_default();
        for node in nodes {
            let state = self.session.editor.node(&node);
            // Another clip may have taken the node in the meantime.
            let is_still = state.and_then(|state| state.clip.try_get_untracked().flatten()).is_some_and(|clip| clip.video_id == video.id);
            if is_still {
                self.session.editor.set_clip(&node, Some(Clip::waiting(video.clone()).at(stage.clone())));
            }
        }
    }

    fn tell_once(self, words: &str) {
        if self.has_told.try_update_value(|told| std::mem::replace(told, true)) == Some(false) {
            self.session.toasts.say(words);
        }
    }
}
