//! Events of a stream (WHATWG HTML, 9.2.6: parsing an event stream), passed on whole, and what may be written between
//! them.

use bytes::{Bytes, BytesMut};

/// What every parser reads past: a line that begins with a colon is a comment. No empty line follows it: lenient parsers
/// take one for the end of an event, and hand out an event without data.
pub const COMMENT: &[u8] = b": \n";

/// How much of an unfinished event is kept back. Events in use have some kilobytes; what is longer flows.
const MAX_HELD: usize = 64 * 1024;

/// Keeps back what follows the last event that is whole, so that an answer which is cut ends between two events.
///
/// No parser hands out an event before its empty line, so no caller gets one later for that.
#[derive(Debug, Default)]
pub struct Events {
    position: Position,
    /// What came after the last whole event.
    held: BytesMut,
    /// The event under way is longer than what is kept back: its beginning has been passed on.
    is_flowing: bool,
}

/// Where a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Position {
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

impl Events {
    /// What may be passed on now that this piece has come: all up to the last event that is whole with it.
    pub fn take(&mut self, mut piece: Bytes) -> Option<Bytes> {
        let Some(end) = self.position.advance(&piece) else {
            return if self.is_flowing {
                Some(piece)
            } else {
                self.hold(&piece);
                self.overflow()
            };
        };
        let begun = piece.split_off(end);
        let whole = if self.held.is_empty() {
            piece
        } else {
            self.hold(&piece);
            self.held.split().freeze()
        };
        self.is_flowing = false;
        self.hold(&begun);
        match self.overflow() {
            None => Some(whole),
            Some(begun) => Some(Bytes::from([whole, begun].concat())),
        }
    }

    /// What is kept back, of a stream that the agent ended itself. It is the agent's to end within an event, and some
    /// parsers hand that out.
    pub fn rest(&mut self) -> Option<Bytes> {
        (!self.held.is_empty()).then(|| self.held.split().freeze())
    }

    /// How many bytes are kept back.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether a comment may be written: between two events alone, and not where a line end may not be over yet.
    pub fn may_comment(&self) -> bool {
        let is_open_end = self.held.is_empty() && self.position.after_return;
        !self.is_flowing && !is_open_end
    }

    /// Drops what is kept back; what takes the stream from where it stands then to between two events.
    ///
    /// An event that was too long to be kept back and is cut in the middle cannot be taken back. Its last `event` field
    /// decides under which name it is dispatched, so it is named `gatehouse.cut`, and no listener takes half of a message
    /// for a whole one.
    pub fn close(&mut self) -> &'static str {
        self.held.clear();
        match (self.is_flowing, self.position.place) {
            (false, _) | (true, Place::BetweenEvents) => "",
            (true, Place::LineStart) => "event: gatehouse.cut\n\n",
            (true, Place::InLine) => "\nevent: gatehouse.cut\n\n",
        }
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// What is kept back, if it is too much.
    fn overflow(&mut self) -> Option<Bytes> {
        self.is_flowing = self.held.len() > MAX_HELD;
        self.is_flowing.then(|| self.held.split().freeze())
    }
}

impl Position {
    /// Moves on past these bytes; how many of them there are up to the end of the last event that ends in them.
    fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut last_end = None;
        let mut at: usize = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let text = rest.iter().take_while(|byte| !is_line_end(**byte)).count();
            if text > 0 {
                self.place = Place::InLine;
                self.after_return = false;
            } else {
                self.end_line(rest.first() == Some(&b'\r'));
            }
            at = at.saturating_add(text.max(1));
            if self.place == Place::BetweenEvents {
                last_end = Some(at);
            }
        }
        last_end
    }

    /// A byte that ends a line, or the second of the two that end one.
    fn end_line(&mut self, is_return: bool) {
        if is_return || !self.after_return {
            self.place = match self.place {
                Place::InLine => Place::LineStart,
                Place::LineStart | Place::BetweenEvents => Place::BetweenEvents,
            };
        }
        self.after_return = is_return;
    }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests;
