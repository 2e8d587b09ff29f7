//! What a definition may hold, as schemas made from the list of node types: a node type that is added there is described by itself.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::{
    ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Ref, RefOr, Schema, Type,
    schema::{AdditionalProperties, AnyOfBuilder, SchemaType},
};

use super::model::SCHEMA;
use crate::{
    domain::{
        limits::{self, CANVAS, CONNECTIONS, LARGEST_INTEGER, NODE_TYPE, NODES},
        provider::{Model, Provider, SHORTEST_SECONDS, SIZE_PATTERN, models},
    },
    graph::{
        Node, NodeType, Position, nodes,
        param::{Limit, Param, ParamKind, TEXT_LIMIT},
        spec::{NodeSpec, Socket},
    },
};

/// The name of the schema of every node.
const NODE: &str = "Node";

/// The schemas that a definition is made of, each with its name; the definition itself is `Definition`.
#[must_use]
pub fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let known = nodes::specs().iter().flat_map(|spec| [(node_name(spec), node(spec).into()), (params_name(spec), params(spec).into())]);
    let named = |name: &str, schema: RefOr<Schema>| (name.to_owned(), schema);
    let mut every = AnyOfBuilder::new().description(Some("A node of the graph. What this version does not know is kept and given back."));
    for spec in nodes::specs() {
        every = every.item(Ref::from_schema_name(node_name(spec)));
    }
    known
        .chain([
            named("OtherNode", other_node().into()),
            named(NODE, every.item(Ref::from_schema_name("OtherNode")).into()),
            named("Position", position().into()),
            named("SocketRef", socket().into()),
            named("Connection", connection().into()),
            named("VersionedDefinition", definition(true).into()),
            named("SeedDefinition", definition(false).into()),
            named("EmptyDefinition", nothing().into()),
            named("Definition", either().into()),
        ])
        .collect()
}

fn either() -> AnyOfBuilder {
    let words = "A workflow's graph. Ids are unique, connections join sockets that are there and fit, and there is no circle. Of the \
                 parameters the kind is checked when it is stored, the bounds when it is run; what is merely unfinished can be stored.";
    let item = Ref::from_schema_name;
    AnyOfBuilder::new()
        .description(Some(words))
        .item(item("VersionedDefinition"))
        .item(item("SeedDefinition"))
        .item(item("EmptyDefinition"))
}

/// An empty graph may be written as nothing.
fn nothing() -> ObjectBuilder {
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some("An empty graph."));
    object
        .property("schema", ObjectBuilder::new().schema_type(Type::Null))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

/// A definition with a schema, or one of the first program's, which has none.
fn definition(versioned: bool) -> ObjectBuilder {
    let words = if versioned {
        "A graph, as it is written."
    } else {
        "A graph without a schema, as the first program wrote it. It is read in the form of schema 1 and in that program's own forms."
    };
    let schema = if versioned {
        limits::integer(SCHEMA as i64, LARGEST_INTEGER).description(Some("The version of the form: 1, or a newer one's."))
    } else {
        ObjectBuilder::new().schema_type(Type::Null)
    };
    let list = |name, most| ArrayBuilder::new().items(RefOr::from(Ref::from_schema_name(name))).max_items(Some(most));
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(words));
    let object =
        object.property("schema", schema).property("nodes", list(NODE, NODES)).property("connections", list("Connection", CONNECTIONS));
    let object = object.additional_properties(Some(AdditionalProperties::FreeForm(true)));
    let object = object.required("nodes");
    if versioned { object.required("schema") } else { object }
}

fn node_name(spec: &NodeSpec) -> String {
    format!("{}Node", spec.node_type.name())
}

fn params_name(spec: &NodeSpec) -> String {
    format!("{}Params", spec.node_type.name())
}

fn node(spec: &NodeSpec) -> ObjectBuilder {
    let names = |sockets: &[Socket]| sockets.iter().map(|one| format!("`{}`", one.name)).collect::<Vec<_>>().join(", ");
    let mut words = spec.description.to_owned();
    for (what, sockets) in [("Inputs", spec.inputs), ("Outputs", spec.outputs)] {
        if !sockets.is_empty() {
            words += &format!(" {what}: {}.", names(sockets));
        }
    }
    let params = or_null(Ref::from_schema_name(params_name(spec)).into());
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([spec.node_type.name()]));
    any_node(name, &words).property("params", params)
}

/// A node of a type that this version does not know.
fn other_node() -> ObjectBuilder {
    let known = nodes::specs().iter().map(|spec| spec.node_type.name()).collect::<Vec<_>>().join("|");
    let name = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(NODE_TYPE));
    any_node(name.pattern(Some(format!("^(?!(?:{known})$)"))), "A node of a newer version's type: kept, and never run.")
}

fn any_node(name: ObjectBuilder, words: &str) -> ObjectBuilder {
    let place = or_null(Ref::from_schema_name("Position").into());
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some(words));
    let object = object.property("id", Ref::from_schema_name("NodeId")).property("type", name).property("position", place);
    object.required("id").required("type").additional_properties(Some(AdditionalProperties::FreeForm(true)))
}

fn position() -> ObjectBuilder {
    let along = || ObjectBuilder::new().schema_type(Type::Number).minimum(Some(-CANVAS)).maximum(Some(CANVAS));
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some("The upper left corner of a node, in pixels at zoom 1."));
    let object = object.property("x", along()).property("y", along()).required("x").required("y");
    object.additional_properties(Some(AdditionalProperties::FreeForm(true)))
}

fn socket() -> ObjectBuilder {
    let name = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(NODE_TYPE));
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some("A socket of a node."));
    let object = object.property("node", Ref::from_schema_name("NodeId")).property("socket", name).required("node").required("socket");
    object.additional_properties(Some(AdditionalProperties::FreeForm(true)))
}

fn connection() -> ObjectBuilder {
    let end = || Ref::from_schema_name("SocketRef");
    let object = ObjectBuilder::new().schema_type(Type::Object).description(Some("From an output to an input."));
    let object = object.property("from", end()).property("to", end()).required("from").required("to");
    object.additional_properties(Some(AdditionalProperties::FreeForm(true)))
}

/// The parameters of a node type. All have defaults, and those of a newer version are kept.
fn params(spec: &NodeSpec) -> ObjectBuilder {
    let every: Vec<&Model> = models().iter().collect();
    let words = format!("The parameters of a node of type `{}`.", spec.node_type.name());
    params_of(spec, &[], &every).description(Some(words)).additional_properties(Some(AdditionalProperties::FreeForm(true)))
}

fn params_of(spec: &NodeSpec, left_out: &[ParamKind], made_by: &[&Model]) -> ObjectBuilder {
    let described = spec.params.iter().filter(|param| !left_out.contains(&param.kind));
    let object = ObjectBuilder::new().schema_type(Type::Object);
    described.fold(object, |object, param| object.property(param.name, param_schema(spec, param, made_by)))
}

/// The parameter of a node type on its own.
///
/// # Panics
/// Never: a parameter that is not there is described as anything.
#[must_use]
pub fn param(node_type: &NodeType, name: &str) -> RefOr<Schema> {
    let every: Vec<&Model> = models().iter().collect();
    let found = nodes::spec(node_type).and_then(|spec| Some((spec, spec.param(name)?)));
    found.map_or_else(|| Object::default().into(), |(spec, param)| param_schema(spec, param, &every))
}

/// A parameter: what it may hold where one of these models makes the clip. `null` stands for its default.
fn param_schema(spec: &NodeSpec, param: &Param, made_by: &[&Model]) -> RefOr<Schema> {
    let nullable = |of: Type| ObjectBuilder::new().schema_type(SchemaType::from_iter([of, Type::Null])).description(Some(param.label));
    let default = default_of(spec, param).filter(|default| !default.is_null());
    let one_of = |values: Vec<String>| {
        let texts = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values));
        or_null(texts.into()).description(Some(param.label)).default(default.clone()).into()
    };
    match param.kind {
        ParamKind::Text | ParamKind::Multiline => nullable(Type::String).max_length(Some(TEXT_LIMIT)).default(default).into(),
        ParamKind::Integer | ParamKind::Take => {
            let (min, max) = match param.limit {
                Limit::Whole { min, max } => (min, max),
                _ => (-LARGEST_INTEGER, LARGEST_INTEGER),
            };
            let number = limits::integer(min, max).schema_type(SchemaType::from_iter([Type::Integer, Type::Null]));
            number.default(default).description(Some(param.label)).into()
        }
        ParamKind::Number => {
            let (min, max) = match param.limit {
                Limit::Number { min, max, .. } => (Some(min), Some(max)),
                _ => (None, None),
            };
            nullable(Type::Number).minimum(min).maximum(max).default(default).into()
        }
        ParamKind::Choice(choices) => one_of(choices.iter().map(|(value, _)| (*value).to_owned()).collect()),
        ParamKind::Provider => one_of(Provider::ALL.iter().map(|provider| provider.name().to_owned()).collect()),
        ParamKind::Model => one_of(distinct(made_by.iter().map(|model| model.model.clone()))),
        ParamKind::Seconds => match lengths(made_by) {
            Some(lengths) => {
                let numbers = ObjectBuilder::new().schema_type(Type::Number).enum_values(Some(lengths));
                or_null(numbers.into()).description(Some(param.label)).into()
            }
            None => nullable(Type::Number).minimum(Some(SHORTEST_SECONDS)).maximum(Some(longest(made_by))).into(),
        },
        ParamKind::Size if made_by.iter().any(|model| model.any_size) => {
            nullable(Type::String).pattern(Some(format!("^{SIZE_PATTERN}$"))).into()
        }
        ParamKind::Size => one_of(distinct(made_by.iter().flat_map(|model| model.frames()).map(|size| size.to_string()))),
        ParamKind::StitchSize => nullable(Type::String).pattern(Some(format!("^(?:{SIZE_PATTERN})?$"))).default(default).into(),
        ParamKind::Aspect => one_of(distinct(made_by.iter().flat_map(|model| model.aspects()))),
        ParamKind::Resolution => one_of(distinct(made_by.iter().flat_map(|model| model.resolutions()))),
        ParamKind::Asset(_) => or_null(Ref::from_schema_name("AssetId").into()).description(Some(param.label)).into(),
        ParamKind::Nodes => {
            let list = ArrayBuilder::new().items(RefOr::from(Ref::from_schema_name("NodeId"))).max_items(Some(NODES));
            list.schema_type(SchemaType::from_iter([Type::Array, Type::Null])).description(Some(param.label)).into()
        }
    }
}

fn or_null(schema: RefOr<Schema>) -> OneOfBuilder {
    OneOfBuilder::new().item(schema).item(ObjectBuilder::new().schema_type(Type::Null))
}

fn default_of(spec: &NodeSpec, param: &Param) -> Option<Value> {
    let id = "node".parse().ok()?;
    Some(param.default(&Node::new(id, spec.node_type.clone(), Position::default())))
}

/// The lengths that the models make, in seconds; `None` where one makes any.
fn lengths(models: &[&Model]) -> Option<BTreeSet<u32>> {
    let of_all = models.iter().map(|model| model.longest_seconds.is_none().then_some(&model.durations));
    of_all.collect::<Option<Vec<_>>>().map(|lengths| lengths.into_iter().flatten().copied().collect())
}

/// The longest clip that one of the models makes, in seconds.
fn longest(models: &[&Model]) -> f64 {
    let most = models.iter().filter_map(|model| model.longest_seconds.or_else(|| model.durations.last().copied())).max();
    most.map_or(SHORTEST_SECONDS, f64::from)
}

fn distinct(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut items: Vec<String> = items.collect();
    items.sort();
    items.dedup();
    items
}

/// What a clip of a provider can be asked for on its own: its models, and its parameters besides provider, model and prompt.
#[must_use]
pub fn generation(provider: Provider, node_types: &[NodeType]) -> (RefOr<Schema>, RefOr<Schema>) {
    let made_by: Vec<&Model> = provider.models().collect();
    let known = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(made_by.iter().map(|model| model.model.as_str())));
    let model = or_null(known.into()).description(Some("The provider's model; its first one where none is given."));
    let words = "The other parameters, named as at the generating nodes.";
    let closed = |node_type: &NodeType| {
        let spec = nodes::spec(node_type)?;
        let left_out = [ParamKind::Provider, ParamKind::Model];
        let mut object = params_of(spec, &left_out, &made_by).additional_properties(Some(AdditionalProperties::FreeForm(false))).build();
        // It stands beside the parameters.
        spec.params.iter().filter(|param| param.unwired.is_some()).for_each(|param| drop(object.properties.remove(param.name)));
        object.description = Some(words.into());
        Some(object)
    };
    let mut objects: Vec<_> = node_types.iter().filter_map(closed).collect();
    let params = match objects.pop() {
        Some(only) if objects.is_empty() => only.into(),
        last => objects.into_iter().chain(last).fold(AnyOfBuilder::new(), AnyOfBuilder::item).description(Some(words)).into(),
    };
    (model.into(), params)
}
