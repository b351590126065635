//! One assertion, one request.

use serde_json::json;

use crate::book::Book;
use crate::checks::signature::mirrored;
use crate::draft::{Body, Draft, Step, bare, good};

fn again(draft: Draft) -> Step {
    draft.refused("proof_replayed")
}

pub(crate) fn write(book: &mut Book) {
    used(book);
    unused(book);
}

fn used(book: &mut Book) {
    let mut chapter = book.chapter("replay");
    chapter.series(
        "replay_at_once",
        "the same request again",
        vec![good().accepted(), again(good())],
    );
    chapter.series(
        "replay_often",
        "and again",
        vec![
            good().accepted(),
            again(good()),
            again(good()),
            again(good().at(1)),
        ],
    );
    chapter.series(
        "replay_to_the_end",
        "as long as it has not expired",
        vec![
            good().accepted(),
            again(good().at(60)),
            again(good().at(89)),
            good().at(90).refused("proof_expired"),
        ],
    );
    chapter.series(
        "replay_early",
        "one of a door whose clock is ahead",
        vec![
            good()
                .claim("iat", 1_800_000_030_u64)
                .claim("exp", 1_800_000_090_u64)
                .accepted(),
            again(
                good()
                    .claim("iat", 1_800_000_030_u64)
                    .claim("exp", 1_800_000_090_u64)
                    .at(119),
            ),
        ],
    );
    chapter.series(
        "replay_mirrored",
        "with the other signature of the same meaning",
        vec![
            good().accepted(),
            again(good().bend(|token| token.signed(&mirrored(&token.signature)))),
        ],
    );
    chapter.series(
        "replay_signed_anew",
        "the id counts, not the text",
        vec![good().accepted(), again(good().claim("filling", "x"))],
    );
    chapter.series(
        "replay_another_caller",
        "nor does the caller",
        vec![good().accepted(), again(good().claim("sub", "bob"))],
    );
    chapter.series(
        "replay_another_request",
        "nor what is asked",
        vec![good().accepted(), again(good().calls("POST", "/mcp"))],
    );
    chapter.series(
        "replay_after_others",
        "others in between change nothing",
        vec![
            good().accepted(),
            good().id("r-2").accepted(),
            good().id("r-3").accepted(),
            again(good()),
            again(good().id("r-2")),
        ],
    );
    chapter.series(
        "replay_other_ids",
        "ids that only look alike are others",
        vec![
            good().accepted(),
            good().id("R-1").accepted(),
            good().id("r-1 ").accepted(),
            good().id("r-10").accepted(),
            good().id("__proto__").accepted(),
            good().id("constructor").accepted(),
            again(good().id("__proto__")),
        ],
    );
    chapter.series(
        "replay_rotated",
        "a new key changes nothing",
        vec![
            good().accepted(),
            again(good().signed_by("k2").member("kid", "k2").keys("k1_k2")).fetches(2),
        ],
    );
}

/// What is refused uses nothing up.
fn unused(book: &mut Book) {
    let mut chapter = book.chapter("replay");
    let first = |id: &str, comment: &str, step: Step| (id.to_owned(), comment.to_owned(), step);
    for (id, comment, step) in [
        first(
            "unused_body",
            "another body",
            good().sends(b"{}").refused("proof_body"),
        ),
        first(
            "unused_session",
            "another session",
            good().session(Some("session-2")).refused("proof_session"),
        ),
        first(
            "unused_method",
            "another method",
            good().asks("PUT", "/invocations").refused("proof_method"),
        ),
        first(
            "unused_path",
            "another path",
            good().asks("POST", "/mcp").refused("proof_path"),
        ),
        first(
            "unused_audience",
            "another agent",
            good().claim("aud", "finance").refused("proof_audience"),
        ),
        first(
            "unused_signature",
            "another's signature",
            good().signed_by("other").refused("proof_signature"),
        ),
    ] {
        let comment = format!("{comment}: the assertion is not used up");
        chapter.series(&id, &comment, vec![step, good().accepted(), again(good())]);
    }
    chapter.series_with(
        json!({"max_body": 1000}),
        "unused_size",
        "a body that is too long: the assertion is not used up",
        vec![
            good().carries(Body::Repeat("x", 1001)).refused("too_large"),
            good().accepted(),
            again(good()),
        ],
    );
    chapter.series(
        "unused_open",
        "on an open path an assertion is not looked at, and not used up",
        vec![
            bare("GET", "/ping").open(),
            good().accepted(),
            bare("GET", "/ping").open().fetches(1),
            again(good()),
        ],
    );
    chapter.series(
        "unused_no_keys",
        "no keys: the assertion is not used up",
        vec![
            good().keys("down").refused("keys_unavailable"),
            good().at(1).accepted().fetches(2),
            again(good().at(1)).fetches(2),
        ],
    );
}
