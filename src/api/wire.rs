//! How a server function's arguments and answer travel: as JSON.
//!
//! `server_fn`'s own JSON reads from bytes, the page's resources read from text: with both, the browser would carry every type's
//! reading code twice: 87 kB of WASM, 7 kB of them over the wire. This one reads from text too.

use leptos::server_fn::{ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Error;

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
