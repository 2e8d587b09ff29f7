//! Running: starts and stops executions, and shows each node what the server says of it. A progress event touches one node.

use leptos::{prelude::*, task::spawn_local};

use super::{
    Session,
    overtaken::{Asked, Overtaken},
    restore::Restore,
};
use crate::{
    api::executions::{cancel_execution, estimate_execution, execution, start_execution},
    domain::{
        ApiError, ExecutionId, NodeId,
        event::EventPayload,
        execution::{Execution, Mode, NewExecution, NodeRun, NodeStatus},
        job::Status,
    },
    graph::{Command, canvas::selection::Selection, nodes, param::ParamKind},
    ui::{
        browser::{
            events::{Question, RawEvent, Received},
            request,
        },
        editor::document::save,
    },
};

/// Starts a run: of everything, unless that is running or asked for, or of these nodes and what they need.
pub fn start(session: Session, restore: Restore, nodes: Option<Vec<NodeId>>) {
    if nodes.is_some() {
        spawn_local(ask(session, restore, nodes));
    } else if !session.starting.get_value() && !untrack(|| session.is_running()) {
        session.starting.set_value(true);
        spawn_local(async move {
            ask(session, restore, None).await;
            let _ = session.starting.try_set_value(false);
        });
    }
}

async fn ask(session: Session, restore: Restore, nodes: Option<Vec<NodeId>>) {
    session.editor.document.end_typing();
    let mode = session.mode.get_untracked();
    let workflow_id = match save::ensure_row(session).await {
        Ok(id) => id,
        Err(error) => return refuse(session, &error),
    };
    let asked = NewExecution { workflow_id: Some(workflow_id), definition: Some(session.editor.definition()), nodes, mode };
    if mode == Mode::Final && !session.missing_for_final().is_empty() && !needs_no_key(&asked).await {
        tell_missing(session);
        return;
    }
    match start_execution(asked).await {
        Ok(id) => {
            take_back_refusal(session);
            // An event may have told of it before this answer came.
            if session.run.get_untracked().is_none_or(|(shown, _)| shown != id) {
                session.finished.update_value(|finished| finished.clear());
                session.run_mode.set_value(mode);
                session.run.set(Some((id, Status::Queued)));
            }
            read(session, restore, id).await;
        }
        Err(error) => refuse(session, &error),
    }
}

/// Whether a run can do without the keys that are missing, because what they would make is there already.
async fn needs_no_key(asked: &NewExecution) -> bool {
    matches!(estimate_execution(asked.clone()).await, Ok(Some(_)))
}

/// Makes another take of a node: its content key changes, so nothing stored stands for it.
pub fn again(session: Session, restore: Restore, node: &NodeId) {
    let next = session.editor.with_graph(|graph| {
        let of_node = graph.node(node)?;
        let param = nodes::spec(&of_node.node_type)?.param_of(ParamKind::Take)?;
        let take = param.value(of_node).as_i64()?;
        Some(Command::SetParam { node: node.clone(), name: param.name.to_owned(), value: (take + 1).into() })
    });
    if next.is_some_and(|next| session.editor.dispatch(next)) {
        start(session, restore, Some(vec![node.clone()]));
    }
}

/// Stops the run; what is done stays.
pub fn stop(session: Session, restore: Restore) {
    let Some((id, _)) = session.run.get_untracked() else { return };
    spawn_local(async move {
        let asked = session.overtaken.with_value(Overtaken::asked);
        match session.reconnect.until_answered(|| cancel_execution(id)).await {
            Ok(execution) => show(session, restore, &execution, asked),
            Err(error) => session.toasts.fail(error.message),
        }
    });
}

/// Says what final mode lacks, if it lacks something.
pub fn tell_missing(session: Session) -> bool {
    let missing = session.missing_for_final();
    if missing.is_empty() {
        return false;
    }
    let settings = missing.iter().map(|(provider, variable)| format!("{variable} for {provider}")).collect::<Vec<_>>();
    session.lacking.set(Some(settings.join(", ")));
    true
}

/// Shows what an event told of the workflow's runs.
pub fn show_event(session: Session, restore: Restore, event: &RawEvent) {
    // A server of another version may say what this page cannot read; a reload is offered elsewhere.
    let Some(received) = event.read() else { return };
    match received {
        Received::Reset => {
            if let Some((id, _)) = session.run.try_get_untracked().flatten() {
                spawn_local(async move { read(session, restore, id).await });
            }
        }
        Received::Event(payload) => match *payload {
            EventPayload::Node(event) => {
                if session.run.try_get_untracked().flatten().is_some_and(|(id, _)| id == event.execution_id) {
                    session.overtaken.update_value(|overtaken| overtaken.note_node(&event.node.node_id));
                    show_node(session, restore, event.node);
                }
            }
            EventPayload::Execution(execution) => {
                let is_ours = execution.workflow_id.is_some() && session.id.try_get_untracked().flatten() == execution.workflow_id;
                if is_ours && session.run.try_get_untracked().flatten().is_none_or(|(id, _)| id <= execution.id) {
                    session.overtaken.update_value(|overtaken| overtaken.note_run(&execution));
                    show_newest(session, restore, &execution, session.overtaken.with_value(Overtaken::asked));
                }
            }
            EventPayload::Job(_) => {}
        },
    }
}

async fn read(session: Session, restore: Restore, id: ExecutionId) {
    let Some(asked) = session.overtaken.try_with_value(Overtaken::asked) else { return };
    match session.reconnect.until_answered(|| execution(id)).await {
        Ok(execution) => show(session, restore, &execution, asked),
        Err(error) => session.toasts.fail(format!("How the run stands could not be read. {}", error.message)),
    }
}

/// Asks how the workflow's newest run stands, as no event tells it; it may have been begun elsewhere.
pub fn ask_anew(session: Session, restore: Restore, question: Question) {
    let Some(workflow) = session.id.try_get_untracked().flatten() else { return };
    spawn_local(async move {
        let address = format!("/api/executions?workflow_id={workflow}&limit=1");
        let Some(asked) = session.overtaken.try_with_value(Overtaken::asked) else { return };
        match session.reconnect.until_answered(|| request::get_json::<Vec<Execution>>(&address)).await {
            Ok(newest) => newest.iter().for_each(|execution| show_newest(session, restore, execution, asked)),
            Err(error) => {
                question.refused();
                session.toasts.fail(format!("How the run stands could not be read. {}", error.message));
            }
        }
    });
}

/// Shows a run of the workflow, unless a later one is shown already.
fn show_newest(session: Session, restore: Restore, execution: &Execution, asked: Asked) {
    let shown = session.run.try_get_untracked().flatten();
    // A later run, begun in another tab, takes the place of the one that is shown.
    if shown.is_none_or(|(id, _)| id <= execution.id) {
        if shown.is_some_and(|(id, _)| id != execution.id) {
            session.finished.update_value(|finished| finished.clear());
        }
        show(session, restore, execution, asked);
    }
}

/// Shows how a run stood when it was asked about; what an event told since stays.
fn show(session: Session, restore: Restore, execution: &Execution, asked: Asked) {
    let before = session.run.try_get_untracked().flatten();
    let Some(overtaken) = session.overtaken.try_with_value(Clone::clone) else { return };
    if overtaken.run_since(asked) {
        return;
    }
    let _ = session.run.try_set(Some((execution.id, execution.status)));
    session.run_mode.set_value(execution.mode);
    for node in execution.nodes.iter().filter(|node| !overtaken.node_since(asked, &node.node_id)) {
        show_node(session, restore, node.clone());
    }
    let ended_now = execution.status.is_finished() && before.is_some_and(|(id, status)| id == execution.id && !status.is_finished());
    if ended_now {
        session.editor.say(ending(execution));
    }
}

fn show_node(session: Session, restore: Restore, run: NodeRun) {
    let is_finished = run.status.is_finished();
    let known = session.finished.try_update_value(|finished| {
        if is_finished {
            finished.insert(run.node_id.clone());
            false
        } else {
            finished.contains(&run.node_id)
        }
    });
    if known != Some(false) {
        return;
    }
    if let (NodeStatus::Succeeded, Some(asset)) = (run.status, run.asset()) {
        restore.bring_by_reference(run.node_id.clone(), asset);
    }
    session.editor.set_run(run, session.run_mode.get_value());
}

fn ending(execution: &Execution) -> String {
    let failed = execution.nodes.iter().filter(|node| node.status == NodeStatus::Failed).count();
    match (execution.status, failed) {
        (Status::Succeeded, _) => "The run is done.".to_owned(),
        (Status::Cancelled, _) => "The run was stopped. What was done stays.".to_owned(),
        (_, 1) => "The run ended: one node failed and says why.".to_owned(),
        (_, failed) => format!("The run ended: {failed} nodes failed and say why."),
    }
}

fn refuse(session: Session, error: &ApiError) {
    let lacking = error.errors.iter().filter(|error| error.kind == "missing_setting").map(|error| error.detail.clone());
    let lacking = lacking.collect::<Vec<_>>();
    if !lacking.is_empty() {
        session.lacking.set(Some(lacking.join(" ")));
        return;
    }
    let nodes = error.errors.iter().filter_map(|error| error.node_id.clone()).collect::<Vec<_>>();
    let details = error.errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>();
    session.editor.selection.set(Selection::of_nodes(nodes));
    let reason = if details.is_empty() { error.message.clone() } else { details.join(" ") };
    take_back_refusal(session);
    session.refusal.set_value(Some(session.toasts.fail_for_now(format!("Nothing was started. {reason}"))));
}

/// Takes away what was said of an earlier try: what is shown speaks of the last one.
fn take_back_refusal(session: Session) {
    if let Some(number) = session.refusal.try_update_value(Option::take).flatten() {
        session.toasts.close(number);
    }
}
