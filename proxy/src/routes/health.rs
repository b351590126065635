//! `GET /healthz`, open: the function runs, its settings are good, and which they are.

use crate::answer::Answer;
use crate::handler::App;
use crate::request::Request;
use http::StatusCode;
use serde_json::json;

impl App {
    /// Says that the function is there.
    pub(crate) fn health(&self, request: Request) -> Answer {
        let health = json!({"status": "ok", "settings": self.settings});
        request.whole(Answer::json(StatusCode::OK, &health))
    }
}
