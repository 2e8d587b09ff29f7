//! Properties of the core: whatever is done to a graph, it stays sound, survives its JSON, and is planned and keyed by what matters.

use proptest::{prelude::*, sample::Index};
use serde_json::{Value, json};

use crate::{
    domain::{NodeId, Sha256, execution::Mode},
    graph::{
        Change, Command, Graph, Node, NodeType, Position, SocketRef, check, content_key,
        document::{format, history::History, patch::Patch},
        nodes,
        plan::{Plan, plan},
        spec::{Action, Need},
    },
};

/// A step of a made-up session: which nodes and sockets it means is settled against the graph as it is then.
#[derive(Debug, Clone)]
enum Act {
    Add(usize, f64, f64),
    Remove(Index),
    Move(Index, f64, f64),
    Connect(Index, Index, Index, Index),
    Disconnect(Index),
    Set(Index, Index, Value),
    Several(Vec<Act>),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        (-5i64..20).prop_map(Value::from),
        (-2.0..20.0).prop_map(Value::from),
        prop_oneof![Just("fade"), Just("8"), Just("google"), Just("1280x720"), Just("A rainy street, 雨の街")].prop_map(Value::from),
        Just(json!(["n0", "n3"])),
        Just(json!({ "odd": true })),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let one = || any::<Index>();
    let coordinate = || (-40i32..40).prop_map(|steps| f64::from(steps) * 12.5);
    let simple = prop_oneof![
        4 => (0..10usize, coordinate(), coordinate()).prop_map(|(kind, x, y)| Act::Add(kind, x, y)),
        1 => one().prop_map(Act::Remove),
        2 => (one(), coordinate(), coordinate()).prop_map(|(node, x, y)| Act::Move(node, x, y)),
        8 => (one(), one(), one(), one()).prop_map(|(a, b, c, d)| Act::Connect(a, b, c, d)),
        1 => one().prop_map(Act::Disconnect),
        4 => (one(), one(), value()).prop_map(|(node, param, value)| Act::Set(node, param, value)),
    ];
    simple.prop_recursive(1, 4, 3, |inner| prop::collection::vec(inner, 1..3).prop_map(Act::Several))
}

fn id(text: &str) -> NodeId {
    text.parse().unwrap()
}

fn kind(number: usize) -> NodeType {
    nodes::specs().get(number).map_or_else(|| NodeType::from_name("FutureNode"), |spec| spec.node_type.clone())
}

fn some_socket(node: &Node, pick: &Index, output: bool) -> SocketRef {
    let sockets = nodes::spec(&node.node_type).map_or(&[][..], |spec| if output { spec.outputs } else { spec.inputs });
    let name = if sockets.is_empty() { "anything" } else { sockets[pick.index(sockets.len())].name };
    SocketRef::new(node.id.clone(), name)
}

/// The command an act means for this graph; `None` where there is nothing it could mean.
fn command(graph: &Graph, act: &Act, count: &mut usize) -> Option<Command> {
    let pick = |index: &Index| (!graph.nodes().is_empty()).then(|| &graph.nodes()[index.index(graph.nodes().len())]);
    Some(match act {
        Act::Add(number, x, y) => {
            *count += 1;
            Command::AddNode(Node::new(id(&format!("n{count}")), kind(*number), Position::new(*x, *y)))
        }
        Act::Remove(node) => Command::RemoveNodes(vec![pick(node)?.id.clone()]),
        Act::Move(node, x, y) => Command::MoveNodes(vec![(pick(node)?.id.clone(), Position::new(*x, *y))]),
        Act::Connect(from, output, to, input) => {
            Command::Connect { from: some_socket(pick(from)?, output, true), to: some_socket(pick(to)?, input, false) }
        }
        Act::Disconnect(index) => {
            let connections = graph.connections();
            let connection = (!connections.is_empty()).then(|| &connections[index.index(connections.len())])?;
            Command::Disconnect { from: connection.from.clone(), to: connection.to.clone() }
        }
        Act::Set(node, param, value) => {
            let node = pick(node)?;
            let params = nodes::spec(&node.node_type)?.params;
            Command::SetParam { node: node.id.clone(), name: params[param.index(params.len())].name.into(), value: value.clone() }
        }
        Act::Several(acts) => Command::All(acts.iter().filter_map(|act| command(graph, act, count)).collect()),
    })
}

fn graph_of(acts: &[Act]) -> Graph {
    let (mut graph, mut count) = (Graph::new(), 0);
    for act in acts {
        if let Some(command) = command(&graph, act, &mut count) {
            let _refusals_are_part_of_life = graph.apply(command);
        }
    }
    graph
}

fn graphs() -> impl Strategy<Value = Graph> {
    prop::collection::vec(act(), 0..60).prop_map(|acts| graph_of(&acts))
}

fn needs(node: &Node) -> &'static [Need] {
    nodes::spec(&node.node_type).map(|spec| spec.needs).unwrap_or_default()
}

/// Gives every node what it needs to run, so that a plan exists.
fn finished(mut graph: Graph) -> Graph {
    let unknown: Vec<_> = graph.nodes().iter().filter(|node| !nodes::is_known(&node.node_type)).map(|node| node.id.clone()).collect();
    graph.apply(Command::RemoveNodes(unknown)).unwrap();
    for node in graph.nodes().to_vec() {
        for name in node.params.keys().cloned() {
            graph.apply(Command::SetParam { node: node.id.clone(), name, value: Value::Null }).unwrap();
        }
        for need in needs(&node) {
            let (name, value) = match need {
                Need::Text { param, .. } => (*param, json!(format!("The {param} of {}", node.id))),
                Need::Asset { param, .. } => (*param, json!("0190b5a0-7b0e-7c3e-8f1e-0123456789ab")),
                Need::Wired { .. } | Need::Above { .. } => continue,
            };
            graph.apply(Command::SetParam { node: node.id.clone(), name: name.into(), value }).unwrap();
        }
    }
    let unwired = |node: &Node| {
        needs(node).iter().find_map(|need| match need {
            Need::Wired { socket, .. } if graph.wired_to(&node.id, socket).next().is_none() => Some(*socket),
            _ => None,
        })
    };
    let hungry: Vec<_> = graph.nodes().iter().filter_map(|node| Some((node.id.clone(), unwired(node)?))).collect();
    for (index, (node, socket)) in hungry.into_iter().enumerate() {
        let source = id(&format!("source{index}"));
        graph
            .apply(Command::AddNode(Node::new(source.clone(), NodeType::VEO_VIDEO, Position::default()).with_param("prompt", "More")))
            .unwrap();
        graph.apply(Command::Connect { from: SocketRef::new(source, "video"), to: SocketRef::new(node, socket) }).unwrap();
    }
    graph
}

/// The plan of a finished graph; `None` where there is nothing in it to run.
fn planned(graph: &Graph, targets: Option<&[NodeId]>) -> Option<Plan> {
    match plan(graph, targets, Mode::Final) {
        Ok(plan) => Some(plan),
        Err(errors) if errors[0].kind == "nothing_to_run" => None,
        Err(errors) => panic!("{errors:?}"),
    }
}

/// The key of every step, each step's clip being known by its key.
fn keys(plan: &Plan) -> Vec<(NodeId, Sha256)> {
    let mut keys: Vec<(NodeId, Sha256)> = Vec::new();
    for step in &plan.steps {
        let hash = |id: &NodeId| keys.iter().find(|(node, _)| node == id).map(|(_, key)| *key).unwrap();
        let media: Vec<_> = step.media_inputs().map(|input| (input.socket, input.from.iter().map(hash).collect())).collect();
        let key = content_key(step, &media);
        keys.push((step.node_id.clone(), key));
    }
    keys
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_graph_is_sound_after_every_command_and_untouched_by_a_refused_one(acts in prop::collection::vec(act(), 0..50)) {
        let (mut graph, mut count) = (Graph::new(), 0);
        for act in &acts {
            let before = graph.clone();
            let Some(command) = command(&graph, act, &mut count) else { continue };
            match graph.apply(command.clone()) {
                Ok(change) => {
                    let seen = Change::between(&before, &graph);
                    prop_assert_eq!(change.nodes(), seen.nodes(), "{:?}", command);
                    prop_assert_eq!(change.is_empty(), before == graph, "{:?}", command);
                }
                Err(_) => prop_assert_eq!(&before, &graph),
            }
            prop_assert_eq!(check::invariants(&graph), Vec::<String>::new(), "{:?}", command);
        }
    }

    #[test]
    fn a_journal_of_patches_leads_to_the_same_graph(acts in prop::collection::vec((act(), 0..6), 0..50)) {
        let (mut history, mut count) = (History::new(Graph::new()), 0);
        let mut journal: Vec<Patch> = Vec::new();
        for (act, step) in &acts {
            let before = history.present().clone();
            match step {
                0 => {
                    history.undo();
                }
                1 => {
                    history.redo();
                }
                _ => {
                    let mut next = before.clone();
                    if let Some(command) = command(&before, act, &mut count) && next.apply(command).is_ok() {
                        history.set(next);
                    }
                }
            }
            let patch = Patch::between(&before, history.present(), &Change::between(&before, history.present()));
            let read = Patch::read(&patch.write()).unwrap();
            prop_assert_eq!(&read, &patch);
            if journal.last().is_some_and(|last| read.covers(last)) {
                journal.pop();
            }
            journal.push(read);
        }
        let again = journal.iter().fold(Graph::new(), |graph, patch| patch.applied_to(&graph));
        prop_assert!(again.is_alike(history.present()), "{:?} {:?}", again, history.present());
    }

    #[test]
    fn what_may_be_connected_is_connected_and_nothing_else_is(graph in graphs(), a in any::<Index>(), b in any::<Index>(), s in any::<Index>()) {
        prop_assume!(!graph.nodes().is_empty());
        let node = |index: &Index| &graph.nodes()[index.index(graph.nodes().len())];
        let (from, to) = (some_socket(node(&a), &s, true), some_socket(node(&b), &s, false));
        let asked = graph.may_connect(&from, &to);
        let mut next = graph.clone();
        prop_assert_eq!(asked.is_ok(), next.apply(Command::Connect { from, to }).is_ok());
    }

    #[test]
    fn a_graph_survives_its_json(graph in graphs()) {
        let written = format::write(&graph);
        let read = format::read_sound(&written).unwrap();
        prop_assert_eq!(&read, &graph);
        prop_assert_eq!(&format::write(&read), &written);
        let pieces: String = format::write_in_pieces(&graph).collect();
        prop_assert_eq!(serde_json::from_str::<Value>(&pieces).unwrap(), written);
    }

    #[test]
    fn a_plan_has_every_step_after_what_it_needs(graph in graphs()) {
        let graph = finished(graph);
        let Some(plan) = planned(&graph, None) else { return Ok(()) };
        let place = |id: &NodeId| plan.steps.iter().position(|step| step.node_id == *id);
        for connection in graph.connections() {
            prop_assert!(place(&connection.from.node).unwrap() < place(&connection.to.node).unwrap());
        }
        let runs = |node: &Node| match nodes::spec(&node.node_type).unwrap().action {
            Action::Nothing => false,
            Action::Value { .. } => graph.outgoing(&node.id).next().is_some(),
            _ => true,
        };
        prop_assert_eq!(plan.steps.len(), graph.nodes().iter().filter(|node| runs(node)).count());
    }

    #[test]
    fn a_node_is_planned_with_all_it_needs_and_no_more(graph in graphs(), pick in any::<Index>()) {
        let graph = finished(graph);
        prop_assume!(!graph.nodes().is_empty());
        let target = &graph.nodes()[pick.index(graph.nodes().len())].id;
        let Some(plan) = planned(&graph, Some(std::slice::from_ref(target))) else { return Ok(()) };
        let mut needed = graph.upstream([target]);
        needed.insert(target.clone());
        prop_assert_eq!(plan.steps.into_iter().map(|step| step.node_id).collect::<std::collections::HashSet<_>>(), needed);
    }

    #[test]
    fn equal_graphs_have_equal_keys_and_a_move_changes_none_but_a_stitchers(graph in graphs(), by in -300.0..300.0) {
        let graph = finished(graph);
        let Some(before) = planned(&graph, None) else { return Ok(()) };
        let again = planned(&format::read(&format::write(&graph)).unwrap(), None).unwrap();
        prop_assert_eq!(keys(&before), keys(&again));
        let mut moved = graph.clone();
        let places = graph.nodes().iter().map(|node| (node.id.clone(), Position::new(node.position.x + by, node.position.y + 40.0))).collect();
        moved.apply(Command::MoveNodes(places)).unwrap();
        prop_assert_eq!(keys(&before), keys(&planned(&moved, None).unwrap()), "all moved alike, so no order changed");
    }
}
