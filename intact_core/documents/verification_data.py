"""The answer of a verification: steps in order, each a sentence, and a verdict."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What came of a verification; only `genuine` is to be relied on."""

    GENUINE = "genuine"
    UNKNOWN_SIGNER = "unknown_signer"
    NOT_VALID_THEN = "not_valid_then"
    WRONG_SIGNER = "wrong_signer"
    INCOMPLETE = "incomplete"
    UNSIGNED = "unsigned"
    ALTERED = "altered"
    NOT_OURS = "not_ours"
    UNREADABLE = "unreadable"

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        return _SENTENCES[self]


_SENTENCES = {
    Verdict.GENUINE: "Genuine: unchanged since it was signed, by signers this computer knows.",
    Verdict.UNKNOWN_SIGNER: "Unchanged since it was signed, but this computer does not know the "
    "certification body that stands behind the signer.",
    Verdict.NOT_VALID_THEN: "Unchanged since it was signed, but the signer's certificate was not "
    "valid at the time the signature gives.",
    Verdict.WRONG_SIGNER: "Unchanged since it was signed, but by somebody who may not sign it.",
    Verdict.INCOMPLETE: "Not complete: a signature that belongs to this document is missing.",
    Verdict.UNSIGNED: "Not signed: nobody stands behind this file.",
    Verdict.ALTERED: "Altered: this is not the file that was signed. Do not rely on it.",
    Verdict.NOT_OURS: "Not a document of Intact: nothing can be said about it.",
    Verdict.UNREADABLE: "Not readable: this is not a whole PDF.",
}


@dataclass(frozen=True)
class Step:
    """One step of the check; `ok` is None where it could not be made, and the sentence says why."""

    name: str
    ok: bool | None
    sentence: str


@dataclass(frozen=True)
class SignerSeen:
    """A signature found: its field, who it names, and the certificate that sealed it.

    `at` is the moment the signer's computer gave, in UTC.
    """

    field: str
    name: str
    meaning: str
    at: datetime | None
    certificate_name: str
    fingerprint: str


@dataclass(frozen=True)
class Verification:
    """Steps in the order they were made; kind and number are empty where they are not known."""

    steps: tuple[Step, ...]
    verdict: Verdict
    kind: str = ""
    number: str = ""
    signers: tuple[SignerSeen, ...] = ()

    def lines(self) -> list[str]:
        """Each step on a line of its own, the verdict last: what a command line prints."""
        marks = {True: "ok", False: "NO", None: "--"}
        steps = [f"[{marks[step.ok]}] {step.name}: {step.sentence}" for step in self.steps]
        return [*steps, self.verdict.sentence]

    @property
    def ok(self) -> bool:
        """Whether the file is to be relied on."""
        return self.verdict is Verdict.GENUINE
