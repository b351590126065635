//! The cache of keys: when they are fetched, renewed, searched and dropped.
//!
//! Soft age 300 s, hard age 7,200 s; one search for an unknown key id in 10 s; 1, 2, 4 .. 32 s of rest after failures.

use crate::book::Book;
use crate::draft::{Draft, Step, good};

/// The call number `id`, so many seconds after the start.
fn call(id: u32, seconds: u64) -> Draft {
    good().id(&format!("r-{id}")).fresh_at(seconds)
}

/// The same, by an assertion of another key id.
fn unknown(id: u32, seconds: u64, key_id: &str) -> Step {
    call(id, seconds)
        .member("kid", key_id)
        .refused("proof_signature")
}

/// The same, signed by the door's next key.
fn next_key(id: u32, seconds: u64) -> Draft {
    call(id, seconds).signed_by("k2").member("kid", "k2")
}

pub(crate) fn write(book: &mut Book) {
    ages(book);
    outages(book);
    searches(book);
    rotations(book);
}

fn ages(book: &mut Book) {
    let mut chapter = book.chapter("key age");
    chapter.series(
        "age_soft",
        "keys are kept for 300 seconds, then renewed",
        vec![
            call(1, 0).accepted(),
            call(2, 1).accepted(),
            call(3, 299).accepted(),
            call(4, 300).accepted().fetches(2),
            call(5, 301).accepted().fetches(2),
            call(6, 599).accepted().fetches(2),
            call(7, 600).accepted().fetches(3),
        ],
    );
    chapter.series(
        "age_renewal_fails",
        "keys serve on while they cannot be renewed, which is tried less and less",
        vec![
            call(1, 0).accepted(),
            call(2, 300).keys("down").accepted().fetches(2),
            call(3, 300).keys("down").accepted().fetches(2),
            call(4, 301).keys("down").accepted().fetches(3),
            call(5, 302).keys("down").accepted().fetches(3),
            call(6, 303).keys("down").accepted().fetches(4),
            call(7, 306).keys("down").accepted().fetches(4),
            call(8, 307).keys("down").accepted().fetches(5),
            call(9, 400).accepted().fetches(6),
            call(10, 401).accepted().fetches(6),
        ],
    );
    chapter.series(
        "age_renewal_useless",
        "a document without keys replaces none",
        vec![
            call(1, 0).accepted(),
            call(2, 300).keys("keys_empty").accepted().fetches(2),
            call(3, 301).keys("not_json").accepted().fetches(3),
            call(4, 303)
                .keys("longer_than_is_read")
                .accepted()
                .fetches(4),
        ],
    );
    chapter.series(
        "age_hard",
        "keys of 7,200 seconds do not serve",
        vec![
            call(1, 0).accepted(),
            call(2, 7199).keys("down").accepted().fetches(2),
            call(3, 7200)
                .keys("down")
                .refused("keys_unavailable")
                .fetches(3),
            call(4, 7201)
                .keys("down")
                .refused("keys_unavailable")
                .fetches(3),
            call(5, 7202).accepted().fetches(4),
        ],
    );
    chapter.series(
        "age_of_renewed",
        "the age counts from the last fetch",
        vec![
            call(1, 0).accepted(),
            call(2, 7000).accepted().fetches(2),
            call(3, 14_199).keys("down").accepted().fetches(3),
            call(4, 14_200)
                .keys("down")
                .refused("keys_unavailable")
                .fetches(4),
        ],
    );
}

fn outages(book: &mut Book) {
    let mut chapter = book.chapter("outage");
    let out = |id: u32, seconds: u64, fetches: u32| {
        call(id, seconds)
            .keys("down")
            .refused("keys_unavailable")
            .fetches(fetches)
    };
    chapter.series(
        "outage_rests",
        "a door that is down is asked after 1, 2, 4, 8, 16, 32 and again 32 seconds",
        vec![
            out(1, 0, 1),
            out(2, 0, 1),
            out(3, 1, 2),
            out(4, 2, 2),
            out(5, 3, 3),
            out(6, 6, 3),
            out(7, 7, 4),
            out(8, 14, 4),
            out(9, 15, 5),
            out(10, 30, 5),
            out(11, 31, 6),
            out(12, 62, 6),
            out(13, 63, 7),
            out(14, 94, 7),
            out(15, 95, 8),
        ],
    );
    chapter.series(
        "outage_ends",
        "the first answer ends it, and failures are counted anew",
        vec![
            out(1, 0, 1),
            out(2, 1, 2),
            call(3, 2).refused("keys_unavailable").fetches(2),
            call(4, 3).accepted().fetches(3),
            call(5, 303).keys("down").accepted().fetches(4),
            call(6, 304).keys("down").accepted().fetches(5),
        ],
    );
    chapter.series(
        "outage_unknown_key",
        "without keys an unknown id is an outage as well",
        vec![
            call(1, 0)
                .member("kid", "k9")
                .keys("down")
                .refused("keys_unavailable")
                .fetches(1),
            call(2, 1)
                .member("kid", "k9")
                .refused("proof_signature")
                .fetches(2),
        ],
    );
}

fn searches(book: &mut Book) {
    let mut chapter = book.chapter("key search");
    chapter.series(
        "search_bounded",
        "unknown key ids lead to one fetch in 10 seconds",
        vec![
            call(1, 0).accepted(),
            unknown(2, 0, "a").fetches(2),
            unknown(3, 0, "b").fetches(2),
            unknown(4, 1, "a").fetches(2),
            unknown(5, 9, "c").fetches(2),
            unknown(6, 10, "d").fetches(3),
            unknown(7, 11, "e").fetches(3),
            unknown(8, 20, "f").fetches(4),
            call(9, 20).accepted().fetches(4),
        ],
    );
    chapter.series(
        "search_first",
        "the first fetch of all is a search as well",
        vec![
            unknown(1, 0, "k9").fetches(1),
            unknown(2, 0, "k9").fetches(2),
            unknown(3, 0, "k9").fetches(2),
        ],
    );
    chapter.series(
        "search_fails",
        "a search that fails leaves the keys that are held",
        vec![
            call(1, 0).accepted(),
            call(2, 0)
                .member("kid", "a")
                .keys("down")
                .refused("proof_signature")
                .fetches(2),
            call(3, 0).keys("down").accepted().fetches(2),
            call(4, 0)
                .member("kid", "a")
                .keys("down")
                .refused("proof_signature")
                .fetches(2),
            call(5, 1)
                .member("kid", "a")
                .keys("down")
                .refused("proof_signature")
                .fetches(3),
            call(6, 2)
                .member("kid", "a")
                .keys("down")
                .refused("proof_signature")
                .fetches(3),
            call(7, 3)
                .member("kid", "a")
                .refused("proof_signature")
                .fetches(4),
            call(8, 3).accepted().fetches(4),
        ],
    );
    chapter.series(
        "search_finds_nothing_useful",
        "a search that finds a broken document leaves the keys that are held",
        vec![
            call(1, 0).accepted(),
            call(2, 0)
                .member("kid", "a")
                .keys("keys_empty")
                .refused("proof_signature")
                .fetches(2),
            call(3, 0).accepted().fetches(2),
        ],
    );
    chapter.series(
        "search_with_old_keys",
        "keys that are to be renewed anyway are fetched for an unknown id without the bound",
        vec![
            call(1, 0).accepted(),
            unknown(2, 299, "a").fetches(2),
            unknown(3, 299, "a").fetches(2),
            unknown(4, 599, "a").fetches(3),
            unknown(5, 600, "a").fetches(4),
        ],
    );
    chapter.series(
        "search_other_faults",
        "what is no assertion makes no search",
        vec![
            call(1, 0).accepted(),
            call(2, 0)
                .member("kid", "a")
                .member("typ", "JWT")
                .refused("proof_type")
                .fetches(1),
            call(3, 0)
                .member("kid", "a")
                .member("crit", 1)
                .refused("proof_form")
                .fetches(1),
        ],
    );
    chapter.series(
        "search_proto",
        "`__proto__` is no key that is held",
        vec![
            call(1, 0).accepted(),
            unknown(2, 0, "__proto__").fetches(2),
            unknown(3, 0, "constructor").fetches(2),
        ],
    );
}

fn rotations(book: &mut Book) {
    let mut chapter = book.chapter("key rotation");
    chapter.series(
        "rotation_found",
        "a new key is found at once",
        vec![
            call(1, 0).accepted(),
            next_key(2, 60).keys("k1_k2").accepted().fetches(2),
            call(3, 60).keys("k1_k2").accepted().fetches(2),
        ],
    );
    chapter.series(
        "rotation_waits",
        "after a search in vain it is found 10 seconds later",
        vec![
            call(1, 0).accepted(),
            unknown(2, 0, "a").fetches(2),
            next_key(3, 9)
                .keys("k1_k2")
                .refused("proof_signature")
                .fetches(2),
            next_key(4, 10).keys("k1_k2").accepted().fetches(3),
        ],
    );
    chapter.series(
        "rotation_renewed",
        "a renewal brings it before it signs",
        vec![
            call(1, 0).accepted(),
            call(2, 300).keys("k1_k2").accepted().fetches(2),
            next_key(3, 301).keys("down").accepted().fetches(2),
        ],
    );
    chapter.series(
        "rotation_withdrawn",
        "a key that is withdrawn is not accepted after the next fetch",
        vec![
            call(1, 0).accepted(),
            call(2, 299).keys("k2").accepted().fetches(1),
            next_key(3, 299).keys("k2").accepted().fetches(2),
            call(4, 299)
                .keys("k2")
                .refused("proof_signature")
                .fetches(2),
        ],
    );
    chapter.series(
        "rotation_replaced",
        "another key under the same id counts from the next fetch on",
        vec![
            call(1, 0).accepted(),
            call(2, 1)
                .signed_by("other")
                .keys("other")
                .refused("proof_signature")
                .fetches(1),
            call(3, 300)
                .signed_by("other")
                .keys("other")
                .accepted()
                .fetches(2),
            call(4, 301)
                .keys("other")
                .refused("proof_signature")
                .fetches(2),
        ],
    );
}
