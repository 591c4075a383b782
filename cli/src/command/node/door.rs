//! Where a node hears patients' own programs: what the command line says in place of `node.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use sumac_node::home::Settings;

/// The patients' door.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoorArgs {
    /// Hear patients' own programs over HTTP, at this address. An address of a network needs a certificate, or a proxy.
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, default_missing_value = DEFAULT)]
    patients: Option<SocketAddr>,
    /// The certificate for it, with those above it, in PEM.
    #[arg(long, value_name = "FILE")]
    patients_cert: Option<PathBuf>,
    /// The certificate's secret key, in PEM.
    #[arg(long, value_name = "FILE")]
    patients_key: Option<PathBuf>,
    /// A proxy of the clinic's own ends TLS before the node, and names whom it speaks for in X-Forwarded-For.
    #[arg(long)]
    patients_behind_proxy: bool,
    /// How many requests a minute one address, and one key, may make.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    patients_per_minute: Option<u32>,
    /// Let metrics and health be read over HTTP, at this address of this machine.
    #[arg(long, value_name = "ADDRESS:PORT", num_args = 0..=1, default_missing_value = METRICS)]
    metrics: Option<SocketAddr>,
}

impl DoorArgs {
    /// The settings with what was said here in place of what the file says. Files are taken from where the command
    /// was given, not from the node's folder.
    pub(super) fn over(&self, settings: Settings) -> Settings {
        let whole = |path: &Option<PathBuf>| {
            path.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()))
        };
        Settings {
            patients: self.patients.or(settings.patients),
            patients_cert: whole(&self.patients_cert).or(settings.patients_cert),
            patients_key: whole(&self.patients_key).or(settings.patients_key),
            patients_behind_proxy: self.patients_behind_proxy || settings.patients_behind_proxy,
            patients_per_minute: self.patients_per_minute.unwrap_or(settings.patients_per_minute),
            metrics: self.metrics.or(settings.metrics),
            ..settings
        }
    }
}

/// Where metrics are heard if no address is given.
const METRICS: &str = "127.0.0.1:9480";
/// Where the door is if no address is given: on this machine alone.
const DEFAULT: &str = "127.0.0.1:4880";
