"""What the command line may use of learning and measuring a text model; needs the libraries of `tindak[model]`."""

from services.routing.classifier.model import Model, Summary
from services.routing.classifier.model_file import ModelRefused, load, save
from services.routing.training.fitting import Examples
from services.routing.training.learning import TooLittle, train
from services.routing.training.measure import Measures, measure
from services.routing.training.overlap import count_known, pack_digests
from services.routing.training.report import write_report

__all__ = [
    "Examples", "Measures", "Model", "ModelRefused", "Summary", "TooLittle", "count_known", "load", "measure",
    "pack_digests", "save", "train", "write_report",
]  # fmt: skip
