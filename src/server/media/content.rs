//! Content-addressed files.

/// The videos store.
#[derive(Debug, Clone, Default)]
pub struct Content;

impl Content {
    /// Whether the store answers.
    ///
    /// # Errors
    /// Where it does not.
    pub async fn check(&self) -> crate::server::Result<()> {
        Ok(())
    }
}
