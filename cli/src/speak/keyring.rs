//! The system's keyring, which holds one random key for all sign-ins of a folder.
//!
//! A keyring that is locked may wait for its owner. Each question is therefore asked in a thread of its own, and has a
//! deadline; what comes later is dropped.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::rand;
use keyring_core::{CredentialStore, Entry, Error};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::log::line::shown;

/// The name under which the keyring's owner finds the entries.
const SERVICE: &str = "gatehouse";
/// AES-256.
const KEY_BYTES: usize = 32;
/// Before a sign-in, no one waits for a keyring that is locked: another store is used.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// The tokens are there, and their owner may have to unlock the keyring first.
const KEY_TIMEOUT: Duration = Duration::from_secs(60);

/// The end of a key, for the one who wonders where it is.
#[cfg(target_os = "linux")]
pub(crate) const KEY_ENDS: &str =
    "the kernel keeps it until the machine restarts, or until some days after your last session";
#[cfg(not(target_os = "linux"))]
pub(crate) const KEY_ENDS: &str = "it was deleted there";

type Open = dyn Fn() -> keyring_core::Result<Arc<CredentialStore>> + Send + Sync;

/// The keyring, and the name of one key in it.
pub(crate) struct Keyring {
    open: Arc<Open>,
    account: String,
    probe_timeout: Duration,
    key_timeout: Duration,
}

/// The key that seals sign-ins. It has no `Debug`.
pub(crate) struct Key([u8; KEY_BYTES]);

impl Key {
    pub(crate) const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Tells keys from each other. The key is random, so that its hash says nothing about it.
    pub(crate) fn id(&self) -> String {
        let hash = digest::digest(&SHA256, &[b"gatehouse key id\0", self.bytes()].concat());
        shared::text::hex(hash.as_ref()).chars().take(16).collect()
    }

    fn random() -> Result<Self, String> {
        let mut bytes = [0; KEY_BYTES];
        rand::fill(&mut bytes).map_err(|_| "the system gives no random bytes".to_owned())?;
        Ok(Self(bytes))
    }
}

impl Keyring {
    /// The keyring of this system, with the key of this name.
    pub(crate) fn of_system(account: String) -> Self {
        Self {
            open: Arc::new(system),
            account,
            probe_timeout: PROBE_TIMEOUT,
            key_timeout: KEY_TIMEOUT,
        }
    }

    /// Writes, reads and deletes an entry: that a keyring opens says nothing about what it does.
    pub(crate) async fn probe(&self) -> Result<(), String> {
        let key = Key::random()?;
        let account = format!("probe-{}", key.id());
        let probed = self.ask(account, self.probe_timeout, move |entry| {
            entry.set_secret(key.bytes())?;
            let read = entry.get_secret();
            entry.delete_credential()?;
            Ok(read? == key.bytes())
        });
        match probed.await? {
            Some(true) => Ok(()),
            Some(false) | None => Err("it does not keep what it is given".to_owned()),
        }
    }

    /// The key; nothing if there is none any more.
    pub(crate) async fn key(&self) -> Result<Option<Key>, String> {
        let read = self.ask(self.account.clone(), self.key_timeout, Entry::get_secret);
        // Another program's entry of this name is no key.
        Ok(read
            .await?
            .and_then(|bytes| Some(Key(bytes.try_into().ok()?))))
    }

    /// The key, made now if there is none. The caller holds the lock of the folder, so that no two processes make one each.
    pub(crate) async fn key_or_new(&self) -> Result<Key, String> {
        if let Some(key) = self.key().await? {
            return Ok(key);
        }
        let key = Key::random()?;
        let bytes = key.0;
        let set = self.ask(self.account.clone(), self.key_timeout, move |entry| {
            entry.set_secret(&bytes)
        });
        set.await?;
        Ok(key)
    }

    /// Deletes the key, if there is one.
    pub(crate) async fn delete(&self) -> Result<(), String> {
        let deleted = self.ask(
            self.account.clone(),
            self.key_timeout,
            Entry::delete_credential,
        );
        deleted.await.map(|_| ())
    }

    /// Asks about an entry; nothing if there is none.
    async fn ask<T: Send + 'static>(
        &self,
        account: String,
        time: Duration,
        question: impl FnOnce(&Entry) -> keyring_core::Result<T> + Send + 'static,
    ) -> Result<Option<T>, String> {
        let (answer, answered) = oneshot::channel();
        let open = Arc::clone(&self.open);
        let asking = thread::Builder::new().spawn(move || {
            let entry = open().and_then(|store| Entry::new_in_store(&store, SERVICE, &account));
            // No one waits any more if the answer comes too late.
            let _late = answer.send(entry.and_then(|entry| question(&entry)));
        });
        asking.map_err(|error| format!("the system starts no thread: {error}"))?;
        match timeout(time, answered).await {
            Ok(Ok(Ok(answer))) => Ok(Some(answer)),
            Ok(Ok(Err(Error::NoEntry))) => Ok(None),
            Ok(Ok(Err(error))) => Err(shown(&error.to_string())),
            Ok(Err(_)) => Err("it fails".to_owned()),
            Err(_) => Err(format!(
                "it has not answered within {} seconds, and may be locked",
                time.as_secs()
            )),
        }
    }
}

/// The kernel's key retention service: it needs no session of a desktop, and no daemon.
#[cfg(target_os = "linux")]
fn system() -> keyring_core::Result<Arc<CredentialStore>> {
    let store: Arc<CredentialStore> = linux_keyutils_keyring_store::Store::new()?;
    // A thread that PAM gave no session keyring, as in a container or a service, joins one when an entry asks for the
    // persistent keyring (session-keyring(7)), but the entry has looked up the user's by then, and would search the wrong one.
    // Those that are made from now on look up the one that was joined.
    let _joined = Entry::new_in_store(&store, SERVICE, "session")?;
    Ok(store)
}

/// The login keychain.
#[cfg(target_os = "macos")]
fn system() -> keyring_core::Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn system() -> keyring_core::Result<Arc<CredentialStore>> {
    Err(Error::NotSupportedByStore(
        "this tool knows no keyring of this system".to_owned(),
    ))
}

/// Keyrings for tests.
#[cfg(test)]
pub(crate) mod fake {
    use keyring_core::mock;

    use super::*;

    /// A keyring that this process alone has.
    pub(crate) fn store() -> Arc<CredentialStore> {
        mock::Store::new().unwrap()
    }

    pub(crate) fn keyring(store: &Arc<CredentialStore>) -> Keyring {
        let store = Arc::clone(store);
        Keyring {
            open: Arc::new(move || Ok(Arc::clone(&store))),
            ..Keyring::of_system("sign-ins".to_owned())
        }
    }

    /// One that cannot be used.
    pub(crate) fn refusing() -> Keyring {
        Keyring {
            open: Arc::new(|| Err(Error::NoStorageAccess("it is broken".into()))),
            ..Keyring::of_system("sign-ins".to_owned())
        }
    }

    /// One that waits for its owner, who does not come before the test is over.
    pub(crate) fn locked() -> Keyring {
        Keyring {
            open: Arc::new(|| {
                loop {
                    thread::park();
                }
            }),
            probe_timeout: Duration::from_millis(20),
            key_timeout: Duration::from_millis(20),
            ..Keyring::of_system("sign-ins".to_owned())
        }
    }

    /// The entry with the key, as its owner could change it.
    pub(crate) fn entry(store: &Arc<CredentialStore>) -> Entry {
        Entry::new_in_store(store, SERVICE, "sign-ins").unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::fake::{entry, keyring, locked, refusing, store};
    use super::*;

    #[tokio::test]
    async fn one_key_is_made_and_stays_until_it_is_deleted() {
        let store = store();
        let keyring = keyring(&store);
        keyring.probe().await.unwrap();
        assert!(
            keyring.key().await.unwrap().is_none(),
            "a probe leaves nothing"
        );
        let key = keyring.key_or_new().await.unwrap();
        let again = keyring.key_or_new().await.unwrap();
        assert!(key.bytes() == again.bytes() && key.id() == again.id());
        assert_eq!(entry(&store).get_secret().unwrap(), key.bytes());
        keyring.delete().await.unwrap();
        keyring.delete().await.unwrap();
        assert!(keyring.key().await.unwrap().is_none());
        let other = keyring.key_or_new().await.unwrap();
        assert!(key.bytes() != other.bytes() && key.id() != other.id());
        // What another program wrote there.
        entry(&store).set_secret(b"short").unwrap();
        assert!(keyring.key().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_keyring_that_refuses_or_waits_is_told() {
        let why = refusing().probe().await.unwrap_err();
        assert!(why.contains("it is broken"), "{why}");
        assert!(refusing().key().await.is_err());
        for why in [
            locked().probe().await.err(),
            locked().key().await.err(),
            locked().key_or_new().await.err(),
            locked().delete().await.err(),
        ] {
            assert!(why.unwrap().contains("may be locked"));
        }
    }

    /// It reads, but forgets; or another program has the entry.
    #[tokio::test]
    async fn a_keyring_that_keeps_nothing_is_told() {
        let store = store();
        let forgetful = Keyring {
            open: Arc::new(move || {
                let entry = Entry::new_in_store(&store, SERVICE, "x")?;
                entry.set_secret(b"y")?;
                Err(Error::NoEntry)
            }),
            ..Keyring::of_system("sign-ins".to_owned())
        };
        assert_eq!(
            forgetful.probe().await.unwrap_err(),
            "it does not keep what it is given"
        );
    }
}
