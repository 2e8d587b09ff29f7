//! How long and how large what a caller gives may be: the numbers that are checked, and beside each the schema that tells of it.

use utoipa::openapi::{Object, ObjectBuilder, Ref, RefOr, Schema, Type, schema::SchemaType};

/// Characters in a name at most.
pub const NAME: usize = 200;
/// Characters in a workflow's description at most.
pub const DESCRIPTION: usize = 10_000;
/// Characters in an entity tag at most.
pub const ETAG: usize = 200;
/// Characters in a node's id at most.
pub const NODE_ID: usize = 128;
/// Characters in the name of a node type or a socket at most.
pub const NODE_TYPE: usize = 128;
/// Characters in a prompt or another text parameter at most.
pub const TEXT: usize = 100_000;
/// Characters of a name in an upload's form at most: what is longer than [`NAME`] is cut.
pub const FORM_NAME: usize = 1_024;
/// The largest integer that survives a browser's JSON.
pub const LARGEST_INTEGER: i64 = (1 << 53) - 1;
/// How far from the origin a node may stand, in either direction.
pub const CANVAS: f64 = 1e6;
/// Nodes in a workflow at most.
pub const NODES: usize = 10_000;
/// A definition at most, in bytes of JSON without spaces between its parts.
pub const DEFINITION_BYTES: usize = 16 * 1024 * 1024;
/// The largest body of a request that is no upload, in bytes: so large that a definition which is not taken can be refused in words.
pub const BODY_BYTES: usize = 2 * DEFINITION_BYTES;
/// Things that are told wrong at once, at most: a graph can have more than an answer.
pub const ERRORS: usize = 1_000;
/// Connections in a workflow at most.
pub const CONNECTIONS: usize = 40_000;

/// Something that is no space: what a text that must not be blank has to hold. U+0085 is a space in Unicode, though not in every dialect.
const NOT_BLANK: &str = r"[^\s\u0085\uFEFF]";
/// The same on one line: no control character, and one that is no space.
const ONE_LINE: &str = r"^[^\u0000-\u001F\u007F-\u009F]*[^\s\u0000-\u001F\u007F-\u009F\uFEFF][^\u0000-\u001F\u007F-\u009F]*$";

fn text(most: usize, description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).max_length(Some(most)).description(Some(description))
}

fn or_null(of: Type) -> SchemaType {
    SchemaType::from_iter([of, Type::Null])
}

/// A workflow's name.
pub fn workflow_name() -> Object {
    text(NAME, "Its name: not blank.").min_length(Some(1)).pattern(Some(NOT_BLANK)).build()
}

/// A clip's name.
pub fn clip_name() -> Object {
    text(NAME, "Its name: one line, not blank.").min_length(Some(1)).pattern(Some(ONE_LINE)).build()
}

/// A clip's name that the caller may leave to the server.
pub fn clip_name_or_null() -> Object {
    let object = text(NAME, "The clip's name in the library: one line, not blank. The server finds one where it is absent.");
    object.schema_type(or_null(Type::String)).min_length(Some(1)).pattern(Some(ONE_LINE)).build()
}

/// The name in an upload's form.
pub fn form_name() -> Object {
    text(FORM_NAME, "Its name in the library; the file's name where it is absent or blank.").build()
}

/// A workflow's description.
pub fn description() -> Object {
    text(DESCRIPTION, "What it is about; empty or `null` for nothing.").schema_type(or_null(Type::String)).build()
}

/// An entity tag in a body.
pub fn etag() -> Object {
    text(ETAG, "The `ETag` of the version these edits began from.").min_length(Some(1)).build()
}

/// The name of a node type.
pub fn node_type() -> Object {
    text(NODE_TYPE, "The node's type.").min_length(Some(1)).build()
}

/// What a list is searched for.
pub fn search() -> Object {
    let words = "Words that must all occur, each as it stands or as the beginning of one; \"a phrase\"; -without.";
    ObjectBuilder::new().schema_type(Type::String).description(Some(words)).build()
}

/// A prompt.
pub fn prompt() -> Object {
    text(TEXT, "What is to be seen: not blank.").min_length(Some(1)).pattern(Some(NOT_BLANK)).build()
}

/// A number of pixels, as a bound.
pub fn pixels() -> Object {
    integer(0, u32::MAX.into()).description(Some("Pixels, at least.")).build()
}

/// A number of seconds, as a bound.
pub fn seconds() -> Object {
    ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0.0)).description(Some("Seconds, 0 or more.")).build()
}

/// A whole number within bounds.
#[must_use]
pub fn integer(least: i64, most: i64) -> ObjectBuilder {
    // utoipa's numbers are floats or usize and isize; these are exact up to LARGEST_INTEGER.
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(least as isize)).maximum(Some(most as isize))
}

/// A graph, as it is taken. Its schema is made from the list of node types.
pub fn definition() -> RefOr<Schema> {
    Ref::from_schema_name("Definition").into()
}
