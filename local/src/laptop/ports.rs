//! Ports that stay the same from one start to the next, unless another program has them.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};

use crate::stack::ServicePorts;

/// The door's, where none is chosen.
const DOOR: u16 = 8787;
/// The console's, where none is chosen: that of the address which the template registers at the sign-in page.
const CONSOLE: u16 = 5173;

/// The ports of one start; any free one for 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) door: u16,
    pub(super) services: ServicePorts,
    pub(super) console: u16,
    /// The notice about ports that are taken.
    pub(super) notes: Vec<String>,
}

impl Ports {
    /// The ports that are chosen, and else those that stay. What is chosen is not replaced: it fails later, if it is taken.
    pub(super) fn choose(door: Option<u16>, console: Option<u16>) -> Self {
        Self::among(door, console, is_free)
    }

    fn among(door: Option<u16>, console: Option<u16>, is_free: impl Fn(u16) -> bool) -> Self {
        let mut notes = Vec::new();
        let mut or_free = |port: u16, name: &str| {
            if port == 0 || is_free(port) {
                return port;
            }
            notes.push(format!(
                "port {port} of {name} is taken by another program, so a free one is used"
            ));
            0
        };
        let first = door.unwrap_or(DOOR);
        let after = |count: u16| match first {
            0 => 0,
            _ => first.checked_add(count).unwrap_or_default(),
        };
        let services = ServicePorts {
            issuer: or_free(after(1), "the sign-in page"),
            directory: or_free(after(2), "the directory"),
            tools: or_free(after(3), "the tools' gateway"),
        };
        let usual = if first == 0 { 0 } else { CONSOLE };
        Self {
            door: door.unwrap_or_else(|| or_free(first, "the door")),
            services,
            console: console.unwrap_or_else(|| or_free(usual, "the console")),
            notes,
        }
    }
}

/// True if no program listens there, on either address of `localhost`. A machine without IPv6 has only one.
fn is_free(port: u16) -> bool {
    let addresses: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    addresses
        .into_iter()
        .all(|address| match TcpListener::bind((address, port)) {
            Ok(_) => true,
            Err(error) => error.kind() != ErrorKind::AddrInUse,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(door: u16, services: [u16; 3], console: u16) -> (u16, ServicePorts, u16) {
        let [issuer, directory, tools] = services;
        (
            door,
            ServicePorts {
                issuer,
                directory,
                tools,
            },
            console,
        )
    }

    #[test]
    fn ports_stay_unless_they_are_taken() {
        for (door, console, taken, expected, notes) in [
            (None, None, vec![], ports(8787, [8788, 8789, 8790], 5173), 0),
            (
                None,
                None,
                vec![8787, 8789, 5173],
                ports(0, [8788, 0, 8790], 0),
                3,
            ),
            (
                Some(9000),
                Some(9009),
                vec![9000, 9009],
                ports(9000, [9001, 9002, 9003], 9009),
                0,
            ),
            (Some(0), None, vec![8787], ports(0, [0, 0, 0], 0), 0),
            (Some(0), Some(5000), vec![], ports(0, [0, 0, 0], 5000), 0),
            (
                Some(65_534),
                None,
                vec![],
                ports(65_534, [65_535, 0, 0], 5173),
                0,
            ),
        ] {
            let chosen = Ports::among(door, console, |port| !taken.contains(&port));
            assert_eq!(
                (chosen.door, chosen.services, chosen.console),
                expected,
                "{door:?} {taken:?}"
            );
            assert_eq!(chosen.notes.len(), notes, "{:?}", chosen.notes);
        }
    }

    #[test]
    fn a_port_with_a_listener_is_not_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
    }
}
