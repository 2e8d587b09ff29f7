//! Sending a file to the server: with a figure that moves, and stoppable. XMLHttpRequest, because fetch cannot tell how much has left.

use std::{cell::RefCell, rc::Rc};

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{FormData, ProgressEvent, XmlHttpRequest};

use super::files::PickedFile;
use crate::{
    api::answer,
    domain::{ApiError, ErrorKind},
};

/// A file that is being sent. Dropping it stops it.
pub struct Upload {
    request: XmlHttpRequest,
    _on_progress: Closure<dyn FnMut(ProgressEvent)>,
}

impl Upload {
    /// Begins to send `file` to the upload at `address`; `on_progress` hears how much of it has left, from 0 to 1.
    ///
    /// # Errors
    /// Where the browser refuses to begin.
    pub fn begin(address: &str, file: &PickedFile, on_progress: impl Fn(f64) + 'static) -> Result<Self, ApiError> {
        let on_progress = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
            if event.total() > 0.0 {
                on_progress(event.loaded() / event.total());
            }
        });
        let request = start(address, file, &on_progress).map_err(|_| interrupted())?;
        Ok(Self { request, _on_progress: on_progress })
    }

    /// Resolves when it is over, however it ended.
    pub fn ended(&self) -> impl Future<Output = ()> + use<> {
        ended(self.request.clone())
    }

    /// What the server said, once it is over.
    ///
    /// # Errors
    /// The server's reason, or that the connection broke.
    pub fn answer<T: serde::de::DeserializeOwned>(self) -> Result<T, ApiError> {
        let text = self.request.response_text().ok().flatten().unwrap_or_default();
        match self.request.status() {
            Ok(0) | Err(_) => Err(interrupted()),
            Ok(status) => answer::read(status, &text),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.request.ready_state() != XmlHttpRequest::DONE {
            // Aborting cannot fail; the binding only allows for it.
            let _ = self.request.abort();
        }
        if let Ok(upload) = self.request.upload() {
            upload.set_onprogress(None);
        }
    }
}

fn start(address: &str, file: &PickedFile, on_progress: &Closure<dyn FnMut(ProgressEvent)>) -> Result<XmlHttpRequest, JsValue> {
    let request = XmlHttpRequest::new()?;
    request.open("POST", address)?;
    request.upload()?.set_onprogress(Some(on_progress.as_ref().unchecked_ref()));
    let form = FormData::new()?;
    form.append_with_blob_and_filename("file", &file.0, &file.name())?;
    request.send_with_opt_form_data(Some(&form))?;
    Ok(request)
}

/// A browser's call that has to live until it was made.
type Call = Closure<dyn FnMut()>;

async fn ended(request: XmlHttpRequest) {
    let kept: Rc<RefCell<Option<Call>>> = Rc::default();
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let done = Closure::<dyn FnMut()>::new(move || {
            // The promise's own function takes any value and cannot fail.
            let _ = resolve.call0(&JsValue::NULL);
        });
        request.set_onloadend(Some(done.as_ref().unchecked_ref()));
        *kept.borrow_mut() = Some(done);
    });
    // It is only ever resolved.
    let _ = JsFuture::from(promise).await;
    request.set_onloadend(None);
}

fn interrupted() -> ApiError {
    ApiError::new(ErrorKind::Interrupted, "The upload broke off, and nothing of it was stored. Give the file again.")
}
