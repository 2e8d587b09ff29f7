//! The program: reads the command line and the settings, and hands over to the server. The build says which commit it is made from.

fn main() -> std::process::ExitCode {
    reelgraph::server::run::main(option_env!("REELGRAPH_COMMIT"))
}
