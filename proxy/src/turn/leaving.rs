//! Work that no answer waits for, and that the process waits for before it takes the next event: Lambda freezes a function
//! only when it asks for one.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tracing::Instrument;

/// How much of it is under way. A copy is of the same.
#[derive(Clone)]
pub struct Leaving(Arc<watch::Sender<usize>>);

impl Default for Leaving {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Leaving {
    /// Does this while no answer waits for it.
    pub fn begin(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let leaving = self.clone();
        let Self(begun) = self;
        begun.send_modify(|count| *count = count.saturating_add(1));
        let work = async move {
            work.await;
            let Self(done) = leaving;
            done.send_modify(|count| *count = count.saturating_sub(1));
        };
        // Its lines are about the request that left it.
        runtime.spawn(work.in_current_span());
    }

    /// Waits until all of it is done. Each has its own bound.
    pub async fn settle(&self) {
        let Self(leaving) = self;
        let mut leaving = leaving.subscribe();
        // The sender is ours, so it is there.
        let _settled = leaving.wait_for(|count| *count == 0).await;
    }
}
