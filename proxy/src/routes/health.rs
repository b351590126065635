//! `GET /healthz`, open: the function runs, and its settings are good.

use crate::answer::Answer;
use crate::turn::request::Request;
use http::StatusCode;
use serde_json::json;

/// Says that the function is there.
pub(crate) fn health(request: Request) -> Answer {
    request.whole(Answer::json(StatusCode::OK, &json!({"status": "ok"})))
}
