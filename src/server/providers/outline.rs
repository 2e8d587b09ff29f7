//! JSON of any length in little memory: what it says with its long texts cut, and one of these texts, to be read piece by piece.

use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use serde_json::{Map, Value};
use struson::reader::{JsonReader, JsonStreamReader, ReaderSettings, ValueType};

use super::spool::IN_MEMORY;

/// What is kept of a text, in bytes: no address or reason is as long.
const LONGEST_TEXT: u64 = 16 * 1024;

/// What goes wrong below is told apart by nobody.
type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// Why there is no outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoOutline {
    /// It is no JSON, or breaks off.
    #[error("it is no JSON")]
    NotJson,
    /// Without its long texts it is still more than [`IN_MEMORY`].
    #[error("it is longer than 1 MiB even without its long texts")]
    TooMuch,
}

/// The JSON with every text cut after [`LONGEST_TEXT`].
///
/// # Errors
/// See [`NoOutline`].
pub(super) fn of(json: impl Read) -> Result<Value, NoOutline> {
    let budget = Rc::new(Cell::new(Some(IN_MEMORY)));
    let mut json = reader(Metered { json, budget: budget.clone() });
    let outline = value(&mut json, &budget).and_then(|outline| Ok(json.consume_trailing_whitespace().map(|()| outline)?));
    outline.map_err(|_| if budget.get().is_none() { NoOutline::TooMuch } else { NoOutline::NotJson })
}

/// Reads the text at a JSON pointer (RFC 6901). `None`: there is none.
pub(super) fn text<T>(json: impl Read, pointer: &str, read: impl FnOnce(&mut dyn Read) -> T) -> Option<T> {
    let mut json = reader(json);
    for token in pointer.split('/').skip(1) {
        step(&mut json, token).ok()?;
    }
    let mut text = json.next_string_reader().ok()?;
    Some(read(&mut text))
}

fn reader<R: Read>(json: R) -> JsonStreamReader<R> {
    JsonStreamReader::new_custom(json, ReaderSettings { track_path: false, ..ReaderSettings::default() })
}

/// Goes to the member or the entry of that name.
fn step(json: &mut JsonStreamReader<impl Read>, token: &str) -> Result<()> {
    if json.peek()? == ValueType::Array {
        json.begin_array()?;
        // What is no number leads behind the end, where the next step fails.
        for _ in 0..token.parse().unwrap_or(u32::MAX) {
            json.skip_value()?;
        }
        return Ok(());
    }
    let name = token.replace("~1", "/").replace("~0", "~");
    json.begin_object()?;
    while json.next_name()? != name {
        json.skip_value()?;
    }
    Ok(())
}

fn value<R: Read>(json: &mut JsonStreamReader<R>, budget: &Cell<Option<u64>>) -> Result<Value> {
    Ok(match json.peek()? {
        ValueType::Object => {
            json.begin_object()?;
            let mut members = Map::new();
            while json.has_next()? {
                let name = json.next_name_owned()?;
                members.insert(name, value(json, budget)?);
            }
            json.end_object()?;
            Value::Object(members)
        }
        ValueType::Array => {
            json.begin_array()?;
            let mut entries = Vec::new();
            while json.has_next()? {
                entries.push(value(json, budget)?);
            }
            json.end_array()?;
            Value::Array(entries)
        }
        ValueType::String => beginning(&mut json.next_string_reader()?, budget)?.into(),
        ValueType::Number => serde_json::from_str(json.next_number_as_str()?)?,
        ValueType::Boolean => json.next_bool()?.into(),
        ValueType::Null => {
            json.next_null()?;
            Value::Null
        }
    })
}

/// The beginning of a text; what follows is read past, however long it is.
fn beginning(text: &mut impl Read, budget: &Cell<Option<u64>>) -> Result<String> {
    let mut begin = Vec::new();
    text.by_ref().take(LONGEST_TEXT).read_to_end(&mut begin)?;
    let left = budget.replace(Some(u64::MAX));
    io::copy(text, &mut io::sink())?;
    budget.set(left);
    // A letter may be cut.
    let whole = str::from_utf8(&begin).map_or_else(|error| error.valid_up_to(), str::len);
    Ok(String::from_utf8_lossy(&begin[..whole]).into_owned())
}

/// Gives no more than the budget lets through, which is none afterwards: names, numbers and structure are held whole.
struct Metered<R> {
    json: R,
    budget: Rc<Cell<Option<u64>>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.json.read(buffer)?;
        self.budget.set(self.budget.get().and_then(|left| left.checked_sub(count as u64)));
        match self.budget.get() {
            Some(_) => Ok(count),
            None => Err(io::Error::other("more than is held in memory")),
        }
    }
}

#[cfg(test)]
#[path = "outline_tests.rs"]
mod tests;
