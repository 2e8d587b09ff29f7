//! The settings: environment variables or flags, each checked once at the start.

use std::{ffi::OsStr, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{
    Args, CommandFactory, FromArgMatches, Parser, Subcommand,
    builder::{self, Resettable},
};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use models_file::Added;

use crate::domain::provider::{Dialect, Model};

pub mod environment;
mod models_file;
mod peers;
mod setting_error;
pub mod site;

pub use peers::Patience;
pub use setting_error::SettingError;

/// Reelgraph: build video workflows as a graph, run them, and never lose or repeat a clip.
#[derive(Debug, Parser)]
#[command(name = "reelgraph", version)]
pub struct Cli {
    /// What to do; `serve` without.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The settings.
    #[command(flatten)]
    pub settings: Settings,
}

impl Cli {
    /// Reads the command line and the environment; says what is wrong with them, or the help, and ends the program where that is all.
    #[must_use]
    pub fn read(version: &'static str) -> Self {
        let set = |name: &OsStr| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let matches = command(set).version(version).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The command line. A variable that is not `set` is not read, an empty one among them: `VAR=${VAR:-}` is how container files hand one on.
fn command(set: impl Fn(&OsStr) -> bool) -> clap::Command {
    Cli::command().mut_args(|argument| match argument.get_env() {
        Some(name) if !set(name) => argument.env(Resettable::<builder::OsStr>::Reset),
        _ => argument,
    })
}

/// The commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the server (the default).
    Serve,
    /// Verify every stored file against its SHA-256, and every row against its file. Changes no file; the server may run meanwhile.
    ///
    /// Reports what is missing, altered, orphaned or set aside, and ends with 1 where a file is missing, altered or orphaned. Run to its end
    /// on a copied or restored database, it lets that one delete and pay again.
    Check,
    /// Build the search index anew. The server may run meanwhile, and finds what is indexed so far.
    Reindex,
}

/// The settings as they were given.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Where the server listens.
    #[arg(long, env = "LEPTOS_SITE_ADDR", default_value = "127.0.0.1:3000", global = true)]
    pub site_addr: SocketAddr,
    /// The database: sqlite://FILE.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite://media.db", global = true)]
    pub database_url: String,
    /// The videos store: file:DIR.
    #[arg(long, env = "VIDEOS_URL", default_value = "file:videos", global = true)]
    pub videos_url: String,
    /// The origin or origins under which browsers reach the server, separated by commas; required off loopback.
    #[arg(long, env = "REELGRAPH_PUBLIC_ORIGIN", global = true)]
    pub public_origin: Option<String>,
    /// The token every caller must show; required off loopback.
    #[arg(long, env = "REELGRAPH_ACCESS_TOKEN", global = true, hide_env_values = true)]
    pub access_token: Option<SecretString>,
    /// Networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto count, separated by commas, like 10.0.0.0/8.
    #[arg(long, env = "REELGRAPH_TRUSTED_PROXIES", global = true)]
    pub trusted_proxies: Option<String>,
    /// Key of the Videos-API provider.
    #[arg(long, env = "OPENAI_API_KEY", global = true, hide_env_values = true)]
    pub openai_api_key: Option<SecretString>,
    /// Base URL of the Videos-API provider.
    #[arg(long, env = "OPENAI_BASE_URL", default_value = "https://api.openai.com/v1", global = true)]
    pub openai_base_url: String,
    /// Key of the Google provider.
    #[arg(long, env = "GEMINI_API_KEY", global = true, hide_env_values = true)]
    pub gemini_api_key: Option<SecretString>,
    /// Base URL of the Google provider.
    #[arg(long, env = "GEMINI_BASE_URL", default_value = "https://generativelanguage.googleapis.com", global = true)]
    pub gemini_base_url: String,
    /// Key of the xAI provider.
    #[arg(long, env = "XAI_API_KEY", global = true, hide_env_values = true)]
    pub xai_api_key: Option<SecretString>,
    /// Base URL of the xAI provider.
    #[arg(long, env = "XAI_BASE_URL", default_value = "https://api.x.ai/v1", global = true)]
    pub xai_base_url: String,
    /// A JSON file of models, and of what gateways call things, that are added to the built-in ones or stand in their place.
    #[arg(long, env = "REELGRAPH_MODELS", global = true)]
    pub models: Option<PathBuf>,
    /// The most that a run may cost, in US dollars.
    #[arg(long, env = "REELGRAPH_CAP_RUN_USD", global = true)]
    pub cap_run_usd: Option<f64>,
    /// The most that may be spent on a day (UTC), in US dollars.
    #[arg(long, env = "REELGRAPH_CAP_DAY_USD", global = true)]
    pub cap_day_usd: Option<f64>,
    /// The largest upload, in bytes.
    #[arg(long, env = "REELGRAPH_MAX_UPLOAD_BYTES", default_value_t = 10 * 1024 * 1024 * 1024, global = true)]
    pub max_upload_bytes: u64,
    /// Local ffmpeg jobs at a time; the number of cores without.
    #[arg(long, env = "REELGRAPH_WORKERS", global = true)]
    pub workers: Option<usize>,
    /// How the log is written: text or json, a line an event.
    #[arg(long, env = "REELGRAPH_LOG_FORMAT", default_value = "text", global = true)]
    pub log_format: String,
    /// Log filter.
    #[arg(long, env = "RUST_LOG", default_value = "info", global = true)]
    pub log: String,
    /// The folder with the browser's files; without, the one beside the program.
    #[arg(long, env = "LEPTOS_SITE_ROOT", global = true)]
    pub site_root: Option<PathBuf>,
}

/// The settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens.
    pub site_addr: SocketAddr,
    /// `sqlite://…`
    pub database_url: String,
    /// The folder of the videos store.
    pub videos_dir: PathBuf,
    /// Origins (`scheme://host[:port]`) that were given; empty means the loopback names with the bound port.
    pub public_origins: Vec<String>,
    /// The token every caller must show.
    pub access_token: Option<SecretString>,
    /// The networks of proxies that are believed when they name their callers.
    pub trusted_proxies: Vec<IpNet>,
    /// Key of the Videos-API provider.
    pub openai_api_key: Option<SecretString>,
    /// Base URL of the Videos-API provider, without a slash at its end.
    pub openai_base_url: String,
    /// Key of the Google provider.
    pub gemini_api_key: Option<SecretString>,
    /// Base URL of the Google provider, without a slash at its end.
    pub gemini_base_url: String,
    /// Key of the xAI provider.
    pub xai_api_key: Option<SecretString>,
    /// Base URL of the xAI provider, without a slash at its end.
    pub xai_base_url: String,
    /// Models that are added to the built-in ones, checked.
    pub models: Vec<Model>,
    /// What gateways call things, before what is built in.
    pub dialects: Vec<Dialect>,
    /// The caps on spending.
    pub caps: Caps,
    /// How providers are asked after what they make.
    pub pace: Pace,
    /// How slow callers may be.
    pub patience: Patience,
    /// The largest upload, in bytes.
    pub max_upload_bytes: u64,
    /// Local ffmpeg jobs at a time, at least 1.
    pub workers: usize,
    /// How the log is written.
    pub log_format: LogFormat,
    /// The folder with the browser's files; whether it holds them is for [`site::check`].
    pub site_root: PathBuf,
}

/// How the log is written, a line an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line, for programs.
    Json,
}

/// What may be spent, in millionths of a US dollar; `None`: no cap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caps {
    /// On a run.
    pub run_usd_micros: Option<i64>,
    /// On a day, in UTC.
    pub day_usd_micros: Option<i64>,
}

/// How providers are asked after what they make, where they give no hint themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Until the first question.
    pub first: Duration,
    /// Between two questions at most.
    pub longest: Duration,
    /// How long a provider may work on a clip before the user is asked; its job is kept.
    pub deadline: Duration,
    /// How long a finished clip that is not where it should be is waited for before it counts as gone.
    pub late_clip: Duration,
}

impl Default for Pace {
    /// Half an hour is enough for the slowest resolution.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(2),
            longest: Duration::from_secs(15),
            deadline: Duration::from_secs(30 * 60),
            late_clip: Duration::from_secs(5 * 60),
        }
    }
}

impl TryFrom<Settings> for Config {
    type Error = SettingError;

    fn try_from(settings: Settings) -> Result<Self, SettingError> {
        let refuse = |text: String| Err(SettingError(text));
        if settings.database_url.starts_with("postgres") {
            return refuse("DATABASE_URL: this version keeps its rows in SQLite; give sqlite://FILE".into());
        }
        if !settings.database_url.starts_with("sqlite:") {
            return refuse(format!("DATABASE_URL: {:?} is no database URL; give sqlite://FILE", settings.database_url));
        }
        let videos_dir = match settings.videos_url.split_once(':') {
            Some(("file", dir)) if !dir.trim_start_matches('/').is_empty() => PathBuf::from(dir.strip_prefix("//").unwrap_or(dir)),
            Some(("s3" | "gs", _)) => return refuse("VIDEOS_URL: this version keeps videos in a folder; give file:DIR".into()),
            _ => return refuse(format!("VIDEOS_URL: {:?} names no store; give file:DIR", settings.videos_url)),
        };
        let public_origins =
            settings.public_origin.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|text| !text.is_empty());
        let public_origins = public_origins.map(origin).collect::<Result<Vec<_>, _>>()?;
        let access_token = settings.access_token.filter(is_set);
        if !settings.site_addr.ip().is_loopback() {
            if public_origins.is_empty() {
                return refuse(format!(
                    "REELGRAPH_PUBLIC_ORIGIN: required when listening on {}, which others can reach; give the origin browsers use, like https://reels.example",
                    settings.site_addr
                ));
            }
            if access_token.is_none() {
                return refuse(format!(
                    "REELGRAPH_ACCESS_TOKEN: required when listening on {}, which others can reach",
                    settings.site_addr
                ));
            }
        }
        let workers = match settings.workers {
            Some(0) => return refuse("REELGRAPH_WORKERS: must be at least 1".into()),
            Some(workers) => workers,
            None => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        };
        let log_format = match settings.log_format.as_str() {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            other => return refuse(format!("REELGRAPH_LOG_FORMAT: {other:?} is no format; give text or json")),
        };
        let caps = Caps {
            run_usd_micros: cap("REELGRAPH_CAP_RUN_USD", settings.cap_run_usd)?,
            day_usd_micros: cap("REELGRAPH_CAP_DAY_USD", settings.cap_day_usd)?,
        };
        let added = settings.models.as_deref().filter(|path| !path.as_os_str().is_empty()).map(models_file::read).transpose()?;
        let Added { models, dialects } = added.unwrap_or_default();
        Ok(Self {
            caps,
            pace: Pace::default(),
            patience: Patience::default(),
            site_addr: settings.site_addr,
            database_url: settings.database_url,
            videos_dir,
            public_origins,
            access_token,
            trusted_proxies: peers::networks(settings.trusted_proxies.as_deref().unwrap_or_default())?,
            openai_api_key: settings.openai_api_key.filter(is_set),
            openai_base_url: base_url("OPENAI_BASE_URL", &settings.openai_base_url)?,
            gemini_api_key: settings.gemini_api_key.filter(is_set),
            gemini_base_url: base_url("GEMINI_BASE_URL", &settings.gemini_base_url)?,
            xai_api_key: settings.xai_api_key.filter(is_set),
            xai_base_url: base_url("XAI_BASE_URL", &settings.xai_base_url)?,
            models,
            dialects,
            max_upload_bytes: settings.max_upload_bytes,
            workers,
            log_format,
            site_root: settings.site_root.filter(|path| !path.as_os_str().is_empty()).unwrap_or_else(site::beside_the_program),
        })
    }
}

/// An empty key stands for none.
fn is_set(key: &SecretString) -> bool {
    !key.expose_secret().trim().is_empty()
}

/// A cap in millionths of a US dollar.
fn cap(name: &str, usd: Option<f64>) -> Result<Option<i64>, SettingError> {
    match usd {
        None => Ok(None),
        #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
        Some(usd) if (0.0..=1e9).contains(&usd) => Ok(Some((usd * 1e6).round() as i64)),
        Some(usd) => Err(SettingError(format!("{name}: {usd} is no cap; give US dollars, 0 or more"))),
    }
}

/// Checks a provider's base URL and gives it without the slash at its end.
fn base_url(setting: &str, text: &str) -> Result<String, SettingError> {
    let text = text.trim().trim_end_matches('/');
    let uri = text.parse::<http::Uri>().ok();
    // A key in the address would end up in messages and logs; the keys have settings of their own.
    let is_plain = |uri: &http::Uri| uri.authority().is_some_and(|authority| !authority.as_str().contains('@')) && uri.query().is_none();
    match uri.filter(is_plain).as_ref().and_then(http::Uri::scheme_str) {
        Some("http" | "https") => Ok(text.to_owned()),
        _ => Err(SettingError(format!(
            "{setting}: this is no base URL; give http:// or https://, a host and a path, like https://videos.example/v1, without a key in it"
        ))),
    }
}

/// Checks an origin and gives it in the form a browser sends: lower case, no path, no default port.
fn origin(text: &str) -> Result<String, SettingError> {
    let wrong =
        || SettingError(format!("REELGRAPH_PUBLIC_ORIGIN: {text:?} is no origin; give scheme and host, like https://reels.example"));
    let uri: http::Uri = text.trim_end_matches('/').parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(wrong()) };
    if !matches!(scheme, "http" | "https") || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(wrong());
    }
    let host = authority.host().to_ascii_lowercase();
    let port = authority.port_u16().filter(|port| !matches!((scheme, port), ("http", 80) | ("https", 443)));
    Ok(port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}")))
}

#[cfg(test)]
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn config(arguments: &[&str]) -> Result<Config, SettingError> {
        let cli = Cli::try_parse_from(["reelgraph"].iter().chain(arguments)).unwrap();
        cli.settings.try_into()
    }

    #[test]
    fn a_bad_setting_is_named() {
        for (arguments, name) in [
            (["--database-url", "postgres://x"], "DATABASE_URL"),
            (["--database-url", "media.db"], "DATABASE_URL"),
            (["--videos-url", "s3://bucket"], "VIDEOS_URL"),
            (["--videos-url", "file:"], "VIDEOS_URL"),
            (["--workers", "0"], "REELGRAPH_WORKERS"),
            (["--cap-run-usd", "NaN"], "REELGRAPH_CAP_RUN_USD"),
            (["--public-origin", "reels.example"], "REELGRAPH_PUBLIC_ORIGIN"),
            (["--site-addr", "0.0.0.0:3000"], "REELGRAPH_PUBLIC_ORIGIN"),
            (["--openai-base-url", "api.openai.com/v1"], "OPENAI_BASE_URL"),
            (["--gemini-base-url", "ftp://google.example"], "GEMINI_BASE_URL"),
            (["--xai-base-url", "https://s3cret@api.x.ai/v1"], "XAI_BASE_URL"),
            (["--trusted-proxies", "10.0.0.0/33"], "REELGRAPH_TRUSTED_PROXIES"),
            (["--log-format", "xml"], "REELGRAPH_LOG_FORMAT"),
            (["--models", "/nowhere/models.json"], "REELGRAPH_MODELS"),
        ] {
            let error = config(&arguments).unwrap_err();
            assert!(error.0.starts_with(name), "{error}");
        }
    }

    #[test]
    fn base_urls_lose_the_slash_at_their_end_and_show_no_secret() {
        let given = config(&["--openai-base-url", "http://127.0.0.1:8000/v1/", "--gemini-base-url", " https://google.example// "]).unwrap();
        assert_eq!(
            (given.openai_base_url.as_str(), given.gemini_base_url.as_str()),
            ("http://127.0.0.1:8000/v1", "https://google.example")
        );
        assert!(!config(&["--xai-base-url", "https://x.example/?key=s3cret"]).unwrap_err().0.contains("s3cret"));
    }

    #[test]
    fn off_loopback_a_token_is_required() {
        let open = ["--site-addr", "0.0.0.0:3000", "--public-origin", "https://Reels.example:443/"];
        assert!(config(&open).unwrap_err().0.starts_with("REELGRAPH_ACCESS_TOKEN"));
        let closed = config(&[&open[..], &["--access-token", "s3cret"]].concat()).unwrap();
        assert_eq!(closed.public_origins, ["https://reels.example"]);
    }
}
