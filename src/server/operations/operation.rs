//! What an operation is: how a step of a plan becomes work for a job, what it costs, and how the job does it.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tempfile::TempPath;

use super::context::Context;
use crate::{
    domain::{AssetKind, AssetRef, origin::Origin, provider::Provider},
    graph::Step,
    server::{Error, Result, media::probed::Probed},
};

/// An operation. Done again with the same input it makes the same bytes, unless somebody else makes them; what was paid for is not asked for
/// again.
pub trait Operation: Debug + Send + Sync + 'static {
    /// What a job of it works on, as it is stored with the job. A later version reads what an earlier one stored.
    type Input: Serialize + DeserializeOwned + Send + Sync;

    /// Its name: the kind of its jobs, and what nodes ask for it by.
    const NAME: &'static str;

    /// Raised when an input is stored in a new form.
    const VERSION: u32 = 1;

    /// What a job has to do for a step into whose sockets `inputs` flow, in order; `None` where the step's settings name no work.
    fn input(step: &Step, inputs: &[(&str, AssetRef)]) -> Option<Self::Input>;

    /// The name of what is made, as it is shown while it is not there yet.
    fn title(input: &Self::Input) -> String;

    /// Gives what is made a name that the caller chose. What is called after something else keeps that.
    fn rename(_input: &mut Self::Input, _name: String) {}

    /// Who is paid for this work; `None` where nobody is.
    fn payment(_input: &Self::Input) -> Option<Payment> {
        None
    }

    /// The estimated price of a step in millionths of a US dollar; `None` where it is not known.
    fn price(_step: &Step) -> Option<i64> {
        Some(0)
    }

    /// Does the work.
    ///
    /// # Errors
    /// [`Error::Cancelled`] once the context is cancelled; an [`ApiError`](crate::domain::ApiError) where the input is at fault;
    /// [`Error::Provider`] with what it means for the job; else what went wrong.
    fn perform(input: Self::Input, context: &Context<'_>) -> impl Future<Output = Result<Made>> + Send;
}

/// A request that somebody is paid for, as the ledger has it before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Who is paid.
    pub provider: Provider,
    /// The provider's model.
    pub model: String,
    /// What is asked for.
    pub prompt: String,
    /// The table's price in millionths of a US dollar, where it has one.
    pub estimated_usd_micros: Option<i64>,
}

/// What an operation made.
#[derive(Debug)]
pub enum Made {
    /// A file, to be stored as an asset.
    File(Box<MadeFile>),
    /// A file that is cut short: it is stored, and the work is not done.
    Cut(Box<MadeFile>),
    /// Something that is kept beside this asset, like its poster.
    Beside(AssetRef),
}

impl Made {
    /// A file, to be stored as an asset.
    #[must_use]
    pub fn file(file: MadeFile) -> Self {
        Self::File(Box::new(file))
    }
}

/// A file that was made.
#[derive(Debug)]
pub struct MadeFile {
    /// Where it lies, in the store's staging folder.
    pub path: TempPath,
    /// What it is.
    pub kind: AssetKind,
    /// Its name in the library.
    pub name: String,
    /// How it was made.
    pub origin: Origin,
    /// What was found of it when it was checked, where it was.
    pub probed: Option<Probed>,
}

/// An operation whatever its input is: what the list holds. Inputs are JSON here, as they are stored.
#[async_trait]
pub trait Registered: Debug + Send + Sync {
    /// [`Operation::NAME`].
    fn name(&self) -> &'static str;

    /// [`Operation::VERSION`].
    fn version(&self) -> u32;

    /// [`Operation::input`], under a name that the caller chose.
    fn input(&self, step: &Step, inputs: &[(&str, AssetRef)], name: Option<String>) -> Option<Value>;

    /// [`Operation::title`]; of an input that cannot be read, a word that says so.
    fn title(&self, input: &Value) -> String;

    /// [`Operation::payment`].
    ///
    /// # Errors
    /// Where the input is another operation's.
    fn payment(&self, input: &Value) -> Result<Option<Payment>>;

    /// [`Operation::price`].
    fn price(&self, step: &Step) -> Option<i64>;

    /// [`Operation::perform`].
    ///
    /// # Errors
    /// Those, and where the input is another operation's.
    async fn perform(&self, input: &Value, context: &Context<'_>) -> Result<Made>;
}

#[async_trait]
impl<O: Operation> Registered for O {
    fn name(&self) -> &'static str {
        O::NAME
    }

    fn version(&self) -> u32 {
        O::VERSION
    }

    fn input(&self, step: &Step, inputs: &[(&str, AssetRef)], name: Option<String>) -> Option<Value> {
        let mut input = O::input(step, inputs)?;
        if let Some(name) = name {
            O::rename(&mut input, name);
        }
        serde_json::to_value(input).ok()
    }

    fn title(&self, input: &Value) -> String {
        let title = read::<O>(input).map(|input| O::title(&input)).unwrap_or_default();
        if title.is_empty() { "Untitled".to_owned() } else { title }
    }

    fn payment(&self, input: &Value) -> Result<Option<Payment>> {
        Ok(O::payment(&read::<O>(input)?))
    }

    fn price(&self, step: &Step) -> Option<i64> {
        O::price(step)
    }

    async fn perform(&self, input: &Value, context: &Context<'_>) -> Result<Made> {
        // What is paid for ends by its provider's rules: its request may have been sent before the server was started.
        if context.ledger.is_none() && context.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        O::perform(read::<O>(input)?, context).await
    }
}

fn read<O: Operation>(input: &Value) -> Result<O::Input> {
    O::Input::deserialize(input).map_err(Error::from)
}
