"""The software bill of materials of what runs, as CycloneDX JSON; `make sbom` writes it from the lock of what runs."""

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.contrib.this.builders import this_component
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.spdx import fixup_id, is_expression
from packageurl import PackageURL

from shared.process.release import RELEASE

LOCK = Path("requirements-run.lock")
_PIN = re.compile(r"^([\w.-]+)==(\S+).*\n((?:[ ]+.*\n)*)", re.MULTILINE)
_PROJECT = "tindak"


@dataclass(frozen=True)
class Pin:
    """A package as a lock file pins it."""

    name: str
    version: str
    sha256: tuple[str, ...]
    required_by: tuple[str, ...]


def pins(lock: str) -> tuple[Pin, ...]:
    """Return what a lock file of pip-compile pins, in its order."""
    return tuple(
        Pin(
            name,
            version,
            tuple(re.findall(r"--hash=sha256:(\w{64})", rest)),
            tuple(re.findall(r"# (?:via |  )([\w.-]+)(?: \(\S+\))?$", rest, re.MULTILINE)),
        )
        for name, version, rest in _PIN.findall(lock)
    )


def bill(lock: str, made_at: datetime | None = None) -> str:
    """Return the bill of materials of a lock file as CycloneDX JSON.

    The same lock with the same packages installed gives the same bytes. Licences are those that installed packages
    declare; of a package that is not installed in the pinned version none is stated.

    Args:
        lock: Text of a lock file of pip-compile, with hashes.
        made_at: Aware; without it the bill says no time.
    """
    project = Component(
        name=_PROJECT, version=RELEASE, type=ComponentType.APPLICATION, bom_ref=_PROJECT,
        licenses=[LicenseFactory().make_with_id("Apache-2.0")],
    )  # fmt: skip
    pinned = pins(lock)
    components = {pin.name: _component(pin) for pin in pinned}
    bom = Bom(
        components=components.values(),
        metadata=BomMetaData(component=project, tools=ToolRepository(components=[this_component()]), timestamp=made_at),
        serial_number=uuid5(NAMESPACE_URL, f"{_PROJECT}@{RELEASE}\n{lock}"),
    )
    for name, component in {_PROJECT: project, **components}.items():
        bom.register_dependency(component, [components[pin.name] for pin in pinned if name in pin.required_by])
    document = json.loads(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string())
    if made_at is None:
        del document["metadata"]["timestamp"]
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _component(pin: Pin) -> Component:
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    # A hash is that of one file among those of a release, so none is the hash of the package.
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{pin.name}/{pin.version}/#files"),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256) for sha256 in pin.sha256],
    )
    return Component(
        name=pin.name, version=pin.version, type=ComponentType.LIBRARY, bom_ref=str(purl), purl=purl,
        licenses=_licences(pin), external_references=[files],
    )  # fmt: skip


def _licences(pin: Pin) -> Iterator[License]:
    try:
        declared = metadata(pin.name)
    except PackageNotFoundError:
        return
    if declared["Version"] != pin.version:
        return
    for text in (*declared.get_all("License-Expression", []), *declared.get_all("License", [])):
        if text and (fixup_id(text) or is_expression(text)):
            yield LicenseFactory().make_from_string(text)
            return
    for classifier in declared.get_all("Classifier", []):
        if classifier.startswith("License :: ") and classifier.count(" :: ") > 1:
            yield LicenseFactory().make_with_name(classifier.rpartition(" :: ")[2])


def _write(path: Path) -> None:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    path.parent.mkdir(parents=True, exist_ok=True)
    made_at = datetime.fromtimestamp(int(epoch), UTC) if epoch else None
    path.write_text(bill(LOCK.read_text(encoding="utf-8"), made_at), encoding="utf-8")


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
