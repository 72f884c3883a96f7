"""Whether a weights file is what an instance signed, found out from the file alone and without a network."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from core.errors import InvalidError
from core.models.statement import (
    PUBLIC_KEY_KEY,
    SIGNATURE_KEY,
    STATEMENT_KEY,
    Statement,
    get_fingerprint,
    get_message,
)
from worker.signing import hash_metadata
from worker.weights_file import WeightsFile, open_weights

IsSigned = Callable[[str, bytes, str], bool]
"""Tells whether (public key, message, signature) belong together."""


@dataclass(frozen=True)
class Verdict:
    """What was found out."""

    problem: str
    """In words for people; empty when all is as it was signed."""
    public_key: str = ""
    """Whose signature is valid; empty without a valid one."""
    statement: Statement | None = None
    """What that instance said; to be believed as far as the instance is."""

    @property
    def is_genuine(self) -> bool:
        return not self.problem


def verify_file(path: Path, expected_key: str, is_signed: IsSigned) -> Verdict:
    """Check a file's structure, signature, signer, tensors and header; an empty key expects no certain one."""
    try:
        weights = open_weights(path)
        text = weights.metadata.get(STATEMENT_KEY, "")
        key = weights.metadata.get(PUBLIC_KEY_KEY, "")
        signature = weights.metadata.get(SIGNATURE_KEY, "")
        if not (text or key or signature):
            return Verdict("This file is not signed: nobody can tell where it comes from.")
        if not is_signed(key, get_message(text), signature):
            return Verdict(
                "The signature is not valid: what the file says of its origin was changed, or was "
                "never signed."
            )
        statement = Statement.model_validate_json(text)
        return Verdict(_find_problem(weights, statement, (key, expected_key)), key, statement)
    except ValidationError:
        return Verdict(
            "The file is signed, but by a version of Trainyard that this one cannot read."
        )
    except InvalidError as error:
        return Verdict(error.message)


def _find_problem(weights: WeightsFile, statement: Statement, keys: tuple[str, str]) -> str:
    """Say what is not as it was signed; `keys` are the signer's and the expected one."""
    key, expected = keys
    if expected and key != expected:
        return (
            f"Another instance signed this file: {get_fingerprint(key)}, not the expected "
            f"{get_fingerprint(expected)}."
        )
    if weights.hash_tensors() != statement.tensors_sha256:
        return "The tensors are not those that were signed: the weights were changed."
    if hash_metadata(weights) != statement.metadata_sha256:
        return (
            "The tensors are those that were signed, but other entries of the header were changed."
        )
    return ""
