//! Log of one service: its lines are kept, passed on, and shown.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::broadcast;

/// Lines kept for those who ask later.
const KEPT_LINES: usize = 1000;
/// CloudWatch's limit for one log event is 256 KB; a longer line arrives in parts.
const MAX_LINE: u64 = 256 * 1024;

/// The log of one service: of a function, of the API, or of the developer's own agent.
#[derive(Debug)]
pub(crate) struct Log {
    name: String,
    echo: bool,
    recent: Mutex<VecDeque<String>>,
    lines: broadcast::Sender<String>,
}

impl Log {
    /// An empty log; with `echo` each line also goes to standard error behind the service's name.
    pub(crate) fn new(name: String, echo: bool) -> Self {
        let (lines, _) = broadcast::channel(KEPT_LINES);
        Self {
            name,
            echo,
            recent: Mutex::default(),
            lines,
        }
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<String> {
        self.lines.subscribe()
    }

    pub(crate) fn recent(&self) -> Vec<String> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().cloned().collect()
    }

    /// Reads one of a process's outputs to its end.
    pub(crate) async fn follow(&self, output: impl AsyncRead + Unpin) {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            match (&mut reader)
                .take(MAX_LINE)
                .read_until(b'\n', &mut line)
                .await
            {
                Ok(0) | Err(_) => return,
                Ok(_) => self.add(&line),
            }
        }
    }

    /// Adds a line of our own about the process.
    pub(crate) fn note(&self, text: &str) {
        self.add(text.as_bytes());
    }

    /// Adds one line.
    pub(crate) fn add(&self, line: &[u8]) {
        // A stranger's text may be in it: nothing may move the cursor of the terminal that shows it.
        let text = String::from_utf8_lossy(line.trim_ascii_end());
        let text = text.replace(
            |character: char| character.is_control() && character != '\t',
            "\u{fffd}",
        );
        if self.echo {
            eprintln!("[{}] {text}", self.name);
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= KEPT_LINES {
            recent.pop_front();
        }
        recent.push_back(text.clone());
        // A channel without a listener is not an error.
        let _ = self.lines.send(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_kept_passed_on_and_harmless() {
        let log = Log::new("name".into(), false);
        let mut lines = log.subscribe();
        log.follow(&b"one\n\x1b[2Jtwo\xff\r\nthree"[..]).await;
        let expected = ["one", "\u{fffd}[2Jtwo\u{fffd}", "three"];
        assert_eq!(log.recent(), expected);
        for line in expected {
            assert_eq!(lines.recv().await.unwrap(), line);
        }
    }

    #[tokio::test]
    async fn old_lines_go() {
        let log = Log::new("name".into(), false);
        let text: String = (0..=KEPT_LINES)
            .map(|number| format!("{number}\n"))
            .collect();
        log.follow(text.as_bytes()).await;
        assert_eq!(log.recent().len(), KEPT_LINES);
        assert_eq!(log.recent()[0], "1");
    }
}
