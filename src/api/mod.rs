//! Server functions, one file a resource; each body is one call of a service. Arguments travel as JSON: a form-encoded POST is what
//! another site can send.

pub mod answer;
pub mod assets;
pub mod executions;
pub mod jobs;
pub mod spend;
mod wire;
pub mod workflows;

use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::domain::{ApiError, ErrorKind};

impl FromServerFnError for ApiError {
    type Encoder = wire::JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // Answers are read by `answer::read`: what is read here are arguments.
            ServerFnErrorErr::Args(detail) | ServerFnErrorErr::MissingArg(detail) | ServerFnErrorErr::Deserialization(detail) => {
                Self::new(ErrorKind::Invalid, detail)
            }
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::Response(_) => {
                Self::new(ErrorKind::Unavailable, "The server could not be reached.")
            }
            error => Self::new(ErrorKind::Internal, error.to_string()),
        }
    }
}
