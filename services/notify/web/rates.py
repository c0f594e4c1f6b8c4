"""How often one client may ask: token buckets in bounded memory; time is an argument.

Not aiolimiter: that lets callers wait, where a page must refuse, and has one bucket, where each client needs one.
"""

import ipaddress
from collections import OrderedDict
from datetime import datetime

from shared.fairness.rates import Bucket, Rate

KEYS_MAX = 20_000
IPV6_OF_ONE_CLIENT_BITS = 64  # whoever has one address of IPv6 has as many as he likes of that network


class KeyedRates:
    """A bucket for each key; those that were not asked for longest give way.

    Args:
        rate: What each key may do.
        keys_max: Remembered at most; whoever is forgotten begins with a full bucket.
    """

    def __init__(self, rate: Rate, keys_max: int = KEYS_MAX) -> None:
        self.rate = rate
        self.keys_max = keys_max
        self.buckets: OrderedDict[str, Bucket] = OrderedDict()

    def admit(self, key: str, now: datetime) -> bool:
        """Return whether *key* may go on now; if so, that counts."""
        at_seconds = now.timestamp()
        bucket = self.buckets.pop(key, Bucket(at_seconds=at_seconds))
        is_admitted = bucket.left(self.rate, 1.0, at_seconds) >= 1
        self.buckets[key] = bucket.without(int(is_admitted), self.rate, 1.0, at_seconds)
        if len(self.buckets) > self.keys_max:
            self.buckets.popitem(last=False)
        return is_admitted


def client_key(host: str) -> str:
    """Return what tells one client from another: an address of IPv4, or the network of one of IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((address, IPV6_OF_ONE_CLIENT_BITS), strict=False))
