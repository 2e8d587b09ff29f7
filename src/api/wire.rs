//! How a server function's arguments and answer travel: as JSON, by `POST`.
//!
//! `server_fn`'s own JSON reads from bytes, the page's resources read from text: with both, the browser would carry every type's
//! reading code twice: 87 kB of WASM, 7 kB of them over the wire. This one reads from text too. And its own way through HTTP forgets the
//! status of an answer that it cannot read: what a proxy says is in the status alone.

use http::Method;
use leptos::server_fn::{
    ContentType, Decodes, Encodes, Format, FormatType, Http, Protocol,
    client::Client,
    codec::{IntoReq, Post},
    response::ClientRes,
    server::Server,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Error;

use super::answer;
use crate::domain::ApiError;

/// JSON in the body of a `POST` request and of its answer.
pub type Json = Post<JsonText>;

/// JSON, read from text.
pub struct JsonText;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = Error;

    fn encode(value: &T) -> Result<bytes::Bytes, Error> {
        serde_json::to_string(value).map(Into::into)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = Error;

    fn decode(bytes: bytes::Bytes) -> Result<T, Error> {
        let text = std::str::from_utf8(&bytes).map_err(serde::de::Error::custom)?;
        serde_json::from_str(text)
    }
}

/// How a server function is called.
pub struct Call;

impl<I, O, C, S> Protocol<I, O, C, S, ApiError> for Call
where
    I: IntoReq<Json, C::Request, ApiError> + Send,
    O: DeserializeOwned + Send,
    C: Client<ApiError>,
    S: Server<ApiError>,
    Http<Json, Json>: Protocol<I, O, C, S, ApiError>,
{
    const METHOD: Method = Method::POST;

    fn run_server<F, Fut>(request: S::Request, server_fn: F) -> impl Future<Output = Result<S::Response, ApiError>> + Send
    where
        F: Fn(I) -> Fut + Send,
        Fut: Future<Output = Result<O, ApiError>> + Send,
    {
        <Http<Json, Json> as Protocol<I, O, C, S, ApiError>>::run_server(request, server_fn)
    }

    async fn run_client(path: &str, input: I) -> Result<O, ApiError> {
        let response = C::send(input.into_req(path, JsonText::CONTENT_TYPE)?).await?;
        let status = response.status();
        let bytes = response.try_into_bytes().await?;
        answer::read(status, &String::from_utf8_lossy(&bytes))
    }
}
