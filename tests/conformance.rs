//! What every node type and every operation keeps, tried on all that are registered: one that is added is held to it by being listed.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use reelgraph::{
    domain::{AssetKind, AssetRef, JobId, NodeId, Sha256, VideoId, execution::Mode, provider::Provider},
    graph::{
        Command, Graph, Node, Position, SocketRef, SocketType, content_key,
        control::Control,
        document::format,
        nodes,
        param::{Limit, Param, ParamKind},
        plan,
        spec::{Action, Need, NodeSpec},
        step::Step,
    },
    server::{
        Error, Result,
        media::{ffmpeg::Ffmpeg, probe, probed::Clip},
        operations::{
            self,
            context::{Context, Library, StoredClip, StoredFile},
            enqueue::Work,
            operation::Made,
        },
    },
};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::{TestServer, clips, images};

const CLIPS: [&str; 2] = ["0190b5a0-7b0e-7c3e-8f1e-0123456789a1", "0190b5a0-7b0e-7c3e-8f1e-0123456789a2"];
const IMAGE: &str = "0190b5a0-7b0e-7c3e-8f1e-0123456789a3";

fn id(name: &str) -> NodeId {
    name.parse().unwrap()
}

/// An asset of that kind; of clips there are several.
fn stored(kind: AssetKind, number: usize) -> &'static str {
    if kind == AssetKind::Image { IMAGE } else { CLIPS[number] }
}

/// The node under test, `it`, with all that it needs and every input fed but those whose text it has itself.
fn fed(spec: &NodeSpec) -> Graph {
    let mut graph = Graph::new();
    let mut node = Node::new(id("it"), spec.node_type.clone(), Position::default());
    for need in spec.needs {
        match need {
            Need::Text { param, .. } => node = node.with_param(param, "A lamp"),
            Need::Asset { param, .. } => node = node.with_param(param, stored(spec.gives().unwrap(), 0)),
            Need::Wired { .. } | Need::Above { .. } => {}
        }
    }
    graph.apply(Command::AddNode(node)).unwrap();
    for socket in spec.inputs.iter().filter(|socket| socket.socket_type != SocketType::Text) {
        let SocketType::Asset(kind) = socket.socket_type else { panic!("{} takes what no node gives", socket.name) };
        let giving = nodes::giving(kind).unwrap();
        let (node_type, param, out) = (&giving.node_type, giving.given().unwrap().0, giving.outputs[0].name);
        for number in 0..if socket.list { 2 } else { 1 } {
            let (node_type, asset) = (node_type.clone(), stored(kind, number));
            let source = id(&format!("{} {number}", socket.name));
            graph.apply(Command::AddNode(Node::new(source.clone(), node_type, Position::default()).with_param(param, asset))).unwrap();
            let (from, to) = (SocketRef::new(source, out), SocketRef::new(id("it"), socket.name));
            graph.apply(Command::Connect { from, to }).unwrap();
        }
    }
    graph
}

fn with(graph: &Graph, name: &str, value: Value) -> Graph {
    let mut graph = graph.clone();
    graph.apply(Command::SetParam { node: id("it"), name: name.into(), value }).unwrap();
    graph
}

fn step(graph: &Graph, mode: Mode) -> Step {
    let plan = plan::plan(graph, Some(&[id("it")]), mode).unwrap();
    plan.steps.into_iter().find(|step| step.node_id == id("it")).unwrap()
}

/// The key of the node's step, with a hash for each of the files that flow in.
fn key(graph: &Graph) -> Sha256 {
    let step = step(graph, Mode::Final);
    let hashes = |count: usize| (0..count).map(|number| Sha256::new([number as u8; 32])).collect();
    let media: Vec<_> = step.media_inputs().map(|input| (input.socket, hashes(input.from.len()))).collect();
    content_key(&step, &media)
}

/// Another right value of a parameter than the one it has at the node.
fn other(param: &Param, graph: &Graph) -> Value {
    let node = graph.node(&id("it")).unwrap();
    let now = param.value(node);
    match (param.kind, param.limit) {
        (ParamKind::Asset(_), _) => json!(CLIPS[1]),
        (ParamKind::Nodes, _) => json!(["nobody"]),
        (ParamKind::Text | ParamKind::Multiline, _) => json!("Other words"),
        (_, Limit::Whole { min, max }) => json!(if now == json!(max) { min } else { max }),
        (_, Limit::Number { min, max, .. }) => json!(if now == json!(max) { min } else { max }),
        _ => match param.control(node) {
            Control::Choice(choices) => {
                let usable = |value: &Value| {
                    let changed = with(graph, param.name, value.clone());
                    *value != now && plan::plan(&changed, Some(&[id("it")]), Mode::Final).is_ok()
                };
                choices.into_iter().map(|choice| choice.value).find(|value| usable(value)).unwrap_or_else(|| panic!("{}", param.name))
            }
            control => panic!("{} is edited by {control:?}", param.name),
        },
    }
}

#[test]
fn every_node_type_says_what_people_and_programs_ask_of_it() {
    let readme = std::fs::read_to_string(crate::layers::root().join("README.md")).unwrap();
    for spec in nodes::specs() {
        let name = spec.node_type.name();
        for words in [spec.title, spec.description] {
            assert!(!words.trim().is_empty(), "{name}");
        }
        assert!(spec.description.ends_with('.'), "{name}: a description is a sentence");
        assert!(readme.contains(&format!("`{name}`")), "the README says nothing of {name}");
        for param in spec.params {
            let fits = match param.kind {
                ParamKind::Integer | ParamKind::Take => matches!(param.limit, Limit::Whole { min, max } if min < max),
                ParamKind::Number => matches!(param.limit, Limit::Number { min, max, step } if min < max && step > 0.0),
                _ => param.limit == Limit::None,
            };
            assert!(fits, "{name}.{}: {:?} of a {:?}", param.name, param.limit, param.kind);
            assert!(!param.label.is_empty());
        }
        for need in spec.needs {
            let (params, sockets): (&[&str], &[&str]) = match need {
                Need::Text { param, .. } | Need::Asset { param, .. } => (&[param], &[]),
                Need::Above { param, than, .. } => (&[param, than], &[]),
                Need::Wired { socket, .. } => (&[], &[socket]),
            };
            assert!(
                params.iter().all(|param| spec.param(param).is_some()) && sockets.iter().all(|socket| spec.input(socket).is_some()),
                "{name}"
            );
        }
        if let Action::Value { param } | Action::Given { param, .. } | Action::Name { param } = spec.action {
            assert!(spec.param(param).is_some(), "{name}");
        }
    }
}

#[test]
fn every_operation_is_asked_for_and_every_node_that_makes_something_has_one() {
    let made: Vec<_> = nodes::specs().iter().filter_map(|spec| spec.operation()).collect();
    for operation in &made {
        assert!(operations::find(operation.name).is_some(), "nothing performs {}", operation.name);
        assert!(!operation.noun.is_empty() && !operation.done.is_empty());
    }
    for operation in operations::all() {
        let asked_for = made.iter().any(|made| made.name == operation.name());
        assert!(asked_for || operation.name() == "poster", "no node asks for {}", operation.name());
    }
}

#[test]
fn every_node_type_survives_its_document() {
    for spec in nodes::specs() {
        let graph = fed(spec);
        let written = format::write(&graph);
        let read = format::read_sound(&written).unwrap_or_else(|errors| panic!("{}: {errors:?}", spec.node_type));
        assert_eq!((&read, format::write(&read)), (&graph, written), "{}", spec.node_type);
        let bare = Node::new(id("it"), spec.node_type.clone(), Position::default());
        let mut alone = Graph::new();
        alone.apply(Command::AddNode(bare)).unwrap();
        assert!(format::read_sound(&format::write(&alone)).is_ok(), "{}: what is unfinished can be saved", spec.node_type);
    }
}

#[test]
fn a_content_key_changes_with_each_parameter_that_counts_and_with_no_other() {
    for spec in nodes::specs().iter().filter(|spec| spec.action != Action::Nothing) {
        let graph = fed(spec);
        for param in spec.params {
            // One without effect is given one first.
            let graph = param.with.map_or_else(|| graph.clone(), |(name, value)| with(&graph, name, value.into()));
            let changed = with(&graph, param.name, other(param, &graph));
            assert_eq!(key(&graph) != key(&changed), param.counts, "{}.{}", spec.node_type, param.name);
        }
        let mut moved = graph.clone();
        moved.apply(Command::MoveNodes(vec![(id("it"), Position::new(500.0, 0.0))])).unwrap();
        assert_eq!(key(&graph), key(&moved), "{}: where it stands", spec.node_type);
    }
}

#[test]
fn what_costs_money_has_a_free_twin() {
    let paying: Vec<_> =
        nodes::specs().iter().filter(|spec| spec.action != Action::Nothing && step(&fed(spec), Mode::Final).is_paid()).collect();
    assert!(!paying.is_empty());
    for spec in paying {
        let twin = step(&fed(spec), Mode::Draft);
        assert_eq!(twin.provider(), Some(Provider::Animatic), "{}", spec.node_type);
        let work = Work::of(&twin, &[], None).unwrap();
        assert_eq!(work.operation.payment(&work.input).unwrap(), None);
        let paid = step(&fed(spec), Mode::Final);
        let work = Work::of(&paid, &[], None).unwrap();
        assert!(work.operation.payment(&work.input).unwrap().is_some());
        assert_eq!(work.operation.price(&paid), work.operation.payment(&work.input).unwrap().unwrap().estimated_usd_micros);
    }
}

/// A library of the test's own files.
struct Files(HashMap<AssetRef, PathBuf>);

#[async_trait]
impl Library for Files {
    async fn file(&self, asset: AssetRef) -> Result<StoredFile> {
        Ok(StoredFile { name: "Test".into(), path: self.0[&asset].clone() })
    }

    async fn clip(&self, video: VideoId) -> Result<StoredClip> {
        let path = self.0[&video.into()].clone();
        let probed = Arc::new(probe::probe(&Ffmpeg::locate(), &path).await?);
        Ok(StoredClip { name: "Test".into(), clip: Clip { path, probed } })
    }

    async fn make_poster(&self, _: AssetRef) -> Result<()> {
        Ok(())
    }
}

/// What an operation is tried with.
struct Bench {
    server: TestServer,
    files: Files,
}

impl Bench {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let mut files = HashMap::new();
        for (number, clip) in CLIPS.iter().enumerate() {
            let shape = clips::Shape { seconds: 2, variant: 40 + number as u32, ..clips::SHORT };
            let path = server.dir.path().join(format!("{number}.mp4"));
            std::fs::write(&path, clips::clip(shape)).unwrap();
            files.insert(AssetRef::parse(AssetKind::Video, clip).unwrap(), path);
        }
        let path = server.dir.path().join("image.png");
        std::fs::write(&path, images::png(1)).unwrap();
        files.insert(AssetRef::parse(AssetKind::Image, IMAGE).unwrap(), path);
        Self { server, files: Files(files) }
    }

    /// The work of the node's step in a draft, made of the test's files.
    fn work(spec: &NodeSpec) -> Work {
        let graph = fed(spec);
        let step = step(&graph, Mode::Draft);
        let given = |from: &NodeId| nodes::given(graph.node(from).unwrap()).unwrap();
        let inputs: Vec<_> = step.media_inputs().flat_map(|input| input.from.iter().map(|from| (input.socket, given(from)))).collect();
        Work::of(&step, &inputs, None).unwrap_or_else(|| panic!("{} names no work", spec.node_type))
    }

    async fn perform(&self, work: &Work, on_progress: &(dyn Fn(f64, &str) + Send + Sync), cancel: &CancellationToken) -> Result<Made> {
        let state = self.server.state();
        let context = Context {
            job_id: JobId::generate(),
            ffmpeg: &state.studio.ffmpeg,
            providers: &state.studio.providers,
            content: &state.studio.content,
            library: &self.files,
            ledger: None,
            on_progress,
            leave_lane: &|| (),
            cancel,
        };
        work.operation.perform(&work.input, &context).await
    }

    fn staged(&self) -> usize {
        std::fs::read_dir(self.server.dir.path().join("videos/.staging")).unwrap().count()
    }
}

/// How often an operation is cancelled to see it end in time: a busy machine holds up one try, not all.
const TRIES: usize = 5;

/// A second after the moment: the bound on an operation that is cancelled.
async fn too_long_after(moment: &Notify) {
    moment.notified().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_gives_the_same_bytes_again_ends_at_once_and_leaves_nothing() {
    let bench = Bench::new().await;
    for spec in nodes::specs().iter().filter(|spec| spec.makes()) {
        let work = Bench::work(spec);
        let name = spec.node_type.name();
        let mut digests = Vec::new();
        for _ in 0..2 {
            let shares = Mutex::new(vec![0.0]);
            let note = |share: f64, _: &str| shares.lock().unwrap().push(share);
            let made = bench.perform(&work, &note, &CancellationToken::new()).await;
            let Made::File(file) = made.unwrap_or_else(|error| panic!("{name}: {error}")) else { panic!("{name} made no file") };
            assert_eq!(Some(file.kind), spec.gives(), "{name}");
            digests.push(std::fs::read(&file.path).unwrap());
            let shares = shares.into_inner().unwrap();
            assert!(shares.is_sorted() && shares.iter().all(|share| (0.0..=1.0).contains(share)), "{name}: {shares:?}");
        }
        assert!(digests[0] == digests[1], "{name} made other bytes of the same inputs");
        assert_eq!(bench.staged(), 0, "{name}");

        let cancel = CancellationToken::new();
        cancel.cancel();
        let ended = bench.perform(&work, &|_, _| (), &cancel).await;
        assert!(matches!(ended, Err(Error::Cancelled)), "{name}: {ended:?}");
        // Somebody cancels while it works: at its first sign of progress, so that it has begun and cannot be done.
        let mut ended = None;
        for _ in 0..TRIES {
            let (cancel, begun) = (CancellationToken::new(), Notify::new());
            let stop = |share: f64, _: &str| {
                assert!(share < 1.0, "{name} is done before it says anything");
                cancel.cancel();
                begun.notify_one();
            };
            ended = tokio::select! {
                ended = bench.perform(&work, &stop, &cancel) => Some(ended),
                () = too_long_after(&begun) => None,
            };
            if ended.is_some() {
                break;
            }
        }
        let ended = ended.unwrap_or_else(|| panic!("{name} goes on, cancelled at its first sign of progress"));
        assert!(matches!(ended, Err(Error::Cancelled)), "{name}, cancelled while it works: {ended:?}");
        assert_eq!(bench.staged(), 0, "{name} left a file, cancelled while it works");
        // Its worker is gone while it works.
        let (cancel, begun) = (CancellationToken::new(), Notify::new());
        let note = |_: f64, _: &str| begun.notify_one();
        tokio::select! {
            ended = bench.perform(&work, &note, &cancel) => panic!("{name} ended before its worker was gone: {ended:?}"),
            () = begun.notified() => {}
        }
        assert_eq!(bench.staged(), 0, "{name} left a file");
    }
}
