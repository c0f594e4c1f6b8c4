"""The topics of a broker, brought to what the catalogue says, and who may write and read them."""

from tindak.topics.apply import apply
from tindak.topics.connection import BrokerRefused, connect
from tindak.topics.plan import Change

__all__ = ["BrokerRefused", "Change", "apply", "connect"]
