//! Who makes clips: one trait, one file a provider.

pub mod animatic;
