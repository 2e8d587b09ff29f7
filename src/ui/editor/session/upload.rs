//! Giving files to the workflow: by a node's button, dropped on the canvas, or pasted. The same bytes again use what is stored.

use std::sync::Arc;

use leptos::{prelude::*, task::spawn_local};

use super::{Session, restore::Restore};
use crate::{
    domain::{ApiError, AssetKind, ErrorKind, NodeId, asset::Uploaded},
    graph::{
        Command, Node, Position,
        canvas::{
            geometry::{Point, Size},
            layout, placing,
        },
        document::clipboard_text,
        nodes,
    },
    ui::{
        browser::{browser_only::BrowserOnly, files::PickedFile, upload::Upload},
        components::{Glyph, IconButton, part},
    },
};

/// How often an upload is begun that breaks though the server can be reached.
const TRIES: usize = 3;

/// Uploads of an open builder. Cheap to copy; stops them with the page.
#[derive(Clone, Copy)]
pub struct Uploads {
    session: Session,
    restore: Restore,
    going: RwSignal<Vec<Going>>,
    sent: BrowserOnly<Vec<(u64, Upload)>>,
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
        let uploads = Self { session, restore, going: RwSignal::new(Vec::new()), sent: BrowserOnly::new(), count: StoredValue::new(0) };
        provide_context(uploads);
        uploads
    }

    /// Makes room for uploads. Call from an effect.
    pub fn wake(self) {
        self.sent.fill(Vec::new());
    }

    /// Puts files onto the canvas, each in a node of its own: in a block in order of their names (`2` before `10`), with its upper left corner
    /// at `at` where nothing is in the way.
    pub fn put(self, files: Vec<PickedFile>, at: Point) {
        let (documents, mut files): (Vec<_>, Vec<_>) = files.into_iter().partition(PickedFile::is_document);
        for document in documents {
            self.put_document(document, at);
        }
        files.sort_by(|one, other| alphanumeric_sort::compare_str(one.name(), other.name()));
        let node = |file: &PickedFile| {
            let id = uuid::Uuid::new_v4().to_string().parse().ok()?;
            Some(Node::new(id, nodes::giving(file.kind())?.node_type.clone(), Position::default()))
        };
        let mut pairs: Vec<_> = files.into_iter().filter_map(|file| Some((node(&file)?, file))).collect();
        let editor = self.session.editor;
        let rooms =
            editor.with_graph(|graph| pairs.iter().map(|(node, _)| layout::room(node, &layout::faces(graph, node))).collect::<Vec<_>>());
        let Some(room) = rooms.into_iter().reduce(|a, b| Size { width: a.width.max(b.width), height: a.height.max(b.height) }) else {
            return;
        };
        let (places, size) = placing::block(pairs.len(), room);
        let corner = editor.free_block(size, at);
        for ((node, _), place) in pairs.iter_mut().zip(places) {
            node.position = corner.plus(place).into();
        }
        if editor.dispatch(Command::All(pairs.iter().map(|(node, _)| Command::AddNode(node.clone())).collect())) {
            for (node, file) in pairs {
                self.send_for(file, node.id, true);
            }
        }
    }

    /// Puts the nodes of a workflow's document onto the canvas.
    fn put_document(self, file: PickedFile, at: Point) {
        spawn_local(async move {
            let refused = match file.text().await.map(|text| clipboard_text::from_text(&text)) {
                Some(Some(Ok(part))) => {
                    // Where it is refused, the status line says why.
                    self.session.editor.insert(&part, at);
                    return;
                }
                Some(Some(Err(reason))) => reason,
                Some(None) => "This is no JSON.".to_owned(),
                None => "It cannot be read.".to_owned(),
            };
            self.session.toasts.fail(format!("{}: {refused} Nothing was added.", file.name()));
        });
    }

    /// Sends a file, and gives what becomes of it to a node.
    pub fn send(self, file: PickedFile, node: NodeId) {
        self.send_for(file, node, false);
    }

    /// Sends a file for a node; one that `came_with` it goes with it where it is refused.
    fn send_for(self, file: PickedFile, node: NodeId, came_with: bool) {
        let number = self.count.try_update_value(|count| {
            *count += 1;
            *count
        });
        let going = Going { number: number.unwrap_or_default(), name: StoredValue::new(file.name()), progress: RwSignal::new(0.0) };
        let kind = taken_kind(self.session, &node).unwrap_or_else(|| file.kind());
        self.going.update(|all| all.push(going));
        spawn_local(async move {
            let answer = self.arrived(going, &file, kind).await;
            let _ = self.going.try_update(|all| all.retain(|one| one.number != going.number));
            match answer {
                Some(Ok(uploaded)) => self.give(node, uploaded, &file).await,
                Some(Err(error)) => {
                    self.session.toasts.fail(format!("{}: {}", file.name(), error.message));
                    let is_there =
                        self.session.editor.with_graph(|graph| graph.node(&node).is_some_and(|node| nodes::given(node).is_none()));
                    if came_with && is_there {
                        self.session.editor.dispatch(Command::RemoveNodes(vec![node]));
                    }
                }
                // Nothing to say where the user stopped it, or the page is gone.
                None => {}
            }
        });
    }

    /// Sends a file until it has arrived or is refused; from its beginning each time, as the server keeps no part of one. `None` where the
    /// user stopped it.
    async fn arrived(self, going: Going, file: &PickedFile, kind: AssetKind) -> Option<Result<Uploaded, ApiError>> {
        let mut broken = 0;
        loop {
            let upload = Upload::begin(kind.spec().upload, file, move |fraction| {
                let _ = going.progress.try_set(fraction);
            });
            let upload = match upload {
                Ok(upload) => upload,
                Err(error) => return Some(Err(error)),
            };
            let ended = upload.ended();
            self.sent.update(|sent| sent.push((going.number, upload)));
            ended.await;
            let upload = self.sent.update(|sent| {
                let place = sent.iter().position(|(number, _)| *number == going.number)?;
                Some(sent.swap_remove(place).1)
            });
            match upload.flatten()?.answer() {
                Err(error) if error.kind == ErrorKind::Interrupted => {
                    // What breaks though the server can be reached is not tried for ever.
                    broken += usize::from(!self.session.reconnect.was_gap().await);
                    let is_wanted = self.going.try_with_untracked(|all| all.iter().any(|one| one.number == going.number))?;
                    if !is_wanted {
                        return None;
                    }
                    if broken == TRIES {
                        return Some(Err(error));
                    }
                }
                answer => return Some(answer),
            }
        }
    }

    async fn give(self, node: NodeId, uploaded: Uploaded, file: &PickedFile) {
        let Uploaded { asset, duplicate, .. } = uploaded;
        // What was sent from here need not be downloaded again.
        self.restore.keep_sent(&asset, file).await;
        if self.choose(&node, asset.id.to_string(), &file.name(), duplicate.then_some(&asset.name)) {
            self.restore.bring(node, Arc::new(asset));
        }
    }

    /// Writes what was stored into the node's parameter. `known_as` is the name it has had since it was stored first.
    fn choose(self, node: &NodeId, id: String, name: &str, known_as: Option<&String>) -> bool {
        let param = given(self.session, node).map(|(param, _)| param);
        let chosen = |param: &str| Command::SetParam { node: node.clone(), name: param.to_owned(), value: id.into() };
        if !param.is_some_and(|param| self.session.editor.dispatch(chosen(param))) {
            // The node was deleted while its file was on the way; the file is stored all the same.
            self.session.toasts.say(format!("{name} is stored. Its node is gone."));
            return false;
        }
        if let Some(known_as) = known_as {
            self.session.toasts.say(format!("{name} is already stored as {known_as}, and is used again."));
        }
        true
    }

    /// Whether any is going on.
    pub fn is_any(self) -> bool {
        !self.going.with(Vec::is_empty)
    }

    fn stop(self, number: u64) {
        self.sent.update(|sent| sent.retain(|(other, _)| *other != number));
        self.going.update(|all| all.retain(|one| one.number != number));
    }
}

/// The parameter of a node that names what the user gives it, and the kind of that.
fn given(session: Session, node: &NodeId) -> Option<(&'static str, AssetKind)> {
    session.editor.with_graph(|graph| nodes::spec(&graph.node(node)?.node_type)?.given())
}

/// The kind of file that the user gives a node; `None` of one that takes none.
pub(in crate::ui::editor) fn taken_kind(session: Session, node: &NodeId) -> Option<AssetKind> {
    Some(given(session, node)?.1)
}

/// The uploads that are going on.
#[component]
pub fn UploadList() -> impl IntoView {
    let uploads = expect_context::<Uploads>();
    view! {
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
