"""Stores a model as two files, a manifest and arrays; loading executes nothing and refuses what was changed."""

import hashlib
import importlib.metadata
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.routing.classifier import words
from services.routing.classifier.lexicon import Lexicon
from services.routing.classifier.model import Model, Summary

MANIFEST = "model.json"
ARRAYS = "arrays.npz"
FORMAT = "tindak-routing-model/1"
LIBRARIES = ("numpy", "scipy", "scikit-learn")
BLOCKS = ("words", "pieces", "places")
NUMBERS = ("rarity", "weights", "bias", "thresholds")


class ModelRefused(Exception):
    """A model that must not be used, in one sentence that names the file and what to do."""


def save(directory: Path, model: Model, summary: Summary, more: Mapping[str, Any]) -> str:
    """Write a model to *directory*, which is made if need be, and return its hash.

    Args:
        more: What else its readers should know, as JSON: the file learned from, its period.
    """
    directory.mkdir(parents=True, exist_ok=True)
    texts = {name: _packed(block) for name, block in zip(BLOCKS, model.lexicon.blocks, strict=True)}
    numbers = {
        "rarity": model.lexicon.rarity,
        "weights": model.weights,
        "bias": model.bias,
        "thresholds": model.thresholds,
    }
    arrays: dict[str, Any] = {**texts, **numbers}
    np.savez_compressed(directory / ARRAYS, **arrays)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "reading": words.edition(),
        "arrays_sha256": hashlib.sha256((directory / ARRAYS).read_bytes()).hexdigest(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "agencies": list(model.agencies),
        "thresholds": dict(zip(model.agencies, map(float, model.thresholds), strict=True)),
        "training": {**asdict(summary), **more},
    }
    manifest["hash"] = digest(manifest)
    written = json.dumps(manifest, ensure_ascii=False, indent=1)
    (directory / MANIFEST).write_text(written + "\n", encoding="utf-8")
    return str(manifest["hash"])


def _read_manifest(directory: Path) -> dict[str, Any]:
    """Return what a model's file says of it, once it is known to be whole.

    Raises:
        ModelRefused: It is missing, of another format, was changed, or comes from another major version of numpy.
    """
    path = directory / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror}; train a model there first.") from error
    except ValueError as error:
        raise ModelRefused(f"{path} is no JSON; train the model again.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ModelRefused(f"{path} is not of the format {FORMAT}; train the model again with this version.")
    if manifest.get("hash") != digest(manifest):
        raise ModelRefused(f"{path} was changed after training: its hash does not fit; train the model again.")
    learned_with = str(manifest.get("libraries", {}).get("numpy"))
    if learned_with.partition(".")[0] != np.__version__.partition(".")[0]:
        raise ModelRefused(f"{path} was trained with numpy {learned_with}, this is {np.__version__}; train it again.")
    if manifest.get("reading") != words.edition():
        raise ModelRefused(f"{path} learned from words read in another way than this version does; train it again.")
    return manifest


def load(directory: Path) -> tuple[Model, dict[str, Any]]:
    """Return the model in *directory* and its manifest, whose ``hash`` names it.

    Raises:
        ModelRefused: It is missing, of another format, or was changed since it was trained.
    """
    manifest = _read_manifest(directory)
    path = directory / ARRAYS
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != manifest["arrays_sha256"]:
            raise ModelRefused(f"{path} is not what {MANIFEST} was written for; copy both again or train again.")
        with np.load(path, allow_pickle=False) as arrays:
            numbers = {name: arrays[name].astype(np.float32) for name in NUMBERS}
            blocks = tuple(_unpacked(arrays[name]) for name in BLOCKS)
    except OSError as error:
        raise ModelRefused(f"{path} cannot be read: {error.strerror or error}; train the model again.") from error
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ModelRefused(f"{path} does not hold a model; train it again.") from error
    agencies = tuple(map(str, manifest["agencies"]))
    features = sum(map(len, blocks))
    shapes = ((features,), (features, len(agencies)), (len(agencies),), (len(agencies),))
    if tuple(numbers[name].shape for name in NUMBERS) != shapes:
        raise ModelRefused(f"{path} holds arrays of other sizes than {MANIFEST} says; train the model again.")
    lexicon = Lexicon((blocks[0], blocks[1], blocks[2]), numbers["rarity"])
    return Model(agencies, lexicon, numbers["weights"], numbers["bias"], numbers["thresholds"]), manifest


def digest(manifest: Mapping[str, Any]) -> str:
    """Return the hash of everything in a manifest but the hash itself; it covers the arrays by their own hash."""
    rest = {key: value for key, value in manifest.items() if key != "hash"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _packed(features: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return features as bytes; none of them holds a line break."""
    return np.frombuffer("\n".join(features).encode(), dtype=np.uint8)


def _unpacked(content: NDArray[np.uint8]) -> tuple[str, ...]:
    text = content.tobytes().decode()
    return tuple(text.split("\n")) if text else ()
