//! `GET /healthz`, open: the function runs, its settings are good, which they are, and which version it is.

use http::StatusCode;
use serde_json::json;
use shared::version;

use crate::answer::Answer;
use crate::app::App;

/// Says that the function is there.
pub(crate) fn health(app: &App) -> Answer {
    let health = json!({"settings": app.settings, "status": "ok", "version": version::TEXT});
    Answer::json(StatusCode::OK, &health)
}
