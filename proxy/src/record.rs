//! What is written of a request once it is over: one log line, and metrics. Never a token, a body, or a person's name.

use http::StatusCode;
use shared::gate::AgentName;
use shared::log::Loggable;
use shared::metrics::{self, Metric};
use std::time::Duration;
use tokio::time::Instant;
use tracing::field::{DisplayValue, display};
use tracing::{Level, event};

/// What is known of a request so far. It is written once: when it is finished, or when it is dropped before that, and
/// then the caller has left.
pub struct Record {
    request_id: String,
    /// API Gateway's own id of the request.
    gateway_request_id: Option<String>,
    started: Instant,
    route: &'static str,
    agent: Option<AgentName>,
    status: u16,
    upstream: Upstream,
    first_byte: Option<Duration>,
    bytes: u64,
    is_written: bool,
}

/// What the agent's platform said, for an operator who takes it up with AWS.
#[derive(Debug, Default)]
pub struct Upstream {
    pub status: Option<u16>,
    pub request_id: Option<String>,
    /// The name of its error, or what kept the call from it.
    pub detail: Option<String>,
}

/// The outcome of a request whose answer was dropped before its end.
pub const CLIENT_GONE: &str = "client_gone";

impl Record {
    /// Begins with a request; its time runs from here.
    #[must_use]
    pub fn begin(
        request_id: &str,
        gateway_request_id: Option<String>,
        route: &'static str,
    ) -> Self {
        Self {
            request_id: request_id.to_owned(),
            gateway_request_id,
            started: Instant::now(),
            route,
            agent: None,
            status: 0,
            upstream: Upstream::default(),
            first_byte: None,
            bytes: 0,
            is_written: false,
        }
    }

    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Notes which agent was called: one of the settings, never a name that a caller made up.
    pub fn agent(&mut self, agent: &AgentName) {
        self.agent = Some(agent.clone());
    }

    /// Notes what the agent's platform said.
    pub fn upstream(&mut self, upstream: Upstream) {
        self.upstream = upstream;
    }

    /// Notes the status the caller is sent.
    pub fn status(&mut self, status: StatusCode) {
        self.status = status.as_u16();
    }

    /// Notes so many bytes of the body that the caller is sent.
    pub fn sent(&mut self, count: u64) {
        self.bytes = self.bytes.saturating_add(count);
        if self.first_byte.is_none() {
            self.first_byte = Some(self.started.elapsed());
        }
    }

    /// How many bytes the caller was sent so far.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Notes a whole answer, and writes the record.
    pub fn whole(&mut self, status: StatusCode, count: u64, outcome: &'static str) {
        self.status(status);
        self.sent(count);
        self.finish(outcome);
    }

    /// Writes the record; what comes after the first time is not written.
    pub fn finish(&mut self, outcome: &'static str) {
        if !std::mem::replace(&mut self.is_written, true) {
            self.write(outcome);
        }
    }

    fn write(&self, outcome: &'static str) {
        let Self {
            request_id,
            gateway_request_id,
            started,
            route,
            agent,
            status,
            upstream,
            first_byte,
            bytes,
            is_written: _,
        } = self;
        let Upstream {
            status: upstream_status,
            request_id: upstream_request_id,
            detail,
        } = upstream;
        let duration = started.elapsed();
        macro_rules! write_at {
            ($level:expr) => {
                event!(
                    $level,
                    request_id = display(Loggable(request_id)),
                    gateway_request_id = loggable(gateway_request_id.as_deref()),
                    route,
                    agent = agent.as_ref().map(AgentName::as_str),
                    status,
                    outcome,
                    upstream_status,
                    upstream_request_id = loggable(upstream_request_id.as_deref()),
                    upstream_detail = detail.as_deref(),
                    duration_ms = millis(duration),
                    first_byte_ms = first_byte.map(millis),
                    bytes,
                    "answered {route}: {status} {outcome}"
                )
            };
        }
        // What the caller can do nothing about is for an operator to see.
        if *status >= 500 || detail.is_some() {
            write_at!(Level::WARN)
        } else {
            write_at!(Level::INFO)
        }
        self.emit(outcome, duration);
    }

    fn emit(&self, outcome: &'static str, duration: Duration) {
        let agent = self.agent.as_ref().map_or("none", AgentName::as_str);
        let mut values = vec![
            Metric::count("requests", 1),
            Metric::time("duration", duration),
            Metric::bytes("bytes", self.bytes),
        ];
        values.extend(self.first_byte.map(|time| Metric::time("first_byte", time)));
        metrics::emit(
            &[
                ("route", self.route),
                ("agent", agent),
                ("outcome", outcome),
            ],
            &values,
        );
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.finish(CLIENT_GONE);
    }
}

fn loggable(text: Option<&str>) -> Option<DisplayValue<Loggable<'_>>> {
    text.map(|text| display(Loggable(text)))
}

/// Milliseconds, with microseconds as their fraction.
fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
