//! `GET /.well-known/jwks.json`, open: the public keys of the door, by which its assertions are verified.

use http::{StatusCode, header};

use crate::answer::Answer;
use crate::app::App;
use crate::caller::problem::Problem;
use crate::turn::declined::Declined;

/// Clients may keep the answer for five minutes: a new key is published for longer before it signs
/// ([`shared::signing::SETTLING`]).
const KEPT: &str = "public, max-age=300";

/// The keys to come, in use, and used before. Without a signing secret there are none, and nothing is asserted.
pub(crate) async fn keys(app: &App) -> Result<Answer, Declined> {
    let signing = app.turns.signing.as_ref().ok_or(Problem::NotFound)?;
    let ring = Box::pin(signing.ring()).await;
    let ring = ring.map_err(|_| Problem::SigningUnavailable)?;
    let answer = Answer::json(StatusCode::OK, &ring.published());
    Ok(answer.with(header::CACHE_CONTROL, KEPT))
}
