//! `GET /healthz`, open: the function runs, and its settings are good.

use crate::answer::Answer;
use http::StatusCode;
use serde_json::json;

/// Says that the function is there.
pub(crate) fn health() -> Answer {
    Answer::json(StatusCode::OK, &json!({"status": "ok"}))
}
