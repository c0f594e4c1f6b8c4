"""What the command line may use of learning and measuring a text model; needs the libraries of `tindak[model]`."""

from services.routing.classifier.model import Model, Summary
from services.routing.classifier.model_file import ModelRefused, load, save
from services.routing.training.exports import Asked, ColumnMissing, Export, read_export
from services.routing.training.fitting import Examples
from services.routing.training.learning import TooLittle, train
from services.routing.training.measure import Measures, measure
from services.routing.training.overlap import count_known, pack_digests
from services.routing.training.report import write_report
from services.routing.training.tables import TableUnreadable

__all__ = [
    "Asked", "ColumnMissing", "Examples", "Export", "Measures", "Model", "ModelRefused", "Summary", "TableUnreadable",
    "TooLittle", "count_known", "load", "measure", "pack_digests", "read_export", "save", "train", "write_report",
]  # fmt: skip
