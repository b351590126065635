//! Warnings of the functions' code, such as why an issuer's keys cannot be fetched: kept for the one who asked.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber, subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

/// More than this many tell nothing new.
const MAX_NOTICES: usize = 20;

/// Runs this, and gives what it warned of beside its result.
pub(crate) fn collected<T>(run: impl FnOnce() -> T) -> (T, Vec<String>) {
    let notices = Notices::default();
    let kept = Arc::clone(&notices.0);
    let result = subscriber::with_default(tracing_subscriber::registry().with(notices), run);
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    (result, kept.clone())
}

#[derive(Default)]
struct Notices(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Notices {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let is_ours = event.metadata().target().starts_with("shared");
        if !is_ours || *event.metadata().level() > Level::WARN {
            return;
        }
        let mut told = Told::default();
        event.record(&mut told);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_NOTICES {
            kept.push(told.text());
        }
    }
}

/// The fields of a warning.
#[derive(Default)]
struct Told {
    message: String,
    others: Vec<String>,
}

impl Told {
    fn text(&self) -> String {
        match self.others.as_slice() {
            [] => self.message.clone(),
            others => format!("{} ({})", self.message, others.join(", ")),
        }
    }

    fn put(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => self.others.push(format!("{name}: {value}")),
        }
    }
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }
}
