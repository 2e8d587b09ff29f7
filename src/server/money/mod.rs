//! What is paid to providers.

pub mod ledger;
