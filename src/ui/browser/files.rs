//! Files that a user hands to the page: chosen, dropped or pasted.

use leptos::{
    ev,
    prelude::{document, set_timeout},
};
use wasm_bindgen::JsCast;
use web_sys::{FileList, HtmlInputElement};

use crate::{domain::AssetKind, graph::canvas::geometry::Point};

/// The largest document that is read, in bytes: what the server takes as a definition.
const LARGEST_DOCUMENT: u64 = 16 << 20;

/// Lets the browser save a text as a file of that name.
pub fn save_text(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let link = document().create_element("a").ok().and_then(|link| link.dyn_into::<web_sys::HtmlElement>().ok());
    let url = web_sys::Blob::new_with_str_sequence(&parts).and_then(|blob| web_sys::Url::create_object_url_with_blob(&blob));
    // Refused only where no such element or address can be made; nothing is lost then.
    let (Some(link), Ok(url)) = (link, url) else { return };
    let _ = link.set_attribute("href", &url);
    let _ = link.set_attribute("download", name);
    link.click();
    // The browser has begun by then; the address holds the text as long as it lives.
    set_timeout(
        move || {
            let _ = web_sys::Url::revoke_object_url(&url);
        },
        std::time::Duration::from_secs(60),
    );
}

/// A file on the user's machine.
#[derive(Debug, Clone)]
pub struct PickedFile(pub(super) web_sys::File);

impl PickedFile {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Its kind, as far as its name tells; the server looks at its content.
    #[must_use]
    pub fn kind(&self) -> AssetKind {
        AssetKind::of_media_type(&self.0.type_())
    }

    /// Whether it is a document, as far as its name and type tell.
    #[must_use]
    pub fn is_document(&self) -> bool {
        self.0.type_() == "application/json" || self.name().to_ascii_lowercase().ends_with(".json")
    }

    /// What is written in it; `None` for one that is too large for a document, or cannot be read.
    pub async fn text(&self) -> Option<String> {
        if self.size() > LARGEST_DOCUMENT {
            return None;
        }
        wasm_bindgen_futures::JsFuture::from(self.0.text()).await.ok()?.as_string()
    }

    /// Its bytes, which the browser reads when they are needed.
    #[must_use]
    pub fn blob(&self) -> &web_sys::Blob {
        &self.0
    }

    /// Its size, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.0.size() as u64
    }
}

/// The files of a changed file field; the field is emptied, so that the same file can be chosen again.
#[must_use]
pub fn chosen(field: &HtmlInputElement) -> Vec<PickedFile> {
    let files = list(field.files());
    field.set_value("");
    files
}

/// Whether a drag over the page carries files.
#[must_use]
pub fn carries_files(event: &ev::DragEvent) -> bool {
    event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
}

/// The files that were dropped.
#[must_use]
pub fn dropped(event: &ev::DragEvent) -> Vec<PickedFile> {
    list(event.data_transfer().and_then(|data| data.files()))
}

/// Where the files fell, from the upper left corner of the element that takes them.
#[must_use]
pub fn place(taker: &web_sys::EventTarget, event: &ev::DragEvent) -> Point {
    taker.dyn_ref::<web_sys::Element>().map_or(Point::new(0.0, 0.0), |element| super::canvas_dom::place_in(element, event))
}

/// The files of a paste.
#[must_use]
pub fn pasted(event: &ev::Event) -> Vec<PickedFile> {
    let data = event.dyn_ref::<web_sys::ClipboardEvent>().and_then(web_sys::ClipboardEvent::clipboard_data);
    list(data.and_then(|data| data.files()))
}

fn list(files: Option<FileList>) -> Vec<PickedFile> {
    files.map(|files| (0..files.length()).filter_map(|at| files.get(at)).map(PickedFile).collect()).unwrap_or_default()
}
