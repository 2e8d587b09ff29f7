//! `/jobs`: what runs, waits, is paused, waits for the user, has ended; cancelled, paused, resumed and put in order.

use leptos::{ev, prelude::*, task::spawn_local};
use leptos_meta::Title;

use super::{
    frame::Frame,
    job_board::{Board, Entry, Group},
    job_row::Row,
};
use crate::{
    api::jobs::{cancel_job, list_jobs},
    domain::{
        ApiError,
        job::{JobBoard, JobRow, PosterJobs, Status},
    },
    ui::{
        address,
        browser::{browser_only::BrowserOnly, events::Following},
        components::{Dialog, EmptyState, ErrorNotice, Skeleton, Toasts, effect, handler, memo, part},
        words,
    },
};

/// The filters, in the order of a job's life.
const FILTERS: [(Option<Status>, &str); 7] = [
    (None, "All"),
    (Some(Status::Running), "Running"),
    (Some(Status::Queued), "Waiting"),
    (Some(Status::Unknown), "Needs you"),
    (Some(Status::Failed), "Failed"),
    (Some(Status::Succeeded), "Done"),
    (Some(Status::Cancelled), "Cancelled"),
];

type Listed = Resource<Result<JobBoard, ApiError>>;

/// The page of jobs.
#[component]
pub fn JobsPage() -> impl IntoView {
    let asked = address::query("status").and_then(|name| Status::from_name(&name));
    let listed: Listed = Resource::new(move || asked, |asked| async move { list_jobs(asked, None).await });
    view! {
        <Title text="Jobs"/>
        <Frame>
            <div class="page-title">
                <h1>"Jobs"</h1>
            </div>
            <Filter asked/>
            <Transition fallback=Shape>
                {move || Suspend::new(async move {
                    match listed.await {
                        Ok(board) => view! { <Shown asked board/> }.into_any(),
                        Err(error) => view! {
                            <ErrorNotice error kept="The jobs go on.">
                                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| listed.refetch())>"Try again"</button>
                            </ErrorNotice>
                        }
                        .into_any(),
                    }
                })}
            </Transition>
        </Frame>
    }
}

fn address(status: Option<Status>) -> String {
    address::with_query("/jobs", &[("status", status.map(Status::name))])
}

#[component]
fn Filter(asked: Option<Status>) -> impl IntoView {
    let links = FILTERS.map(|(status, name)| {
        let current = (asked == status).then_some("page");
        view! { <a class="segment" href=address(status) aria-current=current>{name}</a> }
    });
    view! { <nav class="segments job-filter" aria-label="Status">{links.collect_view()}</nav> }
}

#[component]
fn Shown(asked: Option<Status>, board: JobBoard) -> impl IntoView {
    let left_out = words::left_out(board.ended.unreadable, "job");
    let board = Board::new(asked, board, expect_context::<Toasts>());
    let following = BrowserOnly::<Following>::new();
    effect(move || following.fill(untrack(|| board.follow())));
    let leaving = RwSignal::new(None::<JobRow>);
    let is_empty = memo(move || board.entries.with(Vec::is_empty));
    view! {
        {part(move || is_empty.get().then(|| view! { <Nothing asked/> }))}
        {Group::ALL.map(|group| view! { <Section group board leaving/> }).collect_view()}
        {part(move || {
            let more = board.unlisted.get();
            (more > 0).then(|| view! { <p class="job-note">{format!("{} more in the queue.", words::count(more, "job"))}</p> })
        })}
        {part(move || {
            board
                .next
                .get()
                .map(|_| view! { <button type="button" class="button more" on:click=handler(move |_: ev::MouseEvent| board.more())>"Older jobs"</button> })
        })}
        {left_out.map(|text| view! { <p class="job-note" role="status">{text}</p> })}
        {part(move || posters(board.posters.get()).map(|text| view! { <p class="job-note">{text}</p> }))}
        <CancelDialog leaving board/>
    }
}

/// What there is to say of posters.
fn posters(posters: PosterJobs) -> Option<String> {
    let are = |number| if number == 1 { "is" } else { "are" };
    let made = Some(posters.under_way).filter(|number| *number > 0);
    let made = made.map(|number| format!("{} {} being made.", words::count(number, "poster"), are(number)));
    let failed = Some(posters.failed).filter(|number| *number > 0);
    let failed =
        failed.map(|number| format!("{} could not be made; the next look at the clip tries again.", words::count(number, "poster")));
    let said: Vec<_> = made.into_iter().chain(failed).collect();
    Some(said.join(" ")).filter(|said| !said.is_empty())
}

#[component]
fn Section(group: Group, board: Board, leaving: RwSignal<Option<JobRow>>) -> impl IntoView {
    let entries =
        memo(move || board.entries.with(|entries| entries.iter().filter(|entry| entry.group == group).cloned().collect::<Vec<_>>()));
    let is_empty = memo(move || entries.with(Vec::is_empty));
    let place_of = move |entry: &Entry| {
        let id = entry.id;
        Signal::derive(move || entries.with(|entries| (entries.iter().position(|entry| entry.id == id).unwrap_or_default(), entries.len())))
    };
    part(move || {
        (!is_empty.get()).then(|| {
            view! {
                <section class="job-group" aria-label=group.name()>
                    <h2>{group.name()}</h2>
                    <ul class="job-list">
                        <For each=move || entries.get() key=|entry| entry.id let:entry>
                            <Row place=place_of(&entry) group row=entry.row board leaving/>
                        </For>
                    </ul>
                </section>
            }
        })
    })
}

#[component]
fn Nothing(asked: Option<Status>) -> impl IntoView {
    if asked.is_some() {
        view! {
            <EmptyState title="No such job now" text="Jobs of another kind may be under way, or have ended.">
                <a class="button" href="/jobs">"Show all"</a>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState title="No jobs yet" text="Each shot and each stitch of a run is a job. Here you see what runs and what waits, and put it in order.">
                <a class="button button-primary" href="/">"Workflows"</a>
            </EmptyState>
        }
        .into_any()
    }
}

#[component]
fn CancelDialog(leaving: RwSignal<Option<JobRow>>, board: Board) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let open = RwSignal::new(false);
    // The name stays readable while the dialog closes.
    let (shown, set_shown) = signal(None::<JobRow>);
    effect(move || {
        if let Some(row) = leaving.get() {
            set_shown.set(Some(row));
            open.set(true);
        }
    });
    effect(move || {
        if !open.get() {
            leaving.set(None);
        }
    });
    let cancel = move |_| {
        let Some(row) = shown.get_untracked() else { return };
        open.set(false);
        spawn_local(async move {
            match cancel_job(row.job.id).await {
                Ok(_) => board.read().await,
                Err(error) => toasts.fail(error.message),
            }
        });
    };
    let title = move || shown.with(|row| row.as_ref().map_or_else(String::new, |row| format!("Cancel {}?", row.title)));
    let lost = move || {
        if shown.with(|row| row.as_ref().is_some_and(|row| row.is_paid)) {
            "The provider may have begun, and may charge for it all the same. Nodes that wait for it are cancelled too."
        } else {
            "What it has done so far is lost. Nodes that wait for it are cancelled too."
        }
    };
    view! {
        <Dialog open title=Signal::derive(title)>
            <div class="dialog-body"><p>{lost}</p></div>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| open.set(false))>"Let it go on"</button>
                <button type="button" class="button button-danger" on:click=cancel>"Cancel the job"</button>
            </div>
        </Dialog>
    }
}

#[component]
fn Shape() -> impl IntoView {
    let rows = (0..4).map(|_| {
        view! {
            <li class="skeleton-row">
                <Skeleton width="24ch"/>
                <Skeleton width="12ch"/>
            </li>
        }
    });
    view! { <ul class="job-list" aria-label="The jobs are being read" aria-busy="true">{rows.collect_view()}</ul> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_filter_with_an_address() {
        for status in Status::ALL {
            assert!(FILTERS.iter().any(|(filter, _)| *filter == Some(status)), "{status:?}");
        }
        assert_eq!(address(None), "/jobs");
        assert_eq!(address(Some(Status::Failed)), "/jobs?status=failed");
    }

    #[test]
    fn posters_are_told_in_one_line_or_not_at_all() {
        assert_eq!(posters(PosterJobs::default()), None);
        assert_eq!(posters(PosterJobs { under_way: 1, failed: 0 }).as_deref(), Some("1 poster is being made."));
        let both = posters(PosterJobs { under_way: 12, failed: 2 });
        assert_eq!(both.as_deref(), Some("12 posters are being made. 2 posters could not be made; the next look at the clip tries again."));
    }
}
