"""All checks, in an order in which the first finding is nearest to the cause."""

from __future__ import annotations

from ..errors import MoEFormatError
from ..file import MoEFile
from .banks import check_banks
from .blocks import check_blocks
from .layers import check_layers
from .names import check_names
from .report import Report
from .sections import check_sections
from .set import check_set
from .tensors import check_tensors


def findings(file: MoEFile) -> list[MoEFormatError]:
    """Everything in an opened file that breaks a rule. O(bytes of the file)."""
    report = Report()
    for check in (check_sections, check_set, check_names, check_blocks, check_banks, check_tensors, check_layers):
        with report.checking():
            check(file, report)
    return report.findings
