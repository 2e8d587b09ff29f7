//! The content key of a step: equal keys promise equal clips, so that what was made once is never made, or paid for, again.

use sha2::{Digest, Sha256 as Hasher};

use super::{nodes, step::Step};
use crate::domain::{
    Sha256,
    provider::{ANIMATIC_VERSION, Provider},
};

/// Raised when the encoding below changes.
const ENCODING: &str = "reelgraph step 1";

/// The key of a step whose inputs are known: `media` has the hashes of what flows into each socket of [`Step::media_inputs`], in order.
///
/// It covers the node's type and version; provider and model as they take effect, the animatic with its renderer's version; every parameter with an
/// effect, defaults filled in; and the hashes. Where a text comes from, names, places and what this version does not know are left out.
#[must_use]
pub fn content_key(step: &Step, media: &[(&str, Vec<Sha256>)]) -> Sha256 {
    let mut key = Encoder(Hasher::new());
    key.text(ENCODING);
    key.text(step.node_type.name());
    let spec = nodes::spec(&step.node_type);
    key.number(spec.map_or(0, |spec| u64::from(spec.version)));
    key.number(if step.provider() == Some(Provider::Animatic) { u64::from(ANIMATIC_VERSION) } else { 0 });
    // The order in the list of node types may change, that of the names does not: a JSON map is sorted, and sorted here in case it no longer is.
    let mut params: Vec<_> = step.params.iter().filter(|(name, _)| has_effect(step, name)).collect();
    params.sort_by_key(|(name, _)| *name);
    key.number(params.len() as u64);
    for (name, value) in params {
        key.text(name);
        key.text(&value.to_string());
    }
    let mut media: Vec<_> = media.iter().filter(|(_, hashes)| !hashes.is_empty()).collect();
    media.sort_by_key(|(socket, _)| *socket);
    key.number(media.len() as u64);
    for (socket, hashes) in media {
        key.text(socket);
        key.number(hashes.len() as u64);
        hashes.iter().for_each(|hash| key.bytes(hash.bytes()));
    }
    Sha256::new(key.0.finalize().into())
}

fn has_effect(step: &Step, name: &str) -> bool {
    nodes::param(&step.node_type, name).is_some_and(|param| param.counts)
}

/// Writes each part after its length, so that no two sequences of parts read the same.
struct Encoder(Hasher);

impl Encoder {
    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }
}
