//! `GET /.well-known/jwks.json`, open: the public keys of the door, by which its assertions are verified.

use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::turn::request::Request;
use http::{StatusCode, header};

/// Whoever asks may keep the answer for five minutes: a new key is published for longer before it signs
/// ([`shared::signing::SETTLING`]).
const KEPT: &str = "public, max-age=300";

impl App {
    /// The keys to come, in use, and used before. Without a signing secret there are none, and nothing is asserted.
    pub(crate) async fn keys(&self, request: Request) -> Answer {
        let Some(signing) = &self.signing else {
            return request.problem(Problem::NotFound);
        };
        match Box::pin(signing.ring()).await {
            Ok(ring) => {
                let answer = Answer::json(StatusCode::OK, &ring.published());
                request.whole(answer.with(header::CACHE_CONTROL, KEPT))
            }
            Err(_) => request.problem(Problem::SigningUnavailable),
        }
    }
}
