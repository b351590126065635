//! Log of one service: its lines are kept, passed on, and told to those who listen to all services.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::broadcast;

/// Lines kept for those who ask later.
const KEPT_LINES: usize = 1000;
/// CloudWatch's limit for one log event is 256 KB; a longer line arrives in parts.
const MAX_LINE: u64 = 256 * 1024;

/// Something that is told every line of every service, in the order in which a service wrote them.
pub trait Listener: Debug + Send + Sync {
    /// One line, without control characters but tabs. It is called where lines are read, and must not wait.
    fn line(&self, service: &str, line: &str);
}

/// Those who listen to the services of one stack.
#[derive(Clone, Debug, Default)]
pub struct Listeners(Vec<Arc<dyn Listener>>);

impl Listeners {
    /// One more.
    pub fn add(&mut self, listener: Arc<dyn Listener>) {
        self.0.push(listener);
    }

    fn tell(&self, service: &str, line: &str) {
        for listener in &self.0 {
            listener.line(service, line);
        }
    }
}

/// The log of one service: of a function, of the API, or of the developer's own agent.
#[derive(Debug)]
pub(crate) struct Log {
    name: String,
    echo: bool,
    listeners: Listeners,
    recent: Mutex<VecDeque<String>>,
    lines: broadcast::Sender<String>,
}

impl Log {
    /// An empty log; with `echo` each line also goes to standard error behind the service's name.
    pub(crate) fn new(name: String, echo: bool, listeners: Listeners) -> Self {
        let (lines, _) = broadcast::channel(KEPT_LINES);
        Self {
            name,
            echo,
            listeners,
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
        self.listeners.tell(&self.name, &text);
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
        let log = Log::new("name".into(), false, Listeners::default());
        let mut lines = log.subscribe();
        log.follow(&b"one\n\x1b[2Jtwo\xff\r\nthree"[..]).await;
        let expected = ["one", "\u{fffd}[2Jtwo\u{fffd}", "three"];
        assert_eq!(log.recent(), expected);
        for line in expected {
            assert_eq!(lines.recv().await.unwrap(), line);
        }
    }

    #[derive(Debug, Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Listener for Heard {
        fn line(&self, service: &str, line: &str) {
            self.0.lock().unwrap().push(format!("{service}: {line}"));
        }
    }

    #[test]
    fn a_listener_hears_every_line_with_its_service() {
        let heard = Arc::new(Heard::default());
        let mut listeners = Listeners::default();
        listeners.add(heard.clone());
        for name in ["one", "two"] {
            Log::new(name.into(), false, listeners.clone()).add(b"a\x07b\n");
        }
        assert_eq!(
            *heard.0.lock().unwrap(),
            ["one: a\u{fffd}b", "two: a\u{fffd}b"]
        );
    }

    #[tokio::test]
    async fn old_lines_go() {
        let log = Log::new("name".into(), false, Listeners::default());
        let text: String = (0..=KEPT_LINES)
            .map(|number| format!("{number}\n"))
            .collect();
        log.follow(text.as_bytes()).await;
        assert_eq!(log.recent().len(), KEPT_LINES);
        assert_eq!(log.recent()[0], "1");
    }
}
