//! A limit of a caller's turns, as the caller is told of it.

/// The pause after which a turn that ran may be over, in seconds.
const PAUSE: u64 = 2;

/// A limit, by the name that it has in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    AtOnce,
    PerDay,
    PerMinute,
}

/// A limit that a caller has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    pub limit: Limit,
    /// When it is over at the latest, in seconds since 1970.
    pub resets: u64,
    /// After how many seconds it may be worth trying again.
    pub pause: u64,
}

impl Limit {
    pub const fn name(self) -> &'static str {
        match self {
            Self::AtOnce => "turnsAtOnce",
            Self::PerDay => "turnsPerDay",
            Self::PerMinute => "turnsPerMinute",
        }
    }
}

impl Reached {
    /// As many turns are under way as may be; the first of them ends by itself at this time.
    pub const fn at_once(resets: u64) -> Self {
        Self {
            limit: Limit::AtOnce,
            resets,
            pause: PAUSE,
        }
    }
}
