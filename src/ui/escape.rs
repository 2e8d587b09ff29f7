//! Foreign text where Leptos writes what it is given: the content of `title`, `textarea` and `script`. Everything else is escaped by the
//! views themselves. `tests/layers.rs` holds the pages to these two doors.

use leptos::prelude::{RenderHtml, is_server};
use serde::Serialize;

/// Text for a `title` or a `textarea`, which a name or a prompt cannot end. Call it while the view is made: only the server writes HTML, and
/// the browser takes the text as it is.
#[must_use]
pub fn text(text: String) -> String {
    text_by(is_server())(text)
}

/// The same for a text that comes later, when nobody can say any more which side this is.
pub fn text_by(is_server: bool) -> impl Fn(String) -> String + Copy {
    // An empty text would become a space, which is nothing to put into a field.
    move |text| if is_server && !text.is_empty() { text.to_html() } else { text }
}

/// JSON for a `script` that holds data; none of its texts can end the element. None for what is no JSON.
#[must_use]
pub fn json(value: &(impl Serialize + ?Sized)) -> Option<String> {
    Some(serde_json::to_string(value).ok()?.replace('<', "\\u003c"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_element_that_it_stands_in() {
        let hostile = "</title></textarea><meta http-equiv=\"refresh\" content=\"0;url=//evil\">&amp;";
        let written = text_by(true)(hostile.to_owned());
        assert!(!written.contains('<'), "{written}");
        assert!(written.contains("&amp;amp;"), "what looks escaped is text too: {written}");
        assert_eq!(text_by(false)(hostile.to_owned()), hostile, "the browser takes text for text");
        assert_eq!(text_by(true)(String::new()), "");
    }

    #[test]
    fn no_data_ends_its_script() {
        let written = json(&["</script><!--<script>"]).unwrap();
        assert!(!written.contains('<'), "{written}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&written).unwrap(), ["</script><!--<script>"]);
    }
}
