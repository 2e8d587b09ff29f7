//! What can be asked of a stitch.

use serde::Serialize;

use crate::domain::{ApiError, transition};

/// How clips are joined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StitchParams {
    /// One of [`transition::ALL`].
    pub transition: String,
    /// How long neighbours overlap, 0 to 10 s; without effect on a cut.
    pub transition_seconds: f64,
    /// Width and height of the result in pixels, even, 16 to 7680; else the first clip's as displayed.
    pub size: Option<(u32, u32)>,
    /// Frame rate of the result, 1 to 120; else the first clip's.
    pub fps: Option<f64>,
}

impl Default for StitchParams {
    fn default() -> Self {
        Self { transition: transition::CUT.into(), transition_seconds: 0.5, size: None, fps: None }
    }
}

impl StitchParams {
    /// Whether every value can be used.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the pointer of the first value that cannot.
    pub fn validate(&self) -> Result<(), ApiError> {
        if !transition::is_known(&self.transition) {
            let known: Vec<_> = transition::ALL.iter().map(|(name, _)| *name).collect();
            let detail = format!("There is no transition {:?}. There are {}.", self.transition, known.join(", "));
            return Err(ApiError::invalid("/transition", detail));
        }
        if !(0.0..=10.0).contains(&self.transition_seconds) {
            return Err(ApiError::invalid("/transition_seconds", "A transition lasts 0 to 10 seconds."));
        }
        let side = |side: u32| (16..=7680).contains(&side) && side.is_multiple_of(2);
        if self.size.is_some_and(|(width, height)| !side(width) || !side(height)) {
            return Err(ApiError::invalid("/size", "Width and height are even numbers from 16 to 7680."));
        }
        if self.fps.is_some_and(|fps| !(1.0..=120.0).contains(&fps)) {
            return Err(ApiError::invalid("/fps", "A frame rate is a number from 1 to 120."));
        }
        Ok(())
    }
}
