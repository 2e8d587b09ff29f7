//! The file of `REELGRAPH_MODELS`: models that are added to the built-in table, in the shape of `domain/models.json`, and what gateways call
//! things, in the shape of `domain/dialects.json`. An array is one of models.

use std::path::Path;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::setting_error::SettingError;
use crate::domain::provider::{Dialect, Model, check_table};

/// What the file adds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Added {
    /// Models.
    pub models: Vec<Model>,
    /// Fields and words of gateways.
    pub dialects: Vec<Dialect>,
}

/// Reads and checks the file.
///
/// # Errors
/// Names the setting, the file, and, where one is at fault, the entry and its field.
pub(super) fn read(path: &Path) -> Result<Added, SettingError> {
    let wrong = |what: String| SettingError(format!("REELGRAPH_MODELS: {}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let expected = "is no JSON array of models, as src/domain/models.json is, and no object with models, dialects or both";
    let value: Value = serde_json::from_str(&text).map_err(|error| wrong(format!("{expected}: {error}")))?;
    let (models, dialects) = match value {
        Value::Array(models) => (models, Vec::new()),
        value => {
            let File { models, dialects } = serde_json::from_value(value).map_err(|error| wrong(format!("{expected}: {error}")))?;
            (models, dialects)
        }
    };
    let models = entries::<Model>(models, "entry").map_err(wrong)?;
    check_table(&models).map_err(|error| wrong(error.to_string()))?;
    let dialects = entries::<Dialect>(dialects, "dialect").map_err(wrong)?;
    for (place, dialect) in dialects.iter().enumerate() {
        dialect.check().map_err(|error| wrong(format!("dialect {}: {error}", place + 1)))?;
    }
    Ok(Added { models, dialects })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    models: Vec<Value>,
    #[serde(default)]
    dialects: Vec<Value>,
}

fn entries<T: DeserializeOwned>(entries: Vec<Value>, what: &str) -> Result<Vec<T>, String> {
    let read = |(place, entry): (usize, Value)| {
        let number = place + 1;
        let name = ["model", "host"].iter().find_map(|name| Some(format!(" ({})", entry.get(*name)?.as_str()?))).unwrap_or_default();
        serde_path_to_error::deserialize(entry).map_err(|error| match error.path().to_string().as_str() {
            // A field that is missing or unknown stands in the message itself.
            "." => format!("{what} {number}{name}: {}", error.inner()),
            field => format!("{what} {number}{name}: {field}: {}", error.inner()),
        })
    };
    entries.into_iter().enumerate().map(read).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Result<Added, SettingError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        read(file.path())
    }

    fn read_text(text: &str) -> Result<Vec<Model>, SettingError> {
        read_all(text).map(|added| added.models)
    }

    #[test]
    fn words_of_gateways_stand_beside_models() {
        let dialects = include_str!("../../domain/dialects.json");
        assert_eq!(read_all(&format!(r#"{{ "dialects": {dialects} }}"#)).unwrap().dialects.len(), 1);
        let own = r#"{ "models": [], "dialects": [{ "host": "gw.example", "words": { "done": ["fertig"] } }] }"#;
        assert_eq!(read_all(own).unwrap().dialects[0].words.done, ["fertig"]);
        assert_eq!(read_all("{}").unwrap(), Added::default());
        for (text, said) in [
            (r#"{ "dialect": [] }"#, "unknown field `dialect`"),
            (
                r#"{ "dialects": [{ "host": "gw.example", "words": { "don": [] } }] }"#,
                "dialect 1 (gw.example): words.don: unknown field `don`",
            ),
            (r#"{ "dialects": [{ "fields": { "id": ["task"] } }] }"#, "dialect 1: fields: \"task\" is no JSON pointer"),
            (r#"{ "dialects": [{ "words": { "done": ["-"] } }] }"#, "dialect 1: words: \"-\" has no letter"),
        ] {
            let error = read_all(text).unwrap_err().0;
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn the_built_in_table_is_a_sample_of_the_shape() {
        let table = include_str!("../../domain/models.json").replace("\"provider\": \"animatic\"", "\"provider\": \"openai\"");
        assert_eq!(read_text(&table).unwrap().len(), crate::domain::provider::models().len());
    }

    #[test]
    fn a_bad_file_is_named_with_entry_and_field() {
        let entry = |change: &str| {
            format!(
                r#"[{{ "provider": "openai", "model": "house-video-1", "title": "House", "durations": [4], "default_seconds": 4,
                     "sizes": ["720x1280"], "audio": true, "image_input": true, "usd_per_second": {{}}{change} }}]"#
            )
        };
        assert_eq!(read_text(&entry("")).unwrap()[0].model, "house-video-1");
        for (text, said) in [
            ("7".to_owned(), "array"),
            ("nonsense".to_owned(), "array"),
            (entry(r#", "sedes": 1"#), "entry 1 (house-video-1): sedes: unknown field `sedes`"),
            (entry("").replace("[4]", "[4, \"x\"]"), "entry 1 (house-video-1): durations[1]: "),
            (entry("").replace(r#""title": "House","#, ""), "entry 1 (house-video-1): missing field `title`"),
            (entry("").replace("openai", "acme"), "entry 1 (house-video-1): provider: "),
            (entry("").replace("\"default_seconds\": 4", "\"default_seconds\": 5"), "entry 1 (house-video-1): default_seconds: "),
            (entry("").replace("720x1280", "721x1280"), "entry 1 (house-video-1): sizes[0]: "),
        ] {
            let error = read_text(&text).unwrap_err().0;
            assert!(error.starts_with("REELGRAPH_MODELS: ") && error.contains(said), "{error}");
        }
        assert!(read(Path::new("/nowhere/models.json")).unwrap_err().0.starts_with("REELGRAPH_MODELS: /nowhere/models.json: "));
    }
}
