//! Secrets, versions, stages.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::stage::{CURRENT, PENDING, PREVIOUS};
use crate::clock;
use crate::lambda::Function;

/// Versions kept of one secret, the oldest without a stage gives way ("Secrets Manager quotas": about 100).
const MAX_VERSIONS: usize = 100;

/// There is no secret of that ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such secret")]
pub struct NoSuchSecretError;

/// Secrets by ARN.
#[derive(Default)]
pub(super) struct Shelf(Mutex<BTreeMap<String, Secret>>);

pub(super) struct Secret {
    pub(super) name: String,
    /// Whether it is one that is rotated.
    pub(super) is_rotated: bool,
    /// When its last rotation ended.
    pub(super) last_rotated: Option<u64>,
    /// What rotates it, unless a test does.
    pub(super) function: Option<Function>,
    /// Oldest first.
    pub(super) versions: Vec<Version>,
}

pub(super) struct Version {
    pub(super) id: String,
    /// A version that a rotation has begun has none yet.
    pub(super) value: Option<String>,
    pub(super) stages: Vec<String>,
    pub(super) created: u64,
}

impl Shelf {
    pub(super) fn create(&self, arn: &str, name: &str) {
        let secret = Secret {
            name: name.to_owned(),
            is_rotated: false,
            last_rotated: None,
            function: None,
            versions: Vec::new(),
        };
        self.secrets().insert(arn.to_owned(), secret);
    }

    /// Works on one secret, by its ARN.
    pub(super) fn with<T>(
        &self,
        arn: &str,
        work: impl FnOnce(&mut Secret) -> T,
    ) -> Result<T, NoSuchSecretError> {
        let mut secrets = self.secrets();
        secrets.get_mut(arn).map(work).ok_or(NoSuchSecretError)
    }

    /// The ARN of the secret that has this ARN or this name.
    pub(super) fn find(&self, wanted: &str) -> Result<String, NoSuchSecretError> {
        let secrets = self.secrets();
        let mut all = secrets.iter();
        let found = all.find(|(arn, secret)| *arn == wanted || secret.name == wanted);
        found.map(|(arn, _)| arn.clone()).ok_or(NoSuchSecretError)
    }

    /// Each critical section leaves whole secrets behind.
    fn secrets(&self) -> MutexGuard<'_, BTreeMap<String, Secret>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Secret {
    /// A new version without a stage.
    pub(super) fn add(&mut self, id: &str, value: Option<&str>) {
        if self.versions.len() >= MAX_VERSIONS
            && let Some(at) = self.versions.iter().position(|it| it.stages.is_empty())
        {
            self.versions.remove(at);
        }
        self.versions.push(Version {
            id: id.to_owned(),
            value: value.map(str::to_owned),
            stages: Vec::new(),
            created: clock::now(),
        });
    }

    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The id of the version in this stage.
    pub(super) fn staged(&self, stage: &str) -> Option<String> {
        let version = self.versions.iter().find(|version| version.has(stage));
        version.map(|version| version.id.clone())
    }

    /// Puts a stage on a version. What was current then becomes previous.
    pub(super) fn stage(&mut self, id: &str, stage: &str) {
        let before = self.staged(CURRENT);
        self.label(id, stage);
        if stage == CURRENT
            && let Some(before) = before.filter(|before| before != id)
        {
            self.label(&before, PREVIOUS);
        }
    }

    /// Takes a stage from the version that has it.
    pub(super) fn unstage(&mut self, stage: &str) {
        for version in &mut self.versions {
            version.stages.retain(|other| other != stage);
        }
    }

    /// The version to come is there from the beginning of its rotation, empty.
    pub(super) fn begin_rotation(&mut self, token: &str) {
        self.add(token, None);
        self.label(token, PENDING);
    }

    /// Gives a version its value, which is done once: whether it has this value now.
    pub(super) fn fill(&mut self, id: &str, value: &str) -> bool {
        if self.version(id).is_none() {
            self.add(id, None);
        }
        let mut filled = false;
        for version in self.versions.iter_mut().filter(|version| version.id == id) {
            filled = version.value.get_or_insert_with(|| value.to_owned()) == value;
        }
        filled
    }

    pub(super) fn age(&mut self, seconds: u64) {
        for version in &mut self.versions {
            version.created = version.created.saturating_sub(seconds);
        }
        self.last_rotated = self.last_rotated.map(|then| then.saturating_sub(seconds));
    }

    /// A stage is on one version at a time.
    fn label(&mut self, id: &str, stage: &str) {
        self.unstage(stage);
        for version in self.versions.iter_mut().filter(|version| version.id == id) {
            version.stages.push(stage.to_owned());
        }
    }
}

impl Version {
    pub(super) fn has(&self, stage: &str) -> bool {
        self.stages.iter().any(|own| own == stage)
    }
}
