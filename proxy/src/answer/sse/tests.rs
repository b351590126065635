use proptest::prelude::*;

use super::*;

/// What is passed on of these pieces, each for itself, and the state after them.
fn passed(pieces: &[&str]) -> (Vec<String>, Events) {
    let mut events = Events::default();
    let passed = pieces
        .iter()
        .map(|piece| {
            let piece = events.take(Bytes::copy_from_slice(piece.as_bytes()));
            String::from_utf8(piece.unwrap_or_default().to_vec()).unwrap()
        })
        .collect();
    (passed, events)
}

#[test]
fn an_event_is_passed_on_with_its_empty_line_and_not_before() {
    let table: [(&[&str], &[&str]); 13] = [
        (&["data: 1\n\n"], &["data: 1\n\n"]),
        (&["data: 1\n", "\n"], &["", "data: 1\n\n"]),
        (
            &["dat", "a: 1", "\n\nda", "ta"],
            &["", "", "data: 1\n\n", ""],
        ),
        (&["data: 1\n\ndata: 2\n\nd"], &["data: 1\n\ndata: 2\n\n"]),
        // Every end of a line, and mixes of them.
        (&["data: 1\r\n\r\nx"], &["data: 1\r\n\r\n"]),
        (&["data: 1\r\rx"], &["data: 1\r\r"]),
        (&["data: 1\n\r\nx"], &["data: 1\n\r\n"]),
        (&["data: 1\r\n\nx"], &["data: 1\r\n\n"]),
        (&["data: 1\r\n", "\r\n"], &["", "data: 1\r\n\r\n"]),
        // A line end in two pieces ends one line.
        (&["data: 1\r", "\n", "x"], &["", "", ""]),
        (&["data: 1\r\n\r", "\ndata"], &["data: 1\r\n\r", "\n"]),
        // What says nothing passes, too.
        (
            &["\n", ": \n\n", "id: 1\n\n"],
            &["\n", ": \n\n", "id: 1\n\n"],
        ),
        (&[": ping\n", "\n"], &["", ": ping\n\n"]),
    ];
    for (pieces, expected) in table {
        assert_eq!(passed(pieces).0, expected, "{pieces:?}");
    }
}

#[test]
fn a_comment_is_written_between_events_alone() {
    let long = "x".repeat(MAX_HELD + 1);
    let table: [(&[&str], bool); 9] = [
        (&[], true),
        (&["data: 1\n\n"], true),
        (&["data: 1\r\n\r\n"], true),
        // The beginning of an event is kept back, so the caller's stream stands before it.
        (&["data: 1\n\nid: 1\nda"], true),
        (&["data: 1\r\r", "x"], true),
        // A line feed may follow, and would be an empty line after the comment.
        (&["data: 1\r\n\r"], false),
        (&["data: 1\r\r"], false),
        (&[&long], false),
        (&[&long, "\n"], false),
    ];
    for (pieces, expected) in table {
        assert_eq!(passed(pieces).1.may_comment(), expected, "{pieces:?}");
    }
}

#[test]
fn what_is_no_whole_event_is_dropped_at_a_cut_and_kept_at_an_end() {
    for (pieces, rest) in [
        (&["data: 1\n\n"][..], None),
        (&["data: 1\n\n", "data: {\"te"], Some("data: {\"te")),
        (&["data: 1\n"], Some("data: 1\n")),
    ] {
        let (_, mut events) = passed(pieces);
        assert_eq!(events.close(), "", "{pieces:?}");
        assert_eq!(events.rest(), None, "{pieces:?}");
        let (_, mut events) = passed(pieces);
        assert_eq!(events.held(), rest.map_or(0, str::len));
        assert_eq!(events.rest().as_deref(), rest.map(str::as_bytes));
    }
}

#[test]
fn an_event_beyond_the_bound_flows_and_is_closed_under_another_name() {
    let most = "x".repeat(MAX_HELD);
    let (said, mut events) = passed(&[&most]);
    assert_eq!((said[0].len(), events.held()), (0, MAX_HELD));
    let over = events.take(Bytes::from_static(b"y")).unwrap();
    assert_eq!(over.len(), MAX_HELD + 1);
    assert_eq!(events.held(), 0);
    assert_eq!(
        events.take(Bytes::from_static(b"z")).as_deref(),
        Some(&b"z"[..])
    );
    assert_eq!(events.close(), "\nevent: gatehouse.cut\n\n");
    events.take(Bytes::from_static(b"\n"));
    assert_eq!(events.close(), "event: gatehouse.cut\n\n");
    // With its end, the next one is kept back again.
    let end = events.take(Bytes::from_static(b"\ndata: 2"));
    assert_eq!(end.as_deref(), Some(&b"\n"[..]));
    assert_eq!((events.held(), events.close()), (7, ""));
    // One piece may hold the end of an event and too much of the next.
    let (said, mut events) = passed(&[&format!("data: 1\n\n{most}x")]);
    assert_eq!(said[0].len(), 9 + MAX_HELD + 1);
    assert_eq!(events.close(), "\nevent: gatehouse.cut\n\n");
}

proptest! {
    #[test]
    fn pieces_make_no_difference(text in "[a\r\n]{0,40}", cuts in proptest::collection::vec(0..40_usize, 0..6)) {
        let mut whole = Position::default();
        let last_end = whole.advance(text.as_bytes());
        let mut pieces = Position::default();
        let mut rest = text.as_bytes();
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.advance(piece);
            rest = after;
        }
        pieces.advance(rest);
        prop_assert_eq!(pieces, whole);
        prop_assert!(last_end.is_none_or(|end| end <= text.len()));
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_added(pieces in proptest::collection::vec("[a\r\n]{0,9}", 0..9)) {
        let mut events = Events::default();
        let mut said = Vec::new();
        for piece in &pieces {
            said.extend(events.take(Bytes::copy_from_slice(piece.as_bytes())).unwrap_or_default());
        }
        said.extend(events.rest().unwrap_or_default());
        prop_assert_eq!(said, pieces.concat().into_bytes());
    }
}
