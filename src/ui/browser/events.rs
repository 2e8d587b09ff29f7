//! The server's event stream: heard while the page is shown, closed while it is hidden (a browser allows six connections a host),
//! and taken up again where it stopped.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::prelude::{document, set_timeout};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{EventSource, MessageEvent};

use crate::domain::{
    event::{EventPayload, NodeEvent},
    execution::Execution,
    job::Job,
};

/// How long to wait before a closed stream is opened anew.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(2);

/// What is heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// Something happened.
    Event(Box<EventPayload>),
    /// Events were missed that the server no longer has: what is shown must be read anew.
    Reset,
}

/// An event as it came: its kind and its text. Reading it is left to who wants it, and so is the code for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    name: &'static str,
    data: String,
}

impl RawEvent {
    /// Whether it tells of a job.
    #[must_use]
    pub fn is_of_job(&self) -> bool {
        self.name == "job"
    }

    /// What it says. None where a server of another version says what this page cannot read.
    #[must_use]
    pub fn read(&self) -> Option<Received> {
        let payload = match self.name {
            "node" => EventPayload::Node(serde_json::from_str::<NodeEvent>(&self.data).ok()?),
            "execution" => EventPayload::Execution(serde_json::from_str::<Execution>(&self.data).ok()?),
            "job" => EventPayload::Job(serde_json::from_str::<Job>(&self.data).ok()?),
            _ => return Some(Received::Reset),
        };
        Some(Received::Event(Box::new(payload)))
    }
}

/// A stream that is followed; it ends when this is dropped.
pub struct Following {
    inner: Rc<Inner>,
    on_visibility: Closure<dyn Fn()>,
}

/// What listens to one kind of event; dropped, it no longer does.
type Listener = (&'static str, Closure<dyn Fn(MessageEvent)>);

struct Inner {
    last: Cell<Option<i64>>,
    source: RefCell<Option<EventSource>>,
    listeners: RefCell<Vec<Listener>>,
    on_error: RefCell<Option<Closure<dyn Fn()>>>,
    ended: Cell<bool>,
}

/// Follows the stream after event number `after`, or from now; `on_event` is called with each event.
#[must_use]
pub fn follow(after: Option<i64>, on_event: impl Fn(RawEvent) + 'static) -> Following {
    let inner = Rc::new(Inner {
        last: Cell::new(after),
        source: RefCell::default(),
        listeners: RefCell::default(),
        on_error: RefCell::default(),
        ended: Cell::new(false),
    });
    inner.listen(Rc::new(on_event));
    let on_visibility = {
        let inner = inner.clone();
        Closure::<dyn Fn()>::new(move || if document().hidden() { inner.close() } else { inner.open() })
    };
    // Refused only for a listener that is none.
    let _ = document().add_event_listener_with_callback("visibilitychange", on_visibility.as_ref().unchecked_ref());
    if !document().hidden() {
        inner.open();
    }
    Following { inner, on_visibility }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = document().remove_event_listener_with_callback("visibilitychange", self.on_visibility.as_ref().unchecked_ref());
        self.inner.ended.set(true);
        self.inner.close();
        // The listeners hold the inner part, which holds them: without this neither would ever be freed.
        self.inner.listeners.take();
        self.inner.on_error.take();
    }
}

impl Inner {
    fn listen(self: &Rc<Self>, on_event: Rc<dyn Fn(RawEvent)>) {
        let listeners = ["node", "execution", "job", "reset"].map(|name| {
            let (inner, on_event) = (self.clone(), on_event.clone());
            let listener = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
                if let Ok(number) = message.last_event_id().parse() {
                    inner.last.set(Some(number));
                }
                on_event(RawEvent { name, data: message.data().as_string().unwrap_or_default() });
            });
            (name, listener)
        });
        *self.listeners.borrow_mut() = listeners.into();
        let inner = Rc::downgrade(self);
        *self.on_error.borrow_mut() = Some(Closure::new(move || {
            let Some(inner) = inner.upgrade() else { return };
            // A stream that broke off is opened again by the browser; one that was refused is not.
            let is_closed = inner.source.borrow().as_ref().is_some_and(|source| source.ready_state() == EventSource::CLOSED);
            if is_closed {
                inner.close();
                set_timeout(
                    move || {
                        if !document().hidden() {
                            inner.open()
                        }
                    },
                    PAUSE,
                );
            }
        }));
    }

    fn open(&self) {
        if self.ended.get() || self.source.borrow().is_some() {
            return;
        }
        let Ok(source) =
            EventSource::new(&self.last.get().map_or_else(|| "/api/events".to_owned(), |last| format!("/api/events?after={last}")))
        else {
            return;
        };
        for (name, listener) in self.listeners.borrow().iter() {
            let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        source.set_onerror(self.on_error.borrow().as_ref().map(|listener| listener.as_ref().unchecked_ref()));
        *self.source.borrow_mut() = Some(source);
    }

    fn close(&self) {
        if let Some(source) = self.source.take() {
            source.close();
        }
    }
}
