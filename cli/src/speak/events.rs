//! Server-sent events (WHATWG HTML, 9.2), with a bound for each: agents are strangers, and no parser of a library has one.

/// The largest answer of a test of the door's is 20 MB in one event; more is no message for a terminal.
const MAX_EVENT: usize = 32 * 1024 * 1024;

/// An event that was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// Empty where the stream names none.
    pub(crate) name: String,
    pub(crate) data: String,
}

/// A stream that has an event beyond the bound.
#[derive(Debug)]
pub(crate) struct TooLong;

/// The parser of one stream.
#[derive(Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    name: String,
    data: String,
    has_data: bool,
    is_after_return: bool,
    is_begun: bool,
}

impl Parser {
    /// The events that these bytes complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for byte in bytes {
            // CR, LF and CRLF end a line.
            let is_second =
                std::mem::replace(&mut self.is_after_return, *byte == b'\r') && *byte == b'\n';
            match byte {
                b'\n' if is_second => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                _ => self.line.push(*byte),
            }
            if self.line.len().saturating_add(self.data.len()) > MAX_EVENT {
                return Err(TooLong);
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<Event> {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        // One byte order mark may stand before everything.
        let mark = if std::mem::replace(&mut self.is_begun, true) {
            ""
        } else {
            "\u{feff}"
        };
        let line = line.strip_prefix(mark).unwrap_or(&line);
        if line.is_empty() {
            let (name, data) = (
                std::mem::take(&mut self.name),
                std::mem::take(&mut self.data),
            );
            return std::mem::take(&mut self.has_data).then_some(Event { name, data });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(pieces: &[&[u8]]) -> Vec<(String, String)> {
        let mut parser = Parser::default();
        let events = pieces.iter().flat_map(|piece| parser.push(piece).unwrap());
        events.map(|event| (event.name, event.data)).collect()
    }

    #[test]
    fn events_are_those_of_the_specification() {
        for (stream, expected) in [
            ("data: a\n\n", &[("", "a")][..]),
            ("data:a\r\n\r\ndata: b\r\r", &[("", "a"), ("", "b")]),
            ("\u{feff}data: a\n\n", &[("", "a")]),
            ("data: a\ndata:  b\n\n", &[("", "a\n b")]),
            (
                ": heartbeat\nevent: x\nid: 7\nretry: 1\ndata: a\n\ndata: b\n\n",
                &[("x", "a"), ("", "b")],
            ),
            ("event: x\n\ndata\n\n", &[("", "")]),
            ("data: unfinished\n", &[]),
            (":\n\n: \n\n", &[]),
        ] {
            let expected: Vec<_> = expected
                .iter()
                .map(|(name, data)| ((*name).to_owned(), (*data).to_owned()))
                .collect();
            assert_eq!(events(&[stream.as_bytes()]), expected, "{stream:?}");
            let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
            assert_eq!(events(&bytes), expected, "{stream:?} byte by byte");
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut parser = Parser::default();
        let piece = vec![b'x'; MAX_EVENT / 4];
        assert!((0..4).all(|_| parser.push(&piece).is_ok()));
        assert!(parser.push(&piece).is_err());
    }
}
