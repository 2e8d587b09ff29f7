//! What the builder asks: which workflow to open, what to do after someone else saved, whether to bring unsaved edits back.

use leptos::{ev, prelude::*, task::spawn_local};

use crate::{
    api::workflows::list_workflows,
    domain::{
        ApiError,
        execution::Mode,
        workflow::{WorkflowStatus, WorkflowSummary},
    },
    ui::{
        components::{Dialog, ErrorNotice, Glyph, Icon, Skeleton, When, effect, handler, part},
        editor::{
            document::save,
            session::{Session, left_behind},
        },
        escape, words,
    },
};

/// Edits the description.
#[component]
pub fn DescriptionDialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <Dialog open title="Description">
            <div class="dialog-body">
                <textarea
                    class="input"
                    aria-label="Description"
                    maxlength="10000"
                    placeholder="What this workflow is about"
                    prop:value=session.description
                    on:input:target=move |event| session.description.set(event.target().value())
                >
                    {escape::text(session.description.get_untracked())}
                </textarea>
            </div>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| open.set(false))>"Done"</button>
            </div>
        </Dialog>
    }
}

type Listed = Option<Result<Vec<WorkflowSummary>, ApiError>>;

/// Lists the saved workflows.
#[component]
pub fn OpenDialog(
    /// Whether it is shown.
    open: RwSignal<bool>,
) -> impl IntoView {
    let listed = RwSignal::new(None::<Result<Vec<WorkflowSummary>, ApiError>>);
    let words = RwSignal::new(String::new());
    let asked = StoredValue::new(0_u32);
    let read = move || {
        let q = Some(words.get_untracked()).filter(|q| !q.trim().is_empty());
        let number = asked.try_update_value(|asked| {
            *asked += 1;
            *asked
        });
        spawn_local(async move {
            let answer = list_workflows(Some(WorkflowStatus::Saved), q, None).await.map(|page| page.items);
            // Only the newest question is answered.
            if asked.try_get_value() == number {
                let _ = listed.try_set(Some(answer));
            }
        });
    };
    effect(move || {
        if open.get() {
            read();
        }
    });
    let search = move |q: String| {
        words.set(q);
        read();
    };
    view! {
        <Dialog open title="Open a workflow" wide=true>
            <div class="dialog-body">
                <div class="search">
                    <Icon glyph=Glyph::Search/>
                    <input
                        class="input"
                        type="search"
                        aria-label="Search saved workflows"
                        placeholder="Search"
                        autocomplete="off"
                        on:input:target=move |event| search(event.target().value())
                    />
                </div>
                {part(move || saved_list(listed.get(), read))}
            </div>
        </Dialog>
    }
}

fn saved_list(listed: Listed, again: impl Fn() + Send + 'static) -> AnyView {
    match listed {
        None => view! { <Skeleton width="100%" height="120px"/> }.into_any(),
        Some(Err(error)) => view! {
            <ErrorNotice error kept="What is open here stays open.">
                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| again())>"Try again"</button>
            </ErrorNotice>
        }
        .into_any(),
        Some(Ok(rows)) if rows.is_empty() => {
            view! { <p>"There is no saved workflow here yet. Save puts this one into the list."</p> }.into_any()
        }
        Some(Ok(rows)) => {
            let rows = rows.into_iter().map(|row| {
                view! {
                    <li>
                        <a class="open-row" href=format!("/workflows/{}", row.id)>
                            <strong>{row.name}</strong>
                            <span>{words::count(row.node_count, "node")} ", " {words::count(row.video_count, "video")} ", " <When at=row.updated_at/></span>
                        </a>
                    </li>
                }
            });
            view! { <ul class="open-list">{rows.collect_view()}</ul> }.into_any()
        }
    }
}

/// Asks what now, where someone else saved in the meantime.
#[component]
pub fn ConflictDialog() -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <Dialog open=session.conflict title="Someone else saved this workflow">
            <div class="dialog-body">
                <p>"It was saved in another tab or by someone else after you opened it. Nothing was overwritten, and your edits are still on the screen."</p>
            </div>
            <div class="dialog-actions">
                <button type="button" class="button button-danger" on:click=handler(move |_: ev::MouseEvent| save::save(session, true))>"Overwrite theirs"</button>
                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| save::open_theirs(session))>"Drop mine, show theirs"</button>
                <button type="button" class="button button-primary" on:click=handler(move |_: ev::MouseEvent| save::save_copy(session))>"Keep both, as a copy"</button>
            </div>
        </Dialog>
    }
}

/// Says what final mode lacks, and offers the rehearsal.
#[component]
pub fn LackingDialog() -> impl IntoView {
    let session = expect_context::<Session>();
    let open = RwSignal::new(false);
    let (shown, set_shown) = signal(String::new());
    effect(move || {
        if let Some(lacking) = session.lacking.get() {
            set_shown.set(lacking);
            open.set(true);
        }
    });
    effect(move || {
        if !open.get() {
            session.lacking.set(None);
        }
    });
    let rehearse = move |_| {
        session.mode.set(Mode::Draft);
        open.set(false);
    };
    view! {
        <Dialog open title="Final needs a setting">
            <div class="dialog-body">
                <p>"Missing: " <strong>{shown}</strong></p>
                <p>"Set it where the server is started, and start it again. A rehearsal makes every shot on this machine, without keys and free of charge."</p>
            </div>
            <div class="dialog-actions">
                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| open.set(false))>"Stay in final"</button>
                <button type="button" class="button button-primary" on:click=rehearse>"Rehearse"</button>
            </div>
        </Dialog>
    }
}

/// Offers the unsaved edits of an earlier visit.
#[component]
pub fn DraftOffer() -> impl IntoView {
    let session = expect_context::<Session>();
    part(move || {
        session.offered.get().map(|offer| {
            let (at, is_older, given_up) = (offer.at, offer.is_older, offer.clone());
            view! {
                <div class="notice notice-warn draft-offer" role="status">
                    <Icon glyph=Glyph::Note/>
                    <p class="notice-title">"Unsaved edits from " <When at/></p>
                    <p>
                        {if is_older {
                            "They began from an older version than the one that is shown. Bringing them back can be undone."
                        } else {
                            "The saved version is shown. Bringing the edits back can be undone."
                        }}
                    </p>
                    <div class="notice-actions">
                        <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| left_behind::bring_back(session, &offer))>"Bring back"</button>
                        <button type="button" class="button button-quiet" on:click=handler(move |_: ev::MouseEvent| left_behind::forget(session, &given_up))>"Discard"</button>
                    </div>
                </div>
            }
        })
    })
}
