//! Giving files to the workflow: by a node's button, dropped on the canvas, or pasted. The same bytes again use the stored video.

use leptos::{html, prelude::*, task::spawn_local};

use super::{restore::Restore, session::Session};
use crate::{
    domain::{NodeId, video::Uploaded},
    graph::{Command, Node, NodeType, Position, geometry::Point},
    ui::{
        browser::{
            files::{self, PickedFile},
            only_here::OnlyHere,
            upload::Upload,
        },
        components::{Glyph, IconButton, part},
    },
};

/// How far below one another the nodes of several files stand.
const APART: f64 = 320.0;

/// Uploads of an open builder. Cheap to copy; stops them with the page.
#[derive(Clone, Copy)]
pub struct Uploads {
    session: Session,
    restore: Restore,
    going: RwSignal<Vec<Going>>,
    sent: OnlyHere<Vec<(u64, Upload)>>,
    count: StoredValue<u64>,
}

/// One upload that is going on.
#[derive(Debug, Clone, Copy)]
struct Going {
    number: u64,
    name: StoredValue<String>,
    progress: RwSignal<f64>,
}

impl Uploads {
    /// The uploads of `session`'s builder; put into context.
    pub fn provide(session: Session, restore: Restore) -> Self {
        let uploads = Self { session, restore, going: RwSignal::new(Vec::new()), sent: OnlyHere::new(), count: StoredValue::new(0) };
        provide_context(uploads);
        uploads
    }

    /// Makes room for uploads. Call from an effect.
    pub fn wake(self) {
        self.sent.fill(Vec::new());
    }

    /// Puts files onto the canvas, each in a node of its own, the first with its upper left corner at `at`.
    pub fn put(self, files: Vec<PickedFile>, at: Point) {
        for (row, file) in files.into_iter().enumerate() {
            let Ok(id) = uuid::Uuid::new_v4().to_string().parse::<NodeId>() else { continue };
            let node = Node::new(id.clone(), NodeType::UploadVideo, Position::new(at.x, at.y + row as f64 * APART));
            if self.session.editor.dispatch(Command::AddNode(node)) {
                self.send(file, id);
            }
        }
    }

    /// Sends a file, and gives its video to a node.
    pub fn send(self, file: PickedFile, node: NodeId) {
        let number = self.count.try_update_value(|count| {
            *count += 1;
            *count
        });
        let going = Going { number: number.unwrap_or_default(), name: StoredValue::new(file.name()), progress: RwSignal::new(0.0) };
        let progress = going.progress;
        let upload = Upload::begin(&file, move |fraction| {
            let _ = progress.try_set(fraction);
        });
        let upload = match upload {
            Ok(upload) => upload,
            Err(error) => return self.session.toasts.fail(error.message),
        };
        let ended = upload.ended();
        self.sent.update(|sent| sent.push((going.number, upload)));
        self.going.update(|all| all.push(going));
        spawn_local(async move {
            ended.await;
            let upload = self.sent.update(|sent| {
                let place = sent.iter().position(|(number, _)| *number == going.number)?;
                Some(sent.swap_remove(place).1)
            });
            let _ = self.going.try_update(|all| all.retain(|one| one.number != going.number));
            // Nothing to answer where the user stopped it, or the page is gone.
            let Some(upload) = upload.flatten() else { return };
            match upload.answer() {
                Ok(uploaded) => self.give(&node, &uploaded, &file.name()),
                Err(error) => self.session.toasts.fail(format!("{}: {}", file.name(), error.message)),
            }
        });
    }

    fn give(self, node: &NodeId, uploaded: &Uploaded, name: &str) {
        let chosen = Command::SetParam { node: node.clone(), name: "video_id".to_owned(), value: uploaded.video_id.to_string().into() };
        if !self.session.editor.dispatch(chosen) {
            // The node was deleted while its file was on the way; the video is in the library all the same.
            self.session.toasts.say(format!("{name} is in the library. Its node is gone."));
            return;
        }
        self.restore.bring(node.clone(), uploaded.video.clone().into());
        if uploaded.duplicate {
            self.session.toasts.say(format!("{name} is already stored as {}, and is used again.", uploaded.video.name));
        }
    }

    fn stop(self, number: u64) {
        self.sent.update(|sent| sent.retain(|(other, _)| *other != number));
        self.going.update(|all| all.retain(|one| one.number != number));
    }
}

/// The uploads that are going on, and the file field behind the nodes' buttons.
#[component]
pub fn UploadPanel(
    /// The uploads.
    uploads: Uploads,
) -> impl IntoView {
    let field = NodeRef::<html::Input>::new();
    let wanted_by = StoredValue::new(None::<NodeId>);
    let request = uploads.session.editor.file_request;
    Effect::new(move |_| {
        if let (Some(node), Some(field)) = (request.get(), field.get_untracked()) {
            request.set(None);
            wanted_by.set_value(Some(node));
            field.click();
        }
    });
    let chosen = move |_| {
        let files = field.get_untracked().map(|field| files::chosen(&field)).unwrap_or_default();
        if let (Some(file), Some(node)) = (files.into_iter().next(), wanted_by.get_value()) {
            uploads.send(file, node);
        }
    };
    view! {
        <input node_ref=field type="file" class="visually-hidden" accept="video/*,.mkv,.avi,.ts,.mov" tabindex="-1" aria-label="Video file" on:change=chosen/>
        <ul class="uploads" aria-label="Uploads">
            <For each=move || uploads.going.get() key=|one| one.number let:one>
                <li class="upload">
                    <span class="upload-name">{one.name.get_value()}</span>
                    <progress max="1" value=Signal::derive(move || one.progress.get().to_string()) aria-label=format!("Uploading {}", one.name.get_value())></progress>
                    <span class="upload-figure">{part(move || format!("{:.0} %", one.progress.get() * 100.0))}</span>
                    <IconButton glyph=Glyph::Close label="Cancel this upload" on_press=move || uploads.stop(one.number)/>
                </li>
            </For>
        </ul>
    }
}
