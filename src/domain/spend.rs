//! The ledger of paid requests: what was asked of whom, how far it got, and what it costs.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    error::WorkflowRef,
    execution::Cost,
    ids::{ExecutionId, JobId, NodeId, VideoId},
    job::Status,
    page::{Filter, SortKey},
    timestamp::Timestamp,
};

/// Which paid requests a list shows: all of them, the last first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct SpendFilter {}

impl Filter for SpendFilter {
    const SORT_KEYS: &'static [SortKey] = &[];
}

/// How far a paid request got. Each step is committed before the next is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpendState {
    /// Written down; nothing has been sent.
    Intended,
    /// The request has left, or was about to; no answer is known.
    Sent,
    /// The provider has a job for it.
    Accepted,
    /// The clip is in the library.
    Kept,
    /// The provider took nothing.
    Refused,
    /// The provider took the job and made nothing.
    Failed,
    /// The provider made a clip and does not hand it out, or no longer: it is billed.
    Lost,
    /// Given up by the user after it was sent.
    Abandoned,
    /// Given up before anything was sent.
    Withdrawn,
}

/// What can happen to a paid request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpendEvent {
    /// It leaves.
    Send,
    /// The provider surely took nothing; it may be sent again.
    TakeNothing,
    /// The provider took nothing, and will not.
    Refuse,
    /// The provider has a job for it.
    Accept,
    /// The clip is made and billed, and cannot be had.
    Lose,
    /// The clip is in the library.
    Keep,
    /// The user gives it up.
    GiveUp,
    /// Its job ended without a clip.
    Fail,
}

impl SpendEvent {
    /// Every event.
    pub const ALL: [Self; 8] =
        [Self::Send, Self::TakeNothing, Self::Refuse, Self::Accept, Self::Lose, Self::Keep, Self::GiveUp, Self::Fail];
}

impl SpendState {
    /// The state after `event`, or `None` where the event cannot happen and nothing changes. Only what surely bought nothing may be sent again.
    #[must_use]
    pub fn next(self, event: SpendEvent) -> Option<Self> {
        match (self, event) {
            (Self::Intended, SpendEvent::Send) => Some(Self::Sent),
            (Self::Sent, SpendEvent::TakeNothing) => Some(Self::Intended),
            (Self::Intended | Self::Sent, SpendEvent::Refuse) | (Self::Intended, SpendEvent::Fail) => Some(Self::Refused),
            (Self::Sent | Self::Accepted, SpendEvent::Accept) => Some(Self::Accepted),
            (Self::Intended, SpendEvent::GiveUp) => Some(Self::Withdrawn),
            (Self::Sent | Self::Accepted, SpendEvent::GiveUp) => Some(Self::Abandoned),
            (Self::Sent | Self::Accepted, SpendEvent::Fail) => Some(Self::Failed),
            // Given up while it was on its way: what comes of it is still to be known.
            (Self::Abandoned, SpendEvent::TakeNothing | SpendEvent::Refuse) => Some(Self::Withdrawn),
            (Self::Abandoned, SpendEvent::Accept) => Some(Self::Abandoned),
            (Self::Sent | Self::Accepted | Self::Abandoned, SpendEvent::Lose) => Some(Self::Lost),
            (Self::Intended | Self::Sent | Self::Accepted | Self::Lost, SpendEvent::Keep) => Some(Self::Kept),
            _ => None,
        }
    }

    /// Every state.
    pub const ALL: [Self; 9] =
        [Self::Intended, Self::Sent, Self::Accepted, Self::Kept, Self::Refused, Self::Failed, Self::Lost, Self::Abandoned, Self::Withdrawn];

    /// The name, as it stands in JSON and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Kept => "kept",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Abandoned => "abandoned",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether money may have been spent though nobody told how much: the estimate counts then.
    #[must_use]
    pub fn may_cost(self) -> bool {
        matches!(self, Self::Sent | Self::Accepted | Self::Kept | Self::Lost | Self::Abandoned)
    }
}

/// A paid request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Spend {
    /// The job it is made for.
    pub job_id: JobId,
    /// How that job stands.
    pub job_status: Option<Status>,
    /// Why it failed, or waits for the user.
    pub reason: Option<String>,
    /// The execution, if one asked.
    pub execution_id: Option<ExecutionId>,
    /// The node, if one asked.
    pub node_id: Option<NodeId>,
    /// The workflow, if it is still there.
    pub workflow: Option<WorkflowRef>,
    /// The clip it gave.
    pub video_id: Option<VideoId>,
    /// Who is paid.
    pub provider: String,
    /// The model.
    pub model: String,
    /// What was asked for.
    pub prompt: String,
    /// How far it got.
    pub state: SpendState,
    /// The provider's own name for the job.
    pub provider_job_id: Option<String>,
    /// What it costs; `None` where nobody knows.
    pub cost: Option<Cost>,
    /// The provider's last answer that mattered, every secret removed, for support.
    pub answer: Option<String>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When the request left.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// What was spent in a stretch of time, or on something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpendSum {
    /// A day as `YYYY-MM-DD` (UTC), or a provider's name.
    pub name: String,
    /// Requests that left.
    pub requests: i64,
    /// Millionths of a US dollar, estimates included.
    pub usd_micros: i64,
}

/// The spending at a glance, with a page of its requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Spending {
    /// Spent today (UTC), in millionths of a US dollar, estimates included.
    pub today_usd_micros: i64,
    /// Spent ever.
    pub total_usd_micros: i64,
    /// The cap on a run.
    pub cap_run_usd_micros: Option<i64>,
    /// The cap on a day.
    pub cap_day_usd_micros: Option<i64>,
    /// The last days on which something was spent, newest first.
    pub days: Vec<SpendSum>,
    /// Providers, the dearest first.
    pub providers: Vec<SpendSum>,
    /// Requests, newest first.
    pub requests: Vec<Spend>,
    /// Where the next page of requests begins.
    pub next: Option<String>,
}

/// What a run would cost, before it begins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// Millionths of a US dollar, of the nodes whose price is known.
    pub usd_micros: i64,
    /// Each node that a provider would work on.
    pub nodes: Vec<NodeEstimate>,
}

impl Estimate {
    /// How many nodes have no known price.
    #[must_use]
    pub fn unpriced(&self) -> usize {
        self.nodes.iter().filter(|node| node.usd_micros.is_none()).count()
    }
}

/// What a node of a run would cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NodeEstimate {
    /// The node.
    pub node_id: NodeId,
    /// Whether its clip is there already, or is another node's of the same run too.
    pub cached: bool,
    /// Millionths of a US dollar; `None` where the price table has none.
    pub usd_micros: Option<i64>,
}

/// Millionths of a US dollar in words: cents are shown, and what is smaller only where it is all there is.
#[must_use]
pub fn dollars(usd_micros: i64) -> String {
    let (sign, micros) = if usd_micros < 0 { ("-", -usd_micros) } else { ("", usd_micros) };
    if micros > 0 && micros < 10_000 {
        return format!("{sign}${:.4}", micros as f64 / 1e6);
    }
    format!("{sign}${:.2}", micros as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_shown_to_the_cent() {
        for (micros, shown) in [(0, "$0.00"), (400_000, "$0.40"), (12_345_678, "$12.35"), (2_500, "$0.0025"), (-500_000, "-$0.50")] {
            assert_eq!(dollars(micros), shown);
        }
    }

    #[test]
    fn what_may_have_been_taken_counts() {
        for state in SpendState::ALL {
            assert_eq!(SpendState::from_name(state.name()), Some(state));
        }
        assert!(SpendState::Sent.may_cost() && SpendState::Lost.may_cost() && SpendState::Abandoned.may_cost());
        assert!(!SpendState::Intended.may_cost() && !SpendState::Refused.may_cost());
    }

    #[test]
    fn what_may_have_cost_money_is_never_sent_again() {
        for state in SpendState::ALL.into_iter().filter(|state| *state != SpendState::Intended) {
            assert_eq!(state.next(SpendEvent::Send), None, "{state:?}");
        }
        for state in SpendState::ALL.into_iter().filter(|state| state.may_cost() && *state != SpendState::Sent) {
            for event in SpendEvent::ALL {
                assert_ne!(state.next(event), Some(SpendState::Intended), "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn a_clip_that_is_kept_stays_so_and_what_nobody_took_costs_nothing() {
        for event in SpendEvent::ALL {
            assert_eq!(SpendState::Kept.next(event), None, "{event:?}");
            for free in [SpendState::Refused, SpendState::Withdrawn] {
                assert_eq!(free.next(event), None, "{free:?} {event:?}");
            }
        }
    }

    #[test]
    fn every_state_but_the_first_is_reached_from_another() {
        for state in SpendState::ALL.into_iter().filter(|state| *state != SpendState::Intended) {
            let reached = SpendState::ALL
                .into_iter()
                .any(|from| from != state && SpendEvent::ALL.into_iter().any(|event| from.next(event) == Some(state)));
            assert!(reached, "{state:?}");
        }
    }
}
