//! The server's event stream: heard while the page is shown, closed while it is hidden (a browser allows six connections a host),
//! and taken up again where it stopped. Where nothing of it comes, the page asks by itself.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use leptos::{
    leptos_dom::helpers::IntervalHandle,
    prelude::{document, set_interval_with_handle, set_timeout},
};
use wasm_bindgen::{JsCast, prelude::Closure};
use web_sys::{EventSource, MessageEvent};

use super::{
    page,
    silence::{Due, Silence},
};
use crate::domain::{
    event::{EventPayload, NodeEvent},
    execution::Execution,
    job::Job,
};

/// How long to wait before a closed stream is opened anew.
const PAUSE: Duration = Duration::from_secs(2);
/// How often is looked whether the stream is silent.
const LOOK: Duration = Duration::from_secs(1);
/// What the server sends so that its silence means something; it tells nothing else.
const PING: &str = "ping";

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

/// A question that a page asks because its stream is silent. The next is not asked before this is dropped.
pub struct Question(Rc<Inner>);

impl Question {
    /// The server refuses to answer it, now and later.
    pub fn refused(self) {
        self.0.silence.set(Silence::refused);
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.0.is_asking.set(false);
    }
}

/// What a page does with a stream.
pub trait Follower: 'static {
    /// Takes in what was told.
    fn hear(&self, event: RawEvent);

    /// Whether something that it shows is queued or running.
    fn is_busy(&self) -> bool;

    /// Asks how things stand, as the stream tells nothing.
    fn ask(&self, question: Question);
}

/// A stream that is followed; it ends when this is dropped.
pub struct Following {
    inner: Rc<Inner>,
    looking: Option<IntervalHandle>,
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
    silence: Kept,
    is_asking: Cell<bool>,
}

/// The silence, which is changed from many places.
struct Kept(Cell<Silence>);

impl Kept {
    fn set(&self, change: impl FnOnce(&mut Silence)) {
        let mut silence = self.0.get();
        change(&mut silence);
        self.0.set(silence);
    }
}

/// Follows the stream after event number `after`, or from now.
#[must_use]
pub fn follow(after: Option<i64>, follower: impl Follower) -> Following {
    let follower = Rc::new(follower);
    let inner = Rc::new(Inner {
        last: Cell::new(after),
        source: RefCell::default(),
        listeners: RefCell::default(),
        on_error: RefCell::default(),
        ended: Cell::new(false),
        silence: Kept(Cell::new(Silence::new(page::milliseconds()))),
        is_asking: Cell::new(false),
    });
    inner.listen(follower.clone());
    let on_visibility = {
        let inner = inner.clone();
        Closure::<dyn Fn()>::new(move || {
            if page::is_hidden() {
                inner.close();
            } else {
                inner.silence.set(|silence| silence.shown(page::milliseconds()));
                inner.open();
            }
        })
    };
    // Refused only for a listener that is none.
    let _ = document().add_event_listener_with_callback("visibilitychange", on_visibility.as_ref().unchecked_ref());
    if !document().hidden() {
        inner.open();
    }
    let looking = {
        let inner = inner.clone();
        // Refused only where there is no window.
        set_interval_with_handle(move || inner.look(&*follower), LOOK).ok()
    };
    Following { inner, looking, on_visibility }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = document().remove_event_listener_with_callback("visibilitychange", self.on_visibility.as_ref().unchecked_ref());
        if let Some(looking) = &self.looking {
            looking.clear();
        }
        self.inner.ended.set(true);
        self.inner.close();
        // The listeners hold the inner part, which holds them: without this neither would ever be freed.
        self.inner.listeners.take();
        self.inner.on_error.take();
    }
}

impl Inner {
    /// Does what a silent stream calls for, while the page is shown.
    fn look(self: &Rc<Self>, follower: &dyn Follower) {
        if page::is_hidden() || self.ended.get() || self.is_asking.get() {
            return;
        }
        let mut due = Due::default();
        self.silence.set(|silence| due = silence.due(page::milliseconds(), follower.is_busy()));
        if due.stream {
            self.close();
            self.open();
        }
        if due.question {
            self.is_asking.set(true);
            follower.ask(Question(self.clone()));
        }
    }

    fn listen(self: &Rc<Self>, follower: Rc<dyn Follower>) {
        let listeners = ["node", "execution", "job", "reset", PING].map(|name| {
            let (inner, follower) = (self.clone(), follower.clone());
            let listener = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| {
                inner.silence.set(|silence| silence.heard(page::milliseconds()));
                if name == PING {
                    return;
                }
                if let Ok(number) = message.last_event_id().parse() {
                    inner.last.set(Some(number));
                }
                follower.hear(RawEvent { name, data: message.data().as_string().unwrap_or_default() });
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
