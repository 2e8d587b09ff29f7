//! The program: reads the command line and the settings, and hands over to the server.

fn main() -> std::process::ExitCode {
    reelgraph::server::run::main()
}
