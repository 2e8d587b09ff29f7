//! `/spend`: what was paid to whom and for what, the caps, and the requests that wait for a decision.

use leptos::{ev, prelude::*, task::spawn_local};
use leptos_meta::Title;

use super::frame::Frame;
use crate::{
    api::spend::spending,
    domain::{
        ApiError,
        job::Status,
        provider::Provider,
        spend::{Spend, SpendState, SpendSum, Spending, dollars},
    },
    ui::{
        components::{EmptyState, ErrorNotice, OutcomeButtons, Skeleton, Toasts, When, handler, part},
        words,
    },
};

type Read = Resource<Result<Spending, ApiError>>;

/// The ledger.
#[component]
pub fn SpendPage() -> impl IntoView {
    let read: Read = Resource::new(|| (), |()| async move { spending(None).await });
    view! {
        <Title text="Spend"/>
        <Frame>
            <div class="page-title"><h1>"Spend"</h1></div>
            <Transition fallback=|| view! { <Skeleton width="100%" height="12rem"/> }>
                {move || Suspend::new(async move {
                    match read.await {
                        Ok(spending) if spending.requests.is_empty() => view! { <Nothing spending/> }.into_any(),
                        Ok(spending) => view! { <Ledger spending read/> }.into_any(),
                        Err(error) => view! {
                            <ErrorNotice error kept="Nothing was changed.">
                                <button type="button" class="button" on:click=handler(move |_: ev::MouseEvent| read.refetch())>"Try again"</button>
                            </ErrorNotice>
                        }
                        .into_any(),
                    }
                })}
            </Transition>
        </Frame>
    }
}

#[component]
fn Nothing(spending: Spending) -> impl IntoView {
    view! {
        <EmptyState
            title="Nothing was spent"
            text="Runs in final mode ask providers, who charge for it. Each request stands here before it is sent, and what became of it after. Rehearsals are free."
        >
            <a class="button" href="/">"Workflows"</a>
        </EmptyState>
        <Caps run=spending.cap_run_usd_micros day=spending.cap_day_usd_micros/>
    }
}

#[component]
fn Ledger(spending: Spending, read: Read) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let (run, day) = (spending.cap_run_usd_micros, spending.cap_day_usd_micros);
    let rows = RwSignal::new(spending.requests);
    let next = RwSignal::new(spending.next);
    let more = move |cursor: String| {
        spawn_local(async move {
            match spending_after(cursor).await {
                Ok(page) => {
                    let _ = rows.try_update(|rows| rows.extend(page.requests));
                    let _ = next.try_set(page.next);
                }
                Err(error) => toasts.fail(error.message),
            }
        });
    };
    view! {
        <section class="spend-sums" aria-label="Sums">
            <Figure label="Today" usd_micros=spending.today_usd_micros/>
            <Figure label="In all" usd_micros=spending.total_usd_micros/>
            <Sums title="Days" sums=spending.days named=|name| name/>
            <Sums title="Providers" sums=spending.providers named=|name| Provider::from_name(&name).map_or(name, |one| one.title().to_owned())/>
        </section>
        <Caps run day/>
        <section class="spend-requests" aria-label="Requests">
            <h2>"Requests"</h2>
            <ul class="spend-list">
                <For each=move || rows.get() key=|row| (row.job_id, row.state, row.job_status) let:row>
                    <Row row read/>
                </For>
            </ul>
            {part(move || {
                next.get().map(|cursor| {
                    view! { <button type="button" class="button more" on:click=handler(move |_: ev::MouseEvent| more(cursor.clone()))>"Older requests"</button> }
                })
            })}
        </section>
    }
}

async fn spending_after(cursor: String) -> Result<Spending, ApiError> {
    spending(Some(cursor)).await
}

#[component]
fn Figure(label: &'static str, usd_micros: i64) -> impl IntoView {
    view! {
        <div class="spend-figure">
            <span class="spend-label">{label}</span>
            <span class="spend-amount">{dollars(usd_micros)}</span>
        </div>
    }
}

#[component]
fn Sums(title: &'static str, sums: Vec<SpendSum>, named: fn(String) -> String) -> impl IntoView {
    let rows = sums.into_iter().map(|sum| {
        view! {
            <tr>
                <th scope="row">{named(sum.name)}</th>
                <td>{words::count(sum.requests, "request")}</td>
                <td>{dollars(sum.usd_micros)}</td>
            </tr>
        }
    });
    view! { <table class="spend-table"><caption>{title}</caption><tbody>{rows.collect_view()}</tbody></table> }
}

#[component]
fn Caps(run: Option<i64>, day: Option<i64>) -> impl IntoView {
    let cap = |name: &str, cap: Option<i64>| {
        cap.map_or_else(|| format!("No cap on a {name}."), |cap| format!("A {name} stops at {}.", dollars(cap)))
    };
    view! {
        <p class="spend-caps">
            {cap("run", run)} " " {cap("day", day)} " The settings " <code>"REELGRAPH_CAP_RUN_USD"</code> " and " <code>"REELGRAPH_CAP_DAY_USD"</code>
            " hold spending under a sum."
        </p>
    }
}

#[component]
fn Row(row: Spend, read: Read) -> impl IntoView {
    let waits = row.job_status == Some(Status::Unknown);
    let what = row.workflow.as_ref().map(|workflow| {
        view! { <a href=format!("/workflows/{}", workflow.id)>{workflow.name.clone()}</a> }
    });
    let provider = Provider::from_name(&row.provider).map_or_else(|| row.provider.clone(), |provider| provider.title().to_owned());
    let reason = row.reason.clone().filter(|_| row.state != SpendState::Kept);
    let answer = row.answer.clone().filter(|_| row.state != SpendState::Kept);
    view! {
        <li class="spend-row" data-state=row.state.name()>
            <div class="spend-what">
                <p class="spend-prompt">{row.prompt.clone()}</p>
                <p class="spend-facts">
                    <span>{provider} " · " {row.model.clone()}</span>
                    {what}
                    <When at=row.created_at/>
                </p>
                {reason.map(|reason| view! { <p class="spend-reason">{reason}</p> })}
                {answer.map(|answer| view! { <details class="spend-answer"><summary>"The provider's answer"</summary><pre>{answer}</pre></details> })}
                {waits.then(|| view! { <OutcomeButtons job=row.job_id on_decided=move |_| read.refetch()/> })}
            </div>
            <span class="spend-state" class:spend-waits=waits>{state_words(&row)}</span>
            <span class="spend-cost">{cost_words(&row)}</span>
        </li>
    }
}

fn state_words(row: &Spend) -> &'static str {
    match (row.job_status, row.state) {
        (Some(Status::Unknown), _) => "Waits for you",
        (_, SpendState::Intended) => "Not sent yet",
        (_, SpendState::Sent) => "Sent",
        (_, SpendState::Accepted) => "Being made",
        (_, SpendState::Kept) => "In the library",
        (_, SpendState::Refused) => "Refused",
        (_, SpendState::Failed) => "Failed",
        (_, SpendState::Lost) => "Made, not to be had",
        (_, SpendState::Abandoned) => "Given up",
        (_, SpendState::Withdrawn) => "Not sent",
    }
}

fn cost_words(row: &Spend) -> String {
    match row.cost {
        Some(cost) if cost.estimated && cost.usd_micros > 0 => format!("about {}", dollars(cost.usd_micros)),
        Some(cost) => dollars(cost.usd_micros),
        None => "not known".to_owned(),
    }
}
