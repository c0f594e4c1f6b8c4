"""The embedded broker: one process, no idempotent producer, everything in memory."""

from pathlib import Path

from tindak.stack import programs
from tindak.stack.node import Node
from tindak.stack.protocol import serves_cluster


def broker(folder: Path, port: int, cluster_id: str, *, detached: bool) -> Node:
    """Return the broker, not started yet."""
    url = f"tcp://127.0.0.1:{port}"
    command = (
        str(programs.tansu()),
        "broker",
        f"--cluster-id={cluster_id}",
        f"--listener-url={url}",
        f"--advertised-listener-url={url}",
        "--storage-engine=memory://tansu/",
    )
    return Node("broker-1", port, command, folder / "broker-1.log", lambda: serves_cluster(port, cluster_id), detached)
