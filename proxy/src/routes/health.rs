//! `GET /healthz`, open: the function runs, its settings are good, and which they are.

use http::StatusCode;
use serde_json::json;

use crate::answer::Answer;
use crate::app::App;

/// Says that the function is there.
pub(crate) fn health(app: &App) -> Answer {
    let health = json!({"status": "ok", "settings": app.settings});
    Answer::json(StatusCode::OK, &health)
}
