//! Tests of sealed sign-ins, with a keyring that this process alone has.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyring_core::CredentialStore;
use serde_json::json;

use super::*;
use crate::exit::Exit;
use crate::speak::keyring::fake;

/// A folder of sign-ins that is deleted at the end.
struct Scene {
    folder: PathBuf,
    keys: Arc<CredentialStore>,
}

impl Scene {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = format!("gatehouse-store-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        let scene = Self {
            folder,
            keys: fake::store(),
        };
        scene.store().prepare().unwrap();
        scene
    }

    fn store(&self) -> Store {
        self.store_with(fake::keyring(&self.keys))
    }

    fn store_with(&self, keyring: Keyring) -> Store {
        Store {
            folder: Folder(self.folder.clone()),
            keyring,
        }
    }

    /// A sign-in of this door, kept there.
    async fn keep(&self, door: &Door, kept: Kept) {
        self.store()
            .write(door, &sign_in(door, kept))
            .await
            .unwrap();
    }

    fn text(&self, door: &Door) -> String {
        fs::read_to_string(self.store().path(door)).unwrap()
    }

    /// The file, with one member changed.
    fn change(&self, door: &Door, member: &str, value: Value) {
        let mut document: Value = serde_json::from_str(&self.text(door)).unwrap();
        document[member] = value;
        fs::write(self.store().path(door), document.to_string()).unwrap();
    }

    async fn failure(&self, door: &Door) -> Failure {
        let read = self.store().read(door).await;
        read.map(|found| found.is_some()).unwrap_err()
    }

    fn has_key(&self) -> bool {
        fake::entry(&self.keys).get_secret().is_ok()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.folder);
    }
}

fn door(name: &str) -> Door {
    Door {
        address: "https://door.example.com".to_owned(),
        name: name.to_owned(),
        is_name_given: true,
        is_users: true,
    }
}

fn sign_in(door: &Door, kept: Kept) -> SignIn {
    let mut made = SignIn::new(door, "https://issuer.example", "terminal");
    made.access_token = format!("access-of-{}", door.name);
    made.refresh_token = Some("refresh-1".to_owned());
    made.kept = kept;
    made
}

fn assert_told(failure: &Failure, exit: Exit, words: &[&str]) {
    let text = failure.text();
    assert_eq!(failure.exit(), exit, "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in {text}");
    }
    assert!(
        !text.contains("access-of") && !text.contains("refresh-1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_sealed_file_has_no_token_and_no_text_twice() {
    let (scene, alice) = (Scene::new(), door("alice"));
    scene.keep(&alice, Kept::Keyring).await;
    let first = scene.text(&alice);
    for secret in ["access-of-alice", "refresh-1", "subject", "expires"] {
        assert!(!first.contains(secret), "{first}");
    }
    let mode = fs::metadata(scene.store().path(&alice)).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = scene.store().read(&alice).await.unwrap().unwrap();
    assert_eq!(
        (kept.access_token.as_str(), kept.kept),
        ("access-of-alice", Kept::Keyring)
    );
    // As at a renewal: the same tokens under another nonce.
    scene.store().write(&alice, &kept).await.unwrap();
    let document = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let (first, second) = (document(&first), document(&scene.text(&alice)));
    assert_eq!(first["key"], second["key"]);
    assert_ne!(first["sealed"], second["sealed"]);
    assert_eq!(
        scene.store().doors(),
        std::slice::from_ref(&alice.address),
        "no key is needed for it"
    );
}

#[tokio::test]
async fn what_was_changed_is_not_opened() {
    let (scene, alice) = (Scene::new(), door("alice"));
    for (member, value) in [
        ("issuer", json!("https://evil.example")),
        ("client_id", json!("other")),
        ("sealed", json!("")),
        ("sealed", json!("AAAA")),
        ("sealed", json!("no base64!")),
    ] {
        scene.keep(&alice, Kept::Keyring).await;
        scene.change(&alice, member, value);
        let failure = scene.failure(&alice).await;
        assert_told(
            &failure,
            Exit::Output,
            &["was changed", "sign in again", "--as alice"],
        );
    }
    // Every bit of nonce, text and tag counts; these are the ends and the middle.
    scene.keep(&alice, Kept::Keyring).await;
    let good: Value = serde_json::from_str(&scene.text(&alice)).unwrap();
    let good = good["sealed"].as_str().unwrap();
    for place in [0, 15, 16, good.len() / 2, good.len() - 5] {
        let other = if good.as_bytes()[place] == b'A' {
            "B"
        } else {
            "A"
        };
        let mut changed = good.to_owned();
        changed.replace_range(place..=place, other);
        scene.change(&alice, "sealed", json!(changed));
        let failure = scene.failure(&alice).await;
        assert_told(&failure, Exit::Output, &["was changed"]);
    }
    scene.change(&alice, "sealed", json!(good));
    assert!(scene.store().read(&alice).await.unwrap().is_some());
    for (member, value) in [("version", json!(3)), ("more", json!(1))] {
        scene.keep(&alice, Kept::Keyring).await;
        scene.change(&alice, member, value);
        let failure = scene.failure(&alice).await;
        assert_told(&failure, Exit::Usage, &["no sign-in of this version"]);
    }
}

/// As one who can write files, but not read the keyring, would do.
#[tokio::test]
async fn tokens_are_not_given_to_another_door_or_name() {
    let (scene, alice, bob) = (Scene::new(), door("alice"), door("bob"));
    let mut evil = door("alice");
    evil.address = "https://evil.example".to_owned();
    scene.keep(&alice, Kept::Keyring).await;
    for other in [&bob, &evil] {
        fs::copy(scene.store().path(&alice), scene.store().path(other)).unwrap();
        assert!(scene.store().read(other).await.unwrap().is_none());
        scene.change(other, "door", json!(other.address));
        scene.change(other, "as", json!(other.name));
        let failure = scene.failure(other).await;
        assert_told(&failure, Exit::Output, &["was changed"]);
    }
}

#[tokio::test]
async fn a_key_that_is_gone_or_another_asks_for_a_sign_in() {
    let (scene, alice) = (Scene::new(), door("alice"));
    scene.keep(&alice, Kept::Keyring).await;
    fake::entry(&scene.keys).delete_credential().unwrap();
    let failure = scene.failure(&alice).await;
    let words = [
        "not in the system's keyring any more",
        "gatehouse login",
        "--store file",
    ];
    assert_told(&failure, Exit::NotLetIn, &words);
    // A sign-in of another name makes another key, and is not held up.
    scene.keep(&door("bob"), Kept::Keyring).await;
    let failure = scene.failure(&alice).await;
    assert_told(
        &failure,
        Exit::NotLetIn,
        &["another key", "gatehouse login"],
    );
    scene.keep(&alice, Kept::Keyring).await;
    assert!(scene.store().read(&alice).await.unwrap().is_some());
    assert!(scene.store().read(&door("bob")).await.unwrap().is_some());
    fake::entry(&scene.keys).set_secret(b"short").unwrap();
    assert_eq!(scene.failure(&alice).await.exit(), Exit::NotLetIn);
}

#[tokio::test]
async fn a_keyring_that_cannot_be_used_is_told_and_nothing_is_lost() {
    let (scene, alice) = (Scene::new(), door("alice"));
    scene.keep(&alice, Kept::Keyring).await;
    let before = scene.text(&alice);
    for (keyring, why) in [
        (fake::refusing(), "it is broken"),
        (fake::locked(), "may be locked"),
    ] {
        let store = scene.store_with(keyring);
        let failure = store.read(&alice).await.map(|_| ()).unwrap_err();
        assert_told(&failure, Exit::Output, &[why, "unlock it", "--store file"]);
        let written = store.write(&alice, &sign_in(&alice, Kept::Keyring)).await;
        assert_told(&written.unwrap_err(), Exit::Output, &[why, "--store file"]);
        let probed = store.probe().await.unwrap_err();
        assert!(probed.contains(why), "{probed}");
        // What is not sealed asks no keyring.
        let bob = door("bob");
        store.write(&bob, &sign_in(&bob, Kept::File)).await.unwrap();
        assert!(store.read(&bob).await.unwrap().is_some());
        store.delete(&bob).await.unwrap();
    }
    assert_eq!(scene.text(&alice), before);
    let failure = scene.store_with(fake::refusing()).delete(&alice).await;
    assert_told(
        &failure.unwrap_err(),
        Exit::Output,
        &["tokens are deleted", "entry `gatehouse`"],
    );
    assert!(!scene.store().is_there(&alice));
}

#[tokio::test]
async fn a_file_that_is_not_sealed_stays_so_until_it_is_replaced() {
    let (scene, alice) = (Scene::new(), door("alice"));
    scene.keep(&alice, Kept::File).await;
    assert!(scene.text(&alice).contains("access-of-alice") && !scene.has_key());
    let kept = scene.store().read(&alice).await.unwrap().unwrap();
    assert_eq!(kept.kept, Kept::File);
    scene.store().write(&alice, &kept).await.unwrap();
    assert!(scene.text(&alice).contains("access-of-alice") && !scene.has_key());
    scene.keep(&alice, Kept::Keyring).await;
    assert!(!scene.text(&alice).contains("access-of-alice") && scene.has_key());
}

#[tokio::test]
async fn the_key_goes_with_the_last_sign_in_that_it_seals() {
    let (scene, alice, bob, carol) = (Scene::new(), door("alice"), door("bob"), door("carol"));
    scene.keep(&alice, Kept::Keyring).await;
    scene.keep(&bob, Kept::Keyring).await;
    scene.keep(&carol, Kept::File).await;
    scene.store().delete(&alice).await.unwrap();
    assert!(scene.has_key());
    // A file that cannot be read may need it.
    let unread = scene.folder.join("unread.json");
    fs::write(&unread, "{}").unwrap();
    scene.store().delete(&bob).await.unwrap();
    assert!(scene.has_key());
    fs::remove_file(unread).unwrap();
    scene.keep(&bob, Kept::Keyring).await;
    scene.keep(&bob, Kept::File).await;
    assert!(!scene.has_key(), "no file is sealed any more");
    assert!(scene.store().read(&bob).await.unwrap().is_some());
}

#[tokio::test]
async fn a_sealed_file_that_others_may_read_is_not_used() {
    let (scene, alice) = (Scene::new(), door("alice"));
    scene.keep(&alice, Kept::Keyring).await;
    let open = fs::Permissions::from_mode(0o640);
    fs::set_permissions(scene.store().path(&alice), open).unwrap();
    let failure = scene.failure(&alice).await;
    assert_told(&failure, Exit::Output, &["others than its owner"]);
}

/// Each of them finds no key, and without the lock each would make one.
#[tokio::test]
async fn processes_that_sign_in_at_once_make_one_key() {
    let scene = Scene::new();
    let doors = ["a", "b", "c", "d"].map(door);
    let [a, b, c, d] = &doors;
    tokio::join!(
        scene.keep(a, Kept::Keyring),
        scene.keep(b, Kept::Keyring),
        scene.keep(c, Kept::Keyring),
        scene.keep(d, Kept::Keyring),
    );
    for door in &doors {
        assert!(
            scene.store().read(door).await.unwrap().is_some(),
            "{door:?}"
        );
    }
}
