//! The journal of a page's unsaved edits, in localStorage, which outlives the page: written by one page only, read by the next.
//!
//! Under `reelgraph.journal.PAGE`: what the edits belong to (`.head`), the document they begin with (`.base`, where it is kept), and each edit under
//! its number. A page holds a lock of that name (Web Locks) for as long as it lives, so that no other takes its journal for a leftover.

use wasm_bindgen::{JsCast, JsValue, prelude::*};
use wasm_bindgen_futures::JsFuture;

use super::page;

const PREFIX: &str = "reelgraph.journal.";
const HEAD: &str = "head";
const BASE: &str = "base";
/// Which journal the page before this one in the same tab wrote, in sessionStorage.
const IN_THIS_TAB: &str = "reelgraph.journal";
/// How long a page may take to go, in milliseconds.
const GOING: u32 = 5_000;
/// Where there are no locks, who has written nothing for so long is gone, in seconds.
const SILENT: f64 = 60.0;

/// The browser has no room left for an edit, or keeps nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this browser keeps nothing more")]
pub struct NoRoom;

/// The journal that a page writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalStore {
    key: String,
}

/// A journal as its page left it: the texts that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftJournal {
    /// Which journal.
    pub store: JournalStore,
    /// What its edits belong to.
    pub head: String,
    /// The document they begin with, where it was kept.
    pub base: Option<String>,
    /// The edits in their order.
    pub edits: Vec<String>,
}

impl JournalStore {
    /// A journal of this page's own, still empty.
    #[must_use]
    pub fn new() -> Self {
        Self { key: format!("{PREFIX}{}", uuid::Uuid::new_v4().simple()) }
    }

    /// Says that this page lives, until it is gone.
    pub fn hold(&self) {
        if let Some(storage) = window().session_storage().ok().flatten() {
            // Only for browsers without locks.
            let _ = storage.set_item(IN_THIS_TAB, &self.key);
        }
        if let Some(locks) = locks() {
            // Never resolved: the lock goes with the page.
            let for_ever = js_sys::Promise::new(&mut |_, _| {});
            let held = Closure::once_into_js(move || for_ever);
            // Refused only while the page is going.
            let _ = locks.request(&self.key, &JsValue::from(js_sys::Object::new()), held.unchecked_ref());
        }
    }

    /// Whether the page that wrote it, `silent_seconds` ago for the last time, is gone: waits a little for one that is going.
    pub async fn is_left(&self, silent_seconds: f64) -> bool {
        let Some(locks) = locks() else {
            let before = window().session_storage().ok().flatten().and_then(|storage| storage.get_item(IN_THIS_TAB).ok().flatten());
            return before.as_deref() == Some(&self.key) || silent_seconds > SILENT;
        };
        let options = js_sys::Object::new();
        // A plain object takes any member.
        let _ = js_sys::Reflect::set(&options, &"signal".into(), &web_sys::AbortSignal::timeout_with_u32(GOING));
        let granted = Closure::once_into_js(|| JsValue::UNDEFINED);
        match locks.request(&self.key, &options.into(), granted.unchecked_ref()) {
            Ok(asked) => JsFuture::from(asked).await.is_ok(),
            Err(_) => false,
        }
    }

    /// Writes what the edits belong to.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn write_head(&self, text: &str) -> Result<(), NoRoom> {
        self.put(HEAD, text)
    }

    /// Writes an edit under its number, later than every one before it.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn write_edit(&self, number: u64, text: &str) -> Result<(), NoRoom> {
        self.put(&number.to_string(), text)
    }

    /// Writes the document with which the edits begin, in place of an earlier one.
    ///
    /// # Errors
    /// [`NoRoom`].
    pub fn write_base(&self, text: &str) -> Result<(), NoRoom> {
        self.put(BASE, text)
    }

    /// Takes the document out: the edits begin with what the server has.
    pub fn forget_base(&self) {
        self.remove(BASE);
    }

    /// Takes an edit out.
    pub fn forget_edit(&self, number: u64) {
        self.remove(&number.to_string());
    }

    /// Takes everything out.
    pub fn forget(&self) {
        let Some(storage) = storage() else { return };
        let own = format!("{}.", self.key);
        for name in names(&storage).into_iter().filter(|name| name.starts_with(&own)) {
            // What is not there needs no forgetting.
            let _ = storage.remove_item(&name);
        }
    }

    fn put(&self, name: &str, text: &str) -> Result<(), NoRoom> {
        storage().ok_or(NoRoom)?.set_item(&format!("{}.{name}", self.key), text).map_err(|_| NoRoom)
    }

    fn remove(&self, name: &str) {
        if let Some(storage) = storage() {
            // What is not there needs no removing.
            let _ = storage.remove_item(&format!("{}.{name}", self.key));
        }
    }
}

impl Default for JournalStore {
    fn default() -> Self {
        Self::new()
    }
}

/// The journals of other pages, living or not.
#[must_use]
pub fn others(own: &JournalStore) -> Vec<LeftJournal> {
    let Some(storage) = storage() else { return Vec::new() };
    let text = |name: &str| storage.get_item(name).ok().flatten();
    let names = names(&storage);
    let heads = names.iter().filter_map(|name| name.strip_suffix(&format!(".{HEAD}"))).filter(|key| *key != own.key);
    let journals = heads.filter_map(|key| {
        let mut numbers: Vec<u64> = names.iter().filter_map(|name| name.strip_prefix(key)?.strip_prefix('.')?.parse().ok()).collect();
        numbers.sort_unstable();
        Some(LeftJournal {
            store: JournalStore { key: key.to_owned() },
            head: text(&format!("{key}.{HEAD}"))?,
            base: text(&format!("{key}.{BASE}")),
            edits: numbers.into_iter().filter_map(|number| text(&format!("{key}.{number}"))).collect(),
        })
    });
    journals.collect()
}

fn names(storage: &web_sys::Storage) -> Vec<String> {
    let all = 0..storage.length().unwrap_or_default();
    all.filter_map(|at| storage.key(at).ok().flatten()).filter(|name| name.starts_with(PREFIX)).collect()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

fn window() -> web_sys::Window {
    leptos::prelude::window()
}

fn locks() -> Option<LockManager> {
    if !page::is_secure() {
        return None;
    }
    let locks = js_sys::Reflect::get(&window().navigator(), &"locks".into()).ok()?;
    (!locks.is_undefined()).then(|| locks.unchecked_into())
}

// web-sys has Web Locks only behind a flag of the compiler.
#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(this: &LockManager, name: &str, options: &JsValue, callback: &js_sys::Function) -> Result<js_sys::Promise, JsValue>;
}
