//! AWS Lambda's side of a function: processes started from the deployed binary, events handed to them
//! through the Runtime API, one process for each invocation at a time.
//!
//! The HTTP contract is that of <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

mod api;
mod error;
mod framing;
mod pool;
mod process;
mod sandbox;

pub use error::{Exit, FunctionError, InitFailure, InvokeError, StartError, StreamError};
pub use framing::{Prelude, StreamBody, Streamed};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::broadcast;

use crate::log::Listeners;

use pool::Pool;
use sandbox::{Answer, Work};

/// The region of all emulators.
pub const REGION: &str = "us-east-1";
/// The account of all emulators: the one AWS uses in its examples.
pub const ACCOUNT: &str = "123456789012";

/// Lambda's limit for an event and for a buffered answer: 6 MB, and the room Lambda leaves around it.
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_BUFFERED: usize = 6_291_556;

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME`
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// What Lambda is told about a function when it is created.
#[derive(Clone, Debug)]
pub struct FunctionSpec {
    /// The function's name; it stands in its ARN and before its log lines.
    pub name: String,
    /// The program, as it would be deployed.
    pub binary: PathBuf,
    /// All that the process gets beside what Lambda itself sets; nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// From an event's hand-over to the end of its answer.
    pub timeout: Duration,
    /// Told to the process, not enforced.
    pub memory_mb: u32,
    /// Processes at most; an invocation that finds them all busy is throttled.
    pub max_concurrency: usize,
    /// From a process's start to its first poll.
    pub init_timeout: Duration,
    /// Whether log lines are also written to this process's standard error.
    pub echo_logs: bool,
    /// Further readers of the log lines.
    pub listeners: Listeners,
}

impl FunctionSpec {
    /// A function with Lambda's own defaults: 3 s, 128 MB, 10 s to initialise; ten processes at most.
    pub fn new(name: impl Into<String>, binary: impl Into<PathBuf>) -> Self {
        Self {
            name: name.into(),
            binary: binary.into(),
            environment: Vec::new(),
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            max_concurrency: 10,
            init_timeout: Duration::from_secs(10),
            echo_logs: true,
            listeners: Listeners::default(),
        }
    }
}

/// One event for a function.
#[derive(Clone, Debug)]
pub struct Event {
    /// JSON text.
    pub payload: Bytes,
    /// The X-Ray trace header it belongs to; a new trace when absent.
    pub trace: Option<String>,
}

impl From<Bytes> for Event {
    fn from(payload: Bytes) -> Self {
        Self {
            payload,
            trace: None,
        }
    }
}

/// A process of a function, as it is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProcessInfo {
    /// The process id.
    pub pid: u32,
    /// From just before the process was started to its first poll: what Lambda reports as init duration.
    pub init: Duration,
}

/// A running function. Clones are the same function; its processes end with the last one.
#[derive(Clone, Debug)]
pub struct Function(Arc<Pool>);

impl Function {
    /// Starts one process and waits for its first poll.
    ///
    /// # Errors
    /// When the program cannot be started, or ends, reports an error or stays silent before its first poll.
    pub async fn start(spec: FunctionSpec) -> Result<Self, StartError> {
        let pool = Pool::new(spec);
        pool.start_first().await?;
        Ok(Self(pool))
    }

    /// Lambda's `Invoke`: the whole answer, at most 6 MB. A streamed answer is gathered.
    ///
    /// # Errors
    /// The function's own error as it posted it, or why there is no answer.
    pub async fn invoke(&self, event: impl Into<Event>) -> Result<Bytes, InvokeError> {
        match self.answer(event.into()).await? {
            Answer::Buffered(bytes) => Ok(bytes),
            Answer::Stream(chunks) => framing::gather(StreamBody::new(chunks), MAX_BUFFERED).await,
            Answer::Error(error) => Err(InvokeError::Function(error)),
            Answer::TooLarge => Err(InvokeError::ResponseTooLarge),
        }
    }

    /// Lambda's `InvokeWithResponseStream`, as API Gateway reads it: a JSON prelude, eight NUL bytes, then the body.
    ///
    /// Dropping the body does not tell the function anything: its upload is read on to the end, as by the real Lambda
    /// when its client has left.
    ///
    /// # Errors
    /// As [`Function::invoke`], and [`InvokeError::Framing`] when the answer does not begin with a prelude.
    pub async fn invoke_streaming(&self, event: impl Into<Event>) -> Result<Streamed, InvokeError> {
        match self.answer(event.into()).await? {
            Answer::Buffered(bytes) => framing::split(StreamBody::whole(bytes)).await,
            Answer::Stream(chunks) => framing::split(StreamBody::new(chunks)).await,
            Answer::Error(error) => Err(InvokeError::Function(error)),
            Answer::TooLarge => Err(InvokeError::ResponseTooLarge),
        }
    }

    async fn answer(&self, event: Event) -> Result<Answer, InvokeError> {
        if event.payload.len() > MAX_BUFFERED {
            return Err(InvokeError::RequestTooLarge);
        }
        let (work, reply) = Work::new(event);
        let request_id = work.request_id.clone();
        let sandbox = self.0.dispatch(work).await?;
        match reply.await {
            Ok(answer) => Ok(answer),
            Err(_) => Err(sandbox.silence(&request_id).await),
        }
    }

    /// The name given in the specification.
    pub fn name(&self) -> &str {
        &self.0.spec().name
    }

    /// Log lines from now on (standard output and standard error, in the order they were read).
    pub fn logs(&self) -> broadcast::Receiver<String> {
        self.0.log().subscribe()
    }

    /// The last log lines, oldest first; at most 1000.
    pub fn recent_logs(&self) -> Vec<String> {
        self.0.log().recent()
    }

    /// The processes that have reached their first poll and are alive.
    pub fn processes(&self) -> Vec<ProcessInfo> {
        self.0.processes()
    }

    /// Ends every process and waits until they are gone, as Lambda does with those that are old; later invocations start
    /// others.
    pub async fn replace(&self) {
        self.0.replace().await;
    }

    /// Ends every process and waits until they are gone; later invocations fail.
    pub async fn stop(&self) {
        self.0.stop().await;
    }
}
