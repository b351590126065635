"""Address parser: the only kind of URL that is ever called, or given a token."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, NamedTuple

# Longer addresses are refused by common servers and proxies.
_MAX_BYTES: Final = 2048

# Spelt out, so that no text can mean one host here and another one to the client that dials.
_FORM: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?"
)


class Address(NamedTuple):
    """An absolute `https` address, or an `http` one whose host is this machine, without query and fragment."""

    text: str
    is_secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads an address, or raises `ValueError` with the rule that it breaks."""
        form = _FORM.fullmatch(text) if len(text) <= _MAX_BYTES else None
        if form is None:
            raise ValueError("is not an absolute `https` address of host, port and path")
        host, is_secure = form["host"].strip("[]"), form["scheme"] == "https"
        port = int(form["port"] or (443 if is_secure else 80))
        if port > 65535 or (form["host"].startswith("[") and not _is_ip(host)):
            raise ValueError("is not an absolute `https` address of host, port and path")
        # Keys that a stranger in the network may replace, or a token that they may read, are worth nothing.
        if not is_secure and not _is_loopback(host):
            raise ValueError("is neither `https` nor `http` on a loopback host")
        return cls(text, is_secure, host, port, form["path"] or "/")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host.lower() == "localhost" or (_is_ip(host) and ipaddress.ip_address(host).is_loopback)
