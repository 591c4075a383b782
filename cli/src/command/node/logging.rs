//! The log of a running node, on standard error: words, or a JSON object a line.

use sumac_node::home::Settings;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// What is logged, which can change while the node runs.
pub(super) struct Log {
    put: Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>,
}

impl Log {
    /// Begins to log as the settings say.
    pub(super) fn begin(settings: &Settings) -> Result<Self, Failure> {
        let builder =
            tracing_subscriber::fmt().with_env_filter(filter(settings)?).with_writer(std::io::stderr).with_ansi(false);
        if settings.log_json {
            let builder = builder.json().with_filter_reloading();
            let handle = builder.reload_handle();
            builder.init();
            Ok(Self { put: Box::new(move |filter| handle.reload(filter).map_err(|why| why.to_string())) })
        } else {
            let builder = builder.with_filter_reloading();
            let handle = builder.reload_handle();
            builder.init();
            Ok(Self { put: Box::new(move |filter| handle.reload(filter).map_err(|why| why.to_string())) })
        }
    }

    /// Logs as these settings say from now on.
    pub(super) fn take_over(&self, settings: &Settings) -> Result<(), Failure> {
        (self.put)(filter(settings)?).map_err(|why| Failure::bug(format!("the log cannot be changed: {why}")))
    }
}

/// The variable's filter, or else that of the settings, or else the default.
fn filter(settings: &Settings) -> Result<EnvFilter, Failure> {
    if let Ok(filter) = EnvFilter::try_from_env("SUMAC_LOG") {
        return Ok(filter);
    }
    let text = settings.log.as_deref().unwrap_or(Settings::LOG);
    EnvFilter::try_new(text).map_err(|why| {
        Failure::usage(format!("`{text}` is no filter of the log: {why}"), "write it like sumac_node=info,warn")
    })
}
