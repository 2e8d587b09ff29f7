//! Google's Gemini API: one provider with two forms, Omni and Veo.

mod address;
pub mod api;
mod omni;
mod veo;
