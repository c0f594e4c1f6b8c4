"""Administers the topics of a broker and the access rules on them."""

from tindak.topics.apply import apply
from tindak.topics.connection import BrokerRefused, connect, ends
from tindak.topics.plan import Change

__all__ = ["BrokerRefused", "Change", "apply", "connect", "ends"]
