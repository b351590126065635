//! Measurements, for the criterion benchmark and for the table of figures.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a measurement stops at the first surprise"
)]

mod check;
mod endurance;
mod large;
mod load;
mod measure;
mod table;
mod terminal;
mod turns;

pub use check::Check;
pub use endurance::{Outage, Silence, Switch, outage, silence, switch};
pub use large::{LargeStart, large_starts};
pub use load::{Delay, Load, load};
pub use measure::{
    FirstByte, Gate, Ratio, Starts, Warm, first_byte, gate_over_raw, resident_after, starts,
    streaming_peak, warm,
};
pub use table::{Row, table};
pub use terminal::{Beside, Terminal, terminal};
pub use turns::{LATENCY, Turns, turns};
