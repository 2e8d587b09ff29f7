//! A job in the list: what it makes and for which workflow, where it stands, and what can be done with it.

use leptos::{ev, prelude::*, task::spawn_local};

use super::job_board::{Board, Group};
use crate::{
    api::jobs::{cancel_job, change_job, front_of_queue, move_job},
    domain::{
        ApiError, JobId,
        job::{Job, JobChange, JobRow, Status, Step},
    },
    graph::nodes,
    ui::{
        browser::canvas_dom,
        components::{Glyph, Icon, IconButton, OutcomeButtons, Toasts, When, handler, part, part_if},
    },
};

/// One row.
#[component]
pub fn Row(
    /// What it shows.
    row: ArcRwSignal<JobRow>,
    /// The group it stands in.
    group: Group,
    /// Its place among how many of its group.
    #[prop(into)]
    place: Signal<(usize, usize)>,
    /// The page's jobs, to be read anew after a change.
    board: Board,
    /// Set to the job that is to be cancelled once the user has said so: one that runs, or may have been paid for.
    leaving: RwSignal<Option<JobRow>>,
) -> impl IntoView {
    let first = row.get_untracked();
    let id = first.job.id;
    let of_kind = nodes::operation(first.job.kind.name()).map_or("Job", |operation| operation.noun);
    let workflow = first.workflow.map(|workflow| view! { " · " <a href=format!("/workflows/{}", workflow.id)>{workflow.name}</a> });
    let status = Memo::new({
        let row = row.clone();
        move |_| row.with(|row| row.job.status)
    });
    view! {
        <li class="job-row" data-job=id.to_string() data-job-status=Signal::derive(move || status.get().name())>
            <span class="job-kind"><Icon glyph=Glyph::Film/></span>
            <div class="job-what">
                <p class="job-title">{first.title.clone()}</p>
                <p class="job-of">{of_kind}{workflow}</p>
            </div>
            <State row=row.clone() place title=first.title.clone()/>
            <span class="job-buttons"><Actions row id title=first.title group place board leaving/></span>
        </li>
    }
}

#[component]
fn State(row: ArcRwSignal<JobRow>, place: Signal<(usize, usize)>, title: String) -> impl IntoView {
    // What changes with every percentage is apart from what changes with the status.
    let standing = Memo::new({
        let row = row.clone();
        move |_| row.with(|row| Job { progress: 0.0, message: String::new(), ..row.job.clone() })
    });
    let label = StoredValue::new(format!("Progress of {title}"));
    part(move || {
        let job = standing.get();
        let row = row.clone();
        match job.status {
            Status::Running => view! { <Progress row label=label.get_value()/> }.into_any(),
            Status::Queued if job.paused => state_cell("Paused", "", None, "Asked for ", job.created_at),
            Status::Queued => view! {
                <div class="job-state">
                    <p>{part(move || if place.get().0 == 0 { "Next".to_owned() } else { format!("Place {}", place.get().0 + 1) })}</p>
                    {part_if(move || words_of(&row).map(|words| view! { <p class="job-when">{words}</p> }))}
                    <p class="job-when">"Asked for " <When at=job.created_at/></p>
                </div>
            }
            .into_any(),
            Status::Unknown => {
                let reason = job.error.map(|error| error.message);
                let reason = reason.unwrap_or_else(|| {
                    "The request left, and no answer tells whether it arrived. It is not sent again by itself.".to_owned()
                });
                state_cell("Needs you", "badge-warn", Some(reason), "Asked for ", job.created_at)
            }
            Status::Succeeded => state_cell("Done", "badge-good", None, "", job.finished_at.unwrap_or(job.created_at)),
            Status::Failed => {
                state_cell("Failed", "badge-bad", job.error.map(|error| error.message), "", job.finished_at.unwrap_or(job.created_at))
            }
            Status::Cancelled => state_cell("Cancelled", "", None, "", job.finished_at.unwrap_or(job.created_at)),
        }
    })
}

/// A word, perhaps a reason, and when.
fn state_cell(
    word: &'static str,
    tone: &'static str,
    reason: Option<String>,
    since: &'static str,
    at: crate::domain::Timestamp,
) -> AnyView {
    view! {
        <div class="job-state">
            <p><span class=format!("badge {tone}")>{word}</span></p>
            {reason.map(|reason| view! { <p class="job-reason">{reason}</p> })}
            <p class="job-when">{since}<When at/></p>
        </div>
    }
    .into_any()
}

/// What a waiting job says of itself, if anything.
fn words_of(row: &ArcRwSignal<JobRow>) -> Option<String> {
    Some(row.with(|row| row.job.message.clone())).filter(|words| !words.is_empty())
}

#[component]
fn Progress(row: ArcRwSignal<JobRow>, label: String) -> impl IntoView {
    let share = {
        let row = row.clone();
        Signal::derive(move || row.with(|row| row.job.progress))
    };
    let percent = move || format!("{:.0} %", share.get() * 100.0);
    let message = move || row.with(|row| row.job.message.clone());
    view! {
        <div class="job-state job-running">
            <progress max="1" value=Signal::derive(move || share.get().to_string()) aria-label=label></progress>
            <span class="job-figure">{part(percent)}</span>
            <p class="job-when">{part(message)}</p>
        </div>
    }
}

#[component]
fn Actions(
    row: ArcRwSignal<JobRow>,
    id: JobId,
    title: String,
    group: Group,
    place: Signal<(usize, usize)>,
    board: Board,
    leaving: RwSignal<Option<JobRow>>,
) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    // Asks the server, reads the jobs anew and gives the focus back to the button, which has moved.
    let ask = move |action: &'static str, asked: Answer| {
        spawn_local(async move {
            match asked.await {
                Ok(_) => {
                    board.read().await;
                    request_animation_frame(move || canvas_dom::focus_first(&format!("[data-job=\"{id}\"] [data-action=\"{action}\"]")));
                }
                Err(error) => toasts.fail(error.message),
            }
        });
    };
    let button =
        move |glyph, label: String, hint: &'static str, action: &'static str, is_idle: Signal<bool>, asked: fn(JobId) -> Answer| {
            let press = move |_: ev::MouseEvent| {
                if !is_idle.get_untracked() {
                    ask(action, asked(id));
                }
            };
            // Not disabled in earnest: at the end of its way a button would lose the focus.
            let is_idle = Signal::derive(move || is_idle.get().then_some("true"));
            view! {
                <button
                    type="button"
                    class="button button-quiet button-icon"
                    aria-label=label
                    title=hint
                    data-action=action
                    aria-disabled=is_idle
                    on:click=handler(press)
                >
                    <Icon glyph/>
                </button>
            }
            .into_any()
        };
    let never = Signal::stored(false);
    let is_first = Signal::derive(move || place.get().0 == 0);
    let is_last = Signal::derive(move || place.get().0 + 1 >= place.get().1);
    let cancel = move || {
        let shown = row.get_untracked();
        if shown.job.status != Status::Queued {
            leaving.set(Some(shown));
        } else {
            ask("cancel", Box::pin(cancel_job(id)));
        }
    };
    let cancel = view! { <IconButton glyph=Glyph::Close label=format!("Cancel {title}") on_press=cancel/> }.into_any();
    match group {
        Group::Waiting => vec![
            button(Glyph::Front, format!("Move {title} to the front"), "To the front", "front", is_first, |id| {
                Box::pin(front_of_queue(id))
            }),
            button(Glyph::ChevronUp, format!("Move {title} up"), "Up", "earlier", is_first, |id| Box::pin(move_job(id, Step::Earlier))),
            button(Glyph::ChevronDown, format!("Move {title} down"), "Down", "later", is_last, |id| Box::pin(move_job(id, Step::Later))),
            button(Glyph::Pause, format!("Pause {title}"), "Pause", "hold", never, |id| Box::pin(change_job(id, paused(true)))),
            cancel,
        ],
        Group::Paused => {
            vec![
                button(Glyph::Play, format!("Resume {title}"), "Resume", "hold", never, |id| Box::pin(change_job(id, paused(false)))),
                cancel,
            ]
        }
        Group::Running => vec![cancel],
        Group::Unknown => {
            vec![view! { <OutcomeButtons job=id on_decided=move |_| spawn_local(async move { board.read().await })/> }.into_any()]
        }
        Group::Ended => Vec::new(),
    }
}

/// What the server says to a change.
type Answer = std::pin::Pin<Box<dyn Future<Output = Result<Job, ApiError>> + Send>>;

fn paused(paused: bool) -> JobChange {
    JobChange { priority: None, paused: Some(paused) }
}
