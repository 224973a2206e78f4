"""A study: one question asked of the company's own data, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cxlib.errors import MeasureError
from cxlib.finding import Finding
from cxlib.nearest import did_you_mean
from cxlib.studies.evidence import Evidence


@dataclass(frozen=True)
class Method:
    """How exactly a number of the study is defined and made, with its source."""

    term: str
    text: str


@dataclass(frozen=True)
class Study:
    """What a study found.

    Parameters
    ----------
    name : str
        Name of its module.
    findings : tuple of Finding
        The answer, in the order in which a leader reads it.
    evidence : mapping of str to Evidence
        By name, in the order of the page.
    doubts : tuple of Finding
        What could mislead, looked for in the data at hand.
    methods : tuple of Method
    missing : tuple of str
        Sentences: what could not be computed and which export would bring it.
    """

    name: str
    findings: tuple[Finding, ...]
    evidence: Mapping[str, Evidence]
    doubts: tuple[Finding, ...]
    methods: tuple[Method, ...]
    missing: tuple[str, ...] = ()

    @property
    def every_finding(self) -> tuple[Finding, ...]:
        """The answer, what is said under the evidence, and the doubts."""
        said = (piece.says for piece in self.evidence.values())
        return (*self.findings, *(finding for finding in said if finding is not None), *self.doubts)

    def finding(self, name: str) -> Finding:
        """Return a finding by its id.

        Raises
        ------
        MeasureError
            If there is none; the nearest is named.
        """
        found = {finding.id: finding for finding in self.every_finding}
        if name not in found:
            raise MeasureError(f'study {self.name} has no finding "{name}"{did_you_mean(name, found)}')
        return found[name]
