//! The position in an event stream, and what may be written there (WHATWG HTML, 9.2.6: parsing an event stream).

/// What a caller reads past: a line that begins with a colon is a comment.
const COMMENT: &[u8] = b": \n";

/// As [`COMMENT`], between two events, where the empty line that simple parsers split at does no harm.
const COMMENT_BETWEEN: &[u8] = b": \n\n";

/// Follows the ends of lines and events through the pieces of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    place: Place,
    /// The last byte was a carriage return: a line feed now would still belong to the same line end.
    after_return: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    BetweenEvents,
    LineStart,
    InLine,
}

impl Position {
    /// Moves on past these bytes. Only the last four can matter: two line ends are at most that long.
    pub fn advance(&mut self, bytes: &[u8]) {
        let tail = bytes.len().saturating_sub(4);
        if tail > 0 {
            *self = Self {
                place: Place::InLine,
                after_return: false,
            };
        }
        for byte in bytes.iter().skip(tail) {
            self.step(*byte);
        }
    }

    fn step(&mut self, byte: u8) {
        let ends_line = match byte {
            b'\n' => !self.after_return,
            b'\r' => true,
            _ => {
                self.place = Place::InLine;
                false
            }
        };
        if ends_line {
            self.place = match self.place {
                Place::InLine => Place::LineStart,
                Place::LineStart | Place::BetweenEvents => Place::BetweenEvents,
            };
        }
        self.after_return = byte == b'\r';
    }

    /// A comment that changes nothing of what the caller parses here; none inside a line, nor where a line end may not be
    /// over yet.
    pub const fn comment(self) -> Option<&'static [u8]> {
        match self {
            Self {
                after_return: true, ..
            }
            | Self {
                place: Place::InLine,
                ..
            } => None,
            Self {
                place: Place::LineStart,
                ..
            } => Some(COMMENT),
            Self {
                place: Place::BetweenEvents,
                ..
            } => Some(COMMENT_BETWEEN),
        }
    }

    /// What takes the stream from here to between two events.
    ///
    /// An event that was cut in the middle cannot be taken back. Its last `event` field decides under which name it is
    /// dispatched, so it is named `gatehouse.cut`, and no listener takes half of a message for a whole one.
    pub const fn closing(self) -> &'static str {
        match self.place {
            Place::BetweenEvents => "",
            Place::LineStart => "event: gatehouse.cut\n\n",
            Place::InLine => "\nevent: gatehouse.cut\n\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(text: &str) -> Position {
        let mut position = Position::default();
        position.advance(text.as_bytes());
        position
    }

    #[test]
    fn comments_go_only_where_a_line_begins() {
        let table = [
            ("", Some(COMMENT_BETWEEN)),
            (": \n\n", Some(COMMENT_BETWEEN)),
            ("data: 1\n\n", Some(COMMENT_BETWEEN)),
            ("data: 1\r\n\r\n", Some(COMMENT_BETWEEN)),
            ("data: 1\n", Some(COMMENT)),
            ("data: 1\r\n", Some(COMMENT)),
            ("data: 1\n\ndata: 2\n", Some(COMMENT)),
            ("data", None),
            ("data: 1\n\nd", None),
            ("data: 1\r", None),
            ("data: 1\r\r", None),
            ("data: 1\r\n\r", None),
        ];
        for (text, expected) in table {
            assert_eq!(after(text).comment(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_cut_event_is_closed_under_another_name() {
        let table = [
            ("", ""),
            ("data: 1\n\n", ""),
            ("data: 1\r\n\r\n", ""),
            ("data: 1\r\r", ""),
            ("data: 1\n", "event: gatehouse.cut\n\n"),
            ("data: 1\r\n", "event: gatehouse.cut\n\n"),
            ("data: {\"te", "\nevent: gatehouse.cut\n\n"),
        ];
        for (text, expected) in table {
            assert_eq!(after(text).closing(), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(text in "[a\r\n]{0,40}", cuts in proptest::collection::vec(0..40_usize, 0..6)) {
            let mut whole = Position::default();
            for byte in text.bytes() {
                whole.step(byte);
            }
            let mut pieces = Position::default();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.advance(piece);
                rest = after;
            }
            pieces.advance(rest);
            prop_assert_eq!(pieces, whole);
        }
    }
}
