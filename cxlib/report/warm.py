"""Imported by the process that workers are forked from, so that each starts with everything loaded."""

import os

# one worker runs per processor: threads of its own for linear algebra would only stand in each other's way
for library in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(library, "1")

from cxlib.report import pdf, work  # noqa: E402, F401 (read when numpy loads)
from cxlib.report.theme import prepare_fonts  # noqa: E402

prepare_fonts()
pdf.load()
