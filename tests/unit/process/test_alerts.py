"""The rules for Prometheus speak of metrics and values that there are, and of sections that somebody can read."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.notify.domain.outcomes import Deferred, Delivered, Setback
from shared.process import metrics

pytestmark = pytest.mark.unit

DOCS = Path(__file__).parents[3] / "docs"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((DOCS / "alerts.yaml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
METRIC = re.compile(r"\btindak_\w+")
LABELS = re.compile(r"\b(tindak_\w+)\{([^}]*)\}")


def labels_by_metric() -> dict[str, set[str]]:
    """Return the labels of every metric of the catalogue, by the name under which it is scraped."""
    found = {}
    for each in vars(metrics).values():
        if hasattr(each, "_labelnames"):
            suffix = "_total" if type(each).__name__ == "Counter" else ""
            found[each._name + suffix] = set(each._labelnames)
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_metrics_and_labels_that_there_are(rule: dict[str, Any]) -> None:
    known = labels_by_metric()

    assert set(METRIC.findall(rule["expr"])) <= known.keys()
    for name, labels in LABELS.findall(rule["expr"]):
        assert set(re.findall(r"(\w+)=", labels)) <= known[name]
    for label in re.findall(r"by \((\w+)\)", rule["expr"]):
        assert all(label in known[name] for name in METRIC.findall(rule["expr"]))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_leads_to_a_section_of_the_guide(rule: dict[str, Any]) -> None:
    guide = (DOCS / "operations.md").read_text("utf-8")

    assert f"## {rule['annotations']['runbook']}\n" in guide
    assert rule["labels"]["severity"] in ("page", "ticket")


def test_outcomes_that_rules_name_are_those_that_are_counted() -> None:
    either = [found for rule in RULES for found in re.findall(r'outcome=~?"([\w|]+)"', rule["expr"])]
    named = {outcome for found in either for outcome in found.split("|")}

    assert named == {Deferred.__name__.lower(), Delivered.__name__.lower(), Setback.UNASKED.value, "failed"}
