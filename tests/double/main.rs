//! The providers' doubles, to try final mode by hand without paying anybody.

#![expect(clippy::unwrap_used, clippy::print_stdout, dead_code, reason = "a tool of the tests, which talks to whoever starts it")]

use std::net::SocketAddr;

use clap::Parser;

#[path = "mod.rs"]
mod double;

/// Serves doubles of the providers' APIs.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:4010")]
    address: SocketAddr,
}

#[tokio::main]
async fn main() {
    let shared = double::start(Arguments::parse().address).await;
    println!("OPENAI_BASE_URL={} OPENAI_API_KEY=test-openai", shared.openai_base());
    println!("GEMINI_BASE_URL={} GEMINI_API_KEY=test-google", shared.google_base());
    println!("XAI_BASE_URL={} XAI_API_KEY=test-xai", shared.xai_base());
    std::future::pending::<()>().await;
}
