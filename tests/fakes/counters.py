"""What the metrics of this process say, for tests that look at what they have grown by."""

from prometheus_client import REGISTRY


def counted(name: str, **labels: str) -> float:
    """Return what a metric of the process has come to by now."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def samples(name: str) -> dict[tuple[tuple[str, str], ...], float]:
    """Return every sample of a metric by its labels, as pairs in order of their names."""
    return {
        tuple(sorted(sample.labels.items())): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == name
    }
