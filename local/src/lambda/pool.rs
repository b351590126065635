//! The processes of one function: which are idle, and how many there may be.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use super::error::{InvokeError, StartError};
use super::sandbox::{Sandbox, Work};
use super::{FunctionSpec, ProcessInfo};
use crate::log::Log;

/// A process that has answered polls again well within this; starting another would take longer.
const SETTLE: Duration = Duration::from_millis(100);
/// The same where another may not be started, on a machine that is busy with other things.
const SETTLE_AT_LIMIT: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Pool {
    spec: FunctionSpec,
    log: Arc<Log>,
    permits: Arc<Semaphore>,
    state: Mutex<State>,
    /// A process rests, or is gone.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The one used last is used next, so that the others grow old.
    idle: Vec<Arc<Sandbox>>,
    live: Vec<Arc<Sandbox>>,
}

impl Pool {
    pub(super) fn new(spec: FunctionSpec) -> Arc<Self> {
        let log = Arc::new(Log::new(
            spec.name.clone(),
            spec.echo_logs,
            spec.listeners.clone(),
        ));
        let permits = Arc::new(Semaphore::new(spec.max_concurrency));
        Arc::new(Self {
            spec,
            log,
            permits,
            state: Mutex::default(),
            changed: Notify::new(),
        })
    }

    pub(super) fn spec(&self) -> &FunctionSpec {
        &self.spec
    }

    pub(super) fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// Starts one process without work, and waits until it is idle.
    pub(super) async fn start_first(self: &Arc<Self>) -> Result<(), StartError> {
        let binary = self.spec.binary.clone();
        let sandbox = match self.add(None).await {
            Ok(sandbox) => sandbox,
            Err(InvokeError::Spawn(source)) => return Err(StartError::Spawn { binary, source }),
            Err(other) => {
                return Err(StartError::Spawn {
                    binary,
                    source: std::io::Error::other(other),
                });
            }
        };
        sandbox.ready().await.map_err(|failure| StartError::Init {
            name: self.spec.name.clone(),
            failure,
            log: self.log.recent(),
        })
    }

    /// Hands the work to an idle process, or to a new one.
    pub(super) async fn dispatch(
        self: &Arc<Self>,
        work: Work,
    ) -> Result<Arc<Sandbox>, InvokeError> {
        let mut work = work;
        let patience = match self.permits.available_permits() {
            0 => SETTLE_AT_LIMIT,
            1.. => SETTLE,
        };
        let settled = tokio::time::sleep(patience);
        tokio::pin!(settled);
        loop {
            let changed = self.changed.notified();
            while let Some(sandbox) = self.pop_idle() {
                match sandbox.give(work) {
                    Ok(()) => return Ok(sandbox),
                    // It ended since it rested.
                    Err(back) => work = back,
                }
            }
            if !self.state().live.iter().any(|live| live.finishing()) {
                break;
            }
            tokio::select! {
                () = changed => {}
                () = &mut settled => break,
            }
        }
        self.add(Some(work)).await
    }

    async fn add(self: &Arc<Self>, work: Option<Work>) -> Result<Arc<Sandbox>, InvokeError> {
        let permit = Arc::clone(&self.permits)
            .try_acquire_owned()
            .map_err(|_| InvokeError::Throttled)?;
        let sandbox = Sandbox::start(self, permit, work)
            .await
            .map_err(InvokeError::Spawn)?;
        self.state().live.push(Arc::clone(&sandbox));
        // A function stopped meanwhile has no use for it, and one that is gone already must not stay listed.
        if self.permits.is_closed() || sandbox.is_over() {
            sandbox.stop();
            self.forget(&sandbox);
        }
        Ok(sandbox)
    }

    fn pop_idle(&self) -> Option<Arc<Sandbox>> {
        self.state().idle.pop()
    }

    /// A process polls and has nothing to do.
    pub(super) fn rest(&self, sandbox: &Arc<Sandbox>) {
        let mut state = self.state();
        if !state.idle.iter().any(|idle| Arc::ptr_eq(idle, sandbox)) {
            state.idle.push(Arc::clone(sandbox));
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// A process is gone.
    pub(super) fn forget(&self, sandbox: &Arc<Sandbox>) {
        let mut state = self.state();
        state.idle.retain(|idle| !Arc::ptr_eq(idle, sandbox));
        state.live.retain(|live| !Arc::ptr_eq(live, sandbox));
        drop(state);
        self.changed.notify_waiters();
    }

    pub(super) fn processes(&self) -> Vec<ProcessInfo> {
        self.state()
            .live
            .iter()
            .filter_map(|sandbox| sandbox.info())
            .collect()
    }

    pub(super) async fn stop(&self) {
        self.permits.close();
        self.replace().await;
    }

    pub(super) async fn replace(&self) {
        let live = self.state().live.clone();
        for sandbox in &live {
            sandbox.stop();
        }
        for sandbox in &live {
            sandbox.gone().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for sandbox in &self.state().live {
            sandbox.stop();
        }
    }
}
