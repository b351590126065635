//! The log of a test: the fields of each event of the test's thread.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// The fields so far, as `name=value`. Dropping it ends the listening.
pub(crate) struct Told {
    fields: Fields,
    _listening: DefaultGuard,
}

#[derive(Clone, Default)]
struct Fields(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(crate) fn start() -> Self {
        let fields = Fields::default();
        let subscriber = tracing_subscriber::registry().with(fields.clone());
        Self {
            fields,
            _listening: set_default(subscriber),
        }
    }

    /// The last value of a field.
    pub(crate) fn last(&self, name: &str) -> String {
        let fields = self.fields.0.lock().unwrap();
        let mut found = fields
            .iter()
            .rev()
            .filter_map(|field| field.split_once('='));
        let found = found.find(|(field, _)| *field == name);
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }
}

impl<S: Subscriber> Layer<S> for Fields {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.lock().unwrap().push(format!("{field}={value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.lock().unwrap().push(format!("{field}={value:?}"));
    }
}
