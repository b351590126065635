//! Kinds of callers: the least that a caller must have to be admitted somewhere.
//!
//! Admission only ever asks that something is there, so a caller with more groups and scopes is admitted wherever one with
//! fewer is. The smallest kinds of callers of an agent therefore say all about whom it admits.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use shared::gate::{Admission, Caller, Rules, Trust};

use crate::failure::Failure;

/// More kinds of callers of one agent than a person can review, and than a comparison should take.
const MAX_KINDS: usize = 10_000;

/// Callers who have this and maybe more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    /// The name by which the issuer's callers are known.
    pub(crate) issuer: String,
    /// Fewer first, so that tables begin with those who have nothing.
    pub(crate) client: Option<String>,
    pub(crate) groups: BTreeSet<String>,
    pub(crate) scopes: BTreeSet<String>,
}

impl Kind {
    /// Callers of an issuer of whom nothing more is known.
    fn any_of(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client: None,
            groups: BTreeSet::new(),
            scopes: BTreeSet::new(),
        }
    }

    /// The properties of these callers, in words.
    pub(crate) fn says(&self) -> String {
        let mut has = Vec::new();
        has.extend(self.groups.iter().map(|group| shown("group", group)));
        has.extend(self.scopes.iter().map(|scope| shown("scope", scope)));
        has.extend(self.client.iter().map(|client| shown("client", client)));
        if has.is_empty() {
            "any caller".to_owned()
        } else {
            has.join(" + ")
        }
    }

    /// Such a caller as the gate would make one for this trust; nothing if it would refuse their tokens.
    pub(crate) fn at(&self, trust: &Trust) -> Option<Caller> {
        let rules = rules_of(&self.issuer, trust)?;
        let is_accepted = |client: &String| {
            rules.allowed_clients.is_empty() || rules.allowed_clients.contains(client)
        };
        self.client
            .as_ref()
            .is_none_or(is_accepted)
            .then(|| Caller {
                issuer: self.issuer.clone(),
                trusted_as: rules.issuer.name().to_owned(),
                client_id: self.client.clone(),
                groups: self.groups.iter().cloned().collect(),
                scopes: self.scopes.iter().cloned().collect(),
                ..Caller::default()
            })
    }

    /// Both at once; nothing if no caller can be both.
    fn and(&self, other: &Self) -> Option<Self> {
        let client = match (&self.client, &other.client) {
            (Some(one), Some(two)) if one != two => return None,
            (one, two) => one.clone().or_else(|| two.clone()),
        };
        (self.issuer == other.issuer).then(|| Self {
            issuer: self.issuer.clone(),
            client,
            groups: self.groups.union(&other.groups).cloned().collect(),
            scopes: self.scopes.union(&other.scopes).cloned().collect(),
        })
    }
}

/// A name from a document: it may hold spaces, and signs that a terminal should not get.
fn shown(what: &str, name: &str) -> String {
    let mut text = format!("{what} ");
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte));
    let _always_fits = if is_plain {
        write!(text, "{name}")
    } else {
        write!(text, "{:?}", name)
    };
    text
}

/// The entry whose callers are known by this name.
fn rules_of<'t>(issuer: &str, trust: &'t Trust) -> Option<&'t Rules> {
    let mut rules = trust.issuers().iter();
    rules.find(|rules| rules.issuer.known_names().iter().any(|name| name == issuer))
}

/// The names by which callers of the trusted issuers are known.
pub(crate) fn issuers(trust: &Trust) -> Vec<String> {
    let rules = trust.issuers().iter();
    rules.flat_map(|rules| rules.issuer.known_names()).collect()
}

/// The callers of each issuer of whom nothing more is known.
pub(crate) fn plain(trust: &Trust) -> BTreeSet<Kind> {
    issuers(trust)
        .iter()
        .map(|name| Kind::any_of(name))
        .collect()
}

/// The smallest kinds of callers whom this admits.
///
/// # Errors
/// If there are too many.
pub(crate) fn admitted(allow: &Admission, trust: &Trust) -> Result<BTreeSet<Kind>, Failure> {
    let own = of_set(allow, trust)?;
    let kinds = if allow.any_of.is_empty() {
        own
    } else {
        let mut kinds = BTreeSet::new();
        for set in &allow.any_of {
            let set = of_set(set, trust)?;
            for one in &own {
                kinds.extend(set.iter().filter_map(|other| one.and(other)));
                bound(kinds.len())?;
            }
        }
        kinds
    };
    let is_let_in = |kind: &Kind| {
        let caller = kind.at(trust);
        caller.is_some_and(|caller| allow.admits(&caller).is_ok())
    };
    Ok(smallest(kinds.into_iter().filter(is_let_in).collect()))
}

/// One entry of each list that is there, in every combination.
fn of_set(set: &Admission, trust: &Trust) -> Result<BTreeSet<Kind>, Failure> {
    let mut kinds = plain(trust);
    if let Some(named) = &set.issuers {
        kinds.retain(|kind| {
            let rules = rules_of(&kind.issuer, trust);
            let trusted_as = rules.map(|rules| rules.issuer.name());
            named
                .iter()
                .any(|name| *name == kind.issuer || Some(name.as_str()) == trusted_as)
        });
    }
    let put_group = |kind: &mut Kind, group: &str| {
        kind.groups.insert(group.to_owned());
    };
    let put_scope = |kind: &mut Kind, scope: &str| {
        kind.scopes.insert(scope.to_owned());
    };
    kinds = each(kinds, set.groups.as_deref(), put_group)?;
    kinds = each(kinds, set.scopes.as_deref(), put_scope)?;
    each(kinds, set.clients.as_deref(), |kind, client| {
        kind.client = Some(client.to_owned());
    })
}

/// Each kind with each of the names; as they are where no name is asked for.
fn each(
    kinds: BTreeSet<Kind>,
    names: Option<&[String]>,
    put: impl Fn(&mut Kind, &str),
) -> Result<BTreeSet<Kind>, Failure> {
    let Some(names) = names else {
        return Ok(kinds);
    };
    bound(kinds.len().saturating_mul(names.len()))?;
    let with = |kind: &Kind| {
        let one = |name: &String| {
            let mut kind = kind.clone();
            put(&mut kind, name);
            kind
        };
        names.iter().map(one).collect::<Vec<_>>()
    };
    Ok(kinds.iter().flat_map(with).collect())
}

/// Leaves out each kind that has more than another one that is admitted, too.
fn smallest(kinds: BTreeSet<Kind>) -> BTreeSet<Kind> {
    let has_all =
        |kind: &Kind, other: &Kind| kind != other && kind.and(other).as_ref() == Some(kind);
    // Beyond this, leaving some out would take longer than showing them.
    if kinds.len() > 500 {
        return kinds;
    }
    let is_smallest = |kind: &&Kind| !kinds.iter().any(|other| has_all(kind, other));
    kinds.iter().filter(is_smallest).cloned().collect()
}

fn bound(kinds: usize) -> Result<(), Failure> {
    if kinds <= MAX_KINDS {
        return Ok(());
    }
    Err(Failure::usage(
        format!(
            "an agent's `allow` has more than {MAX_KINDS} combinations of groups, scopes and clients"
        ),
        "name fewer in one `allow`, or split the agent",
    ))
}
