//! The composition root: settings → parts → server, and a graceful stop. The other commands too.

use std::{
    io::{IsTerminal, Write},
    pin::pin,
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};

use leptos::config::LeptosOptions;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use super::{
    Error, Result,
    clock::Clock,
    config::{Cli, Command, Config, environment, site},
    events::Events,
    http::{access::Access, router::router, serve},
    library::{
        check::{self, Said},
        indexing,
        ownership::{self, Standing},
        recognition,
        resumable::Uploads,
        scrub, sweep,
    },
    log,
    media::{content::Content, ffmpeg::Ffmpeg},
    memory,
    providers::{Providers, Spool},
    runs::held,
    state::AppState,
    store::{Db, adopt},
    studio::Studio,
    workers::Workers,
};
use crate::domain::{ErrorKind, provider};

/// How long requests and jobs under way may take to end once the server is told to stop.
const GRACE: Duration = Duration::from_secs(8);
/// How far a check is is told so often, to a terminal.
const BETWEEN_PROGRESS: Duration = Duration::from_secs(2);

/// The version, and the commit where the build named one: `0.1.0 (f047a37c1)`.
fn version(commit: Option<&str>) -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    let number = env!("CARGO_PKG_VERSION");
    VERSION.get_or_init(|| match commit.filter(|commit| !commit.is_empty()) {
        Some(commit) => format!("{number} ({commit})"),
        None => number.to_owned(),
    })
}

/// Reads the command line and runs what it says. 0: done; 1: it failed, or found something; 2: the command line or a setting is wrong.
/// `commit` is what the program was built from, where that is known.
#[must_use]
pub fn main(commit: Option<&str>) -> ExitCode {
    environment::unset_empty();
    memory::keep_free();
    let version = version(commit);
    let cli = Cli::read(version);
    let command = cli.command.unwrap_or(Command::Serve);
    let filter = tracing_subscriber::EnvFilter::try_new(&cli.settings.log);
    let (_log, config) = match (filter, Config::try_from(cli.settings)) {
        (Err(error), _) => return complain(2, &format!("RUST_LOG: {error}")),
        (_, Err(error)) => return complain(2, &error.to_string()),
        (Ok(filter), Ok(config)) => {
            if let (Command::Serve, Err(error)) = (command, site::check(&config.site_root)) {
                return complain(2, &error.to_string());
            }
            (log::begin(config.log_format, filter), config)
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(1, &format!("the runtime did not start: {error}")),
    };
    let result = match command {
        Command::Serve => {
            tracing::info!("Reelgraph {version}");
            runtime.block_on(serve(config)).map(|()| true)
        }
        Command::Check => runtime.block_on(check(&config)).map_err(|error| of_database(error, &config.database_url)),
        Command::Reindex => runtime.block_on(reindex(&config)).map(|()| true).map_err(|error| of_database(error, &config.database_url)),
    };
    runtime.shutdown_timeout(Duration::from_secs(1));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => complain(1, &error.to_string()),
    }
}

fn complain(code: u8, sentence: &str) -> ExitCode {
    log::complain(sentence);
    ExitCode::from(code)
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Where a part cannot start; the sentence names it.
pub async fn serve(config: Config) -> Result<()> {
    provider::extend(config.models.clone()).map_err(|error| Error::Internal(format!("REELGRAPH_MODELS: {error}")))?;
    serve::raise_descriptors();
    let address = config.site_addr;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Error::Internal(format!("LEPTOS_SITE_ADDR: cannot listen on {address}: {error}; is another Reelgraph running?"))
    })?;
    // Heard from here on: one that comes as soon as the server says that it listens ends it in order too.
    let mut stop = pin!(stop_signals()?);
    let server = tokio::select! {
        server = Server::start(config, listener) => server?,
        () = &mut stop => return Ok(()),
    };
    stop.await;
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

/// Checks the stored files and reports on standard output. Gives whether all is right. A database that was behind its store is not afterwards.
///
/// # Errors
/// Where the check cannot run to its end; the sentence says why.
async fn check(config: &Config) -> Result<bool> {
    let db = Db::open_as_it_is(&config.database_url).await?;
    let content = Content::as_it_is(&config.videos_dir).await?;
    let standing = ownership::standing(&db, &content, &config.database_url).await?;
    let (mut report, mut terminal) = (std::io::stdout(), std::io::stderr());
    let (shows_progress, mut shown) = (terminal.is_terminal(), Instant::now());
    let mut say = |said: Said<'_>| match said {
        Said::Line(line) => writeln!(report, "{line}").map_err(Error::io("standard output")),
        Said::Progress(checked) if shows_progress && shown.elapsed() > BETWEEN_PROGRESS => {
            shown = Instant::now();
            writeln!(terminal, "{checked} so far").map_err(Error::io("standard error"))
        }
        Said::Progress(_) => Ok(()),
    };
    let checked = check::check(&db, &content, &mut say).await?;
    if let Standing::Behind(counter) = standing {
        held::catch_up(&db, counter).await?;
        say(Said::Line("the database was a copy or restored, and was held back until now: it deletes and pays again"))?;
    }
    say(Said::Line(&checked.to_string()))?;
    db.close().await;
    Ok(checked.is_sound())
}

/// Builds the search index anew, and says on standard output of how many rows.
///
/// # Errors
/// The database's.
async fn reindex(config: &Config) -> Result<()> {
    let db = Db::open_as_it_is(&config.database_url).await?;
    let mut terminal = std::io::stderr();
    let (shows_progress, mut shown) = (terminal.is_terminal(), Instant::now());
    let rows = indexing::anew(&db, |rows| {
        if shows_progress && shown.elapsed() > BETWEEN_PROGRESS {
            shown = Instant::now();
            // Who does not see it misses nothing.
            let _ = writeln!(terminal, "{rows} rows so far");
        }
    });
    let rows = rows.await?;
    writeln!(std::io::stdout(), "{rows} rows are in the search index").map_err(Error::io("standard output"))?;
    db.close().await;
    Ok(())
}

/// A running server: what `serve` and the tests start.
#[derive(Debug)]
pub struct Server {
    /// The server's parts.
    pub state: AppState,
    /// Where it listens.
    pub address: std::net::SocketAddr,
    task: tokio::task::JoinHandle<()>,
    workers: Workers,
}

impl Server {
    /// Starts everything behind `listener` and accepts connections.
    ///
    /// # Errors
    /// Where a part cannot start.
    pub async fn start(config: Config, listener: TcpListener) -> Result<Self> {
        Self::start_by(Clock::default(), config, listener).await
    }

    /// The same by a clock of its own.
    ///
    /// # Errors
    /// Where a part cannot start.
    pub async fn start_by(clock: Clock, config: Config, listener: TcpListener) -> Result<Self> {
        let address = listener.local_addr().map_err(Error::io("the listening socket"))?;
        let access = Access::new(&config.public_origins, config.access_token.as_ref(), &config.trusted_proxies, address);
        let started = SystemTime::now();
        let database = config.database_url.clone();
        let state = compose(config, clock).await.map_err(|error| of_database(error, &database))?;
        let app = router(state.clone(), access)?;
        let workers = Workers::start(&state);
        let ffmpeg = state.studio.ffmpeg.clone();
        tokio::spawn(async move {
            if let Err(error) = ffmpeg.available().and(ffmpeg.tone_maps().await) {
                tracing::warn!("{error}");
            }
        });
        let task = tokio::spawn(serve::serve(listener, app, state.config.patience, state.stop.clone()));
        tracing::info!("listening on http://{address}");
        tokio::spawn(memory::run(state.studio.db.clone(), state.stop.clone()));
        tokio::spawn(indexing::run(state.studio.db.clone(), state.stop.clone()));
        tokio::spawn(recognition::run(state.studio.clone(), state.stop.clone()));
        tokio::spawn(scrub::run(state.studio.db.clone(), state.studio.content.clone(), state.stop.clone()));
        tokio::spawn(state.uploads.clone().run(state.stop.clone()));
        tokio::spawn(sweep::run(state.studio.clone(), started, state.stop.clone()));
        Ok(Self { state, address, task, workers })
    }

    /// Stops accepting, lets requests under way end and workers give their jobs back, and closes the database.
    pub async fn stop(mut self) {
        self.state.stop.cancel();
        let (served, worked) =
            tokio::join!(tokio::time::timeout(GRACE, &mut self.task), tokio::time::timeout(GRACE, self.workers.stopped()));
        if worked.is_err() {
            tracing::warn!("some jobs did not stop in time; the next start picks them up");
        }
        match served {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(cause = %error, "the server ended with an error"),
            Err(_) => {
                tracing::warn!("some requests did not end in time and were cut");
                self.task.abort();
            }
        }
        self.state.studio.db.close().await;
    }
}

/// A fault of the database in words that name its file and say what to do; any other error as it is.
fn of_database(error: Error, url: &str) -> Error {
    let (Some(fault), Ok(path)) = (error.database_fault(), Db::path(url)) else { return error };
    let words = fault.words(&path.display().to_string());
    Error::api(ErrorKind::Unavailable, format!("DATABASE_URL: {words} ({error})"))
}

/// Builds the server's parts.
async fn compose(config: Config, clock: Clock) -> Result<AppState> {
    ownership::refuse_new(&Db::path(&config.database_url)?, &config.videos_dir).await?;
    adopt::adopt(&config.database_url, &config.videos_dir).await?;
    let db = Db::open(&config.database_url).await?;
    let (content, standing) = ownership::open(&db, &config.videos_dir, &config.database_url).await?;
    if let Standing::Behind(_) = standing {
        let requests = held::hold(&db).await?;
        tracing::warn!(
            requests,
            "this database is a copy or was restored, and is behind its videos folder: no file is deleted or set aside, and no paid request \
             that it found queued leaves, until `reelgraph check` was run on it"
        );
    } else {
        held::release(&db).await?;
    }
    let leptos = leptos_options(&config);
    let ffmpeg = Ffmpeg::locate();
    let providers = Providers::new(&config, ffmpeg.clone(), &Spool::new(content.staging_dir(), config.max_upload_bytes));
    let studio = Studio { db, content, ffmpeg, providers, events: Events::default(), clock, caps: config.caps };
    let uploads = Uploads::new(studio.clone(), config.max_upload_bytes);
    Ok(AppState { config: Arc::new(config), studio, uploads, stop: CancellationToken::new(), leptos })
}

/// Where Leptos finds the browser's files. Their names carry hashes where the build wrote `hash.txt`: `make build` does, a watch,
/// which could not keep it true, does not.
fn leptos_options(config: &Config) -> LeptosOptions {
    let hash_file = std::path::absolute(config.site_root.join("hash.txt")).ok().filter(|file| file.is_file());
    let text = |text: &str| Arc::<str>::from(text);
    LeptosOptions::builder()
        .output_name(text("reelgraph"))
        .site_root(text(&config.site_root.to_string_lossy()))
        .site_pkg_dir(text("pkg"))
        .site_addr(config.site_addr)
        .hash_files(hash_file.is_some())
        .hash_file(text(&hash_file.unwrap_or_default().to_string_lossy()))
        .build()
}

/// Ends with the first signal to stop that comes after this was called.
fn stop_signals() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::io("SIGINT"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::io("SIGTERM"))?;
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}
