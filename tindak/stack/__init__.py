"""Local servers for demos and tests, without containers: a Kafka broker and a MongoDB replica set on the loopback."""

from tindak.stack.layout import BrokerKind, Layout
from tindak.stack.local import LocalStack
from tindak.stack.node import Node
from tindak.stack.programs import StackError
from tindak.stack.state import State

__all__ = ["BrokerKind", "Layout", "LocalStack", "Node", "StackError", "State"]
