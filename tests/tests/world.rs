//! The proxy alone, with AgentCore and an agent behind it, and a key that is trusted.

use local::agent::Agent;
use local::agentcore_runtime::{Call, DataPlane};
use mint::Key;
use serde_json::{Value, json};
use tests::{Lambda, ProxyRequest, Reply, Settings, claims, data_plane, trusted};

pub(crate) struct World {
    pub(crate) key: Key,
    pub(crate) agent: Agent,
    pub(crate) plane: DataPlane,
    pub(crate) proxy: Lambda,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|settings| settings).await
    }

    /// With settings of its own.
    pub(crate) async fn with(change: impl FnOnce(Settings) -> Settings) -> Self {
        let key = Key::p256("one");
        let agent = Agent::start().await.unwrap();
        let plane = data_plane(&agent).await;
        let settings = Settings::new(&trusted(&[&key], &json!({}))).with_data_plane(&plane);
        let proxy = Lambda::proxy(change(settings)).await;
        Self {
            key,
            agent,
            plane,
            proxy,
        }
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.key.token("ES256", claims)
    }

    /// One turn of alice's with the agent `demo`, as a request to be changed.
    pub(crate) fn turn(&self, prompt: &str) -> ProxyRequest {
        ProxyRequest::turn("demo", &self.token(&claims()), prompt)
    }

    /// Takes that turn.
    pub(crate) async fn take(&self, prompt: &str) -> Reply {
        self.proxy.call(&self.turn(prompt)).await
    }

    /// The call that reached AgentCore last.
    pub(crate) fn last_call(&self) -> Call {
        self.plane.calls().pop().unwrap()
    }

    pub(crate) async fn stop(self) {
        self.proxy.stop().await;
    }
}

/// The claims of another caller of the same groups.
pub(crate) fn bob() -> Value {
    let mut claims = claims();
    claims["sub"] = json!("0b0b0b0b-0000-4000-8000-000000000b0b");
    claims["username"] = json!("bob");
    claims["cognito:groups"] = json!(["guest", "staff"]);
    claims
}
