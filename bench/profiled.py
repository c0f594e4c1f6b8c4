"""One service under a sampler: ``python -m bench.profiled SERVICE FILE``; `bench.pipeline --only profile` starts it."""

import importlib
import sys
from pathlib import Path

from bench.meters.sampling import Sampler


def main() -> None:
    service, file = sys.argv[1:]
    Sampler(Path(file)).start()
    importlib.import_module(f"services.{service}.app").main()


if __name__ == "__main__":
    main()
