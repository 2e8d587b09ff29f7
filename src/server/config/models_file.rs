//! The file of `REELGRAPH_MODELS`: models that are added to the built-in table, in the shape of `domain/models.json`.

use std::path::Path;

use serde_json::Value;

use super::setting_error::SettingError;
use crate::domain::provider::{Model, check_table};

/// Reads and checks the file.
///
/// # Errors
/// Names the setting, the file, and, where one is at fault, the entry and its field.
pub(super) fn read(path: &Path) -> Result<Vec<Model>, SettingError> {
    let wrong = |what: String| SettingError(format!("REELGRAPH_MODELS: {}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let entries: Vec<Value> =
        serde_json::from_str(&text).map_err(|error| wrong(format!("is no JSON array of models, as src/domain/models.json is: {error}")))?;
    let models = entries.into_iter().enumerate().map(|(place, entry)| model(place + 1, entry).map_err(wrong));
    let models = models.collect::<Result<Vec<_>, _>>()?;
    check_table(&models).map_err(|error| wrong(error.to_string()))?;
    Ok(models)
}

fn model(number: usize, entry: Value) -> Result<Model, String> {
    let name = entry.get("model").and_then(Value::as_str).map(|name| format!(" ({name})")).unwrap_or_default();
    serde_path_to_error::deserialize(entry).map_err(|error| match error.path().to_string().as_str() {
        // A field that is missing or unknown stands in the message itself.
        "." => format!("entry {number}{name}: {}", error.inner()),
        field => format!("entry {number}{name}: {field}: {}", error.inner()),
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Model>, SettingError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        read(file.path())
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
            ("{}".to_owned(), "array"),
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
