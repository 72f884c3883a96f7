"""The statement that an instance signs of each weights file: what it was made from and what it must hold."""

import hashlib
import json
from typing import Literal

from pydantic import JsonValue

from core.offerings.records import TrainingSpec
from core.records import Value

STATEMENT_KEY = "trainyard.statement"
SIGNATURE_KEY = "trainyard.signature"
PUBLIC_KEY_KEY = "trainyard.public_key"
SIGNED_KEYS = frozenset({STATEMENT_KEY, SIGNATURE_KEY, PUBLIC_KEY_KEY})
"""Where the statement travels in a file's header; a signature cannot cover the text that it stands in."""
_DOMAIN = b"trainyard statement\n"
"""Before every signed text, so that a signature of ours is never one of something else."""


class Statement(Value):
    """What an instance says of a weights file.

    It holds no time and no job, so that the same training twice makes the same file. Every digest
    is a SHA-256 in lower-case hexadecimal.
    """

    format: Literal["trainyard/1"] = "trainyard/1"
    code_version: str
    offering: str
    base_model: str
    base_sha256: str
    """Of the base model's files, see worker/base_models.py `hash_base`; empty where they were gone."""
    dataset_sha256: str
    """Of the snapshot: the ordered (sha256, caption) list."""
    recipe_sha256: str
    """Of the specification, see `hash_recipe`."""
    started_from_sha256: str = ""
    """Of the LoRA's file that the training went on from, if it did."""
    trigger_words: tuple[str, ...]
    tensors_sha256: str
    """Of names, types, shapes and bytes of all tensors, in order of names."""
    metadata_sha256: str
    """Of what else the header says."""

    def to_text(self) -> str:
        """Write the statement as it is signed."""
        return write_canonical(self.model_dump(mode="json"))


def write_canonical(content: JsonValue) -> str:
    """Write JSON in the one form that is hashed and signed: sorted, without spaces, in ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def hash_canonical(content: JsonValue) -> str:
    """Hash JSON in its canonical form."""
    return hashlib.sha256(write_canonical(content).encode()).hexdigest()


def hash_recipe(spec: TrainingSpec) -> str:
    """Hash everything that was asked of a training."""
    return hash_canonical(spec.model_dump(mode="json"))


def get_message(text: str) -> bytes:
    """Get the bytes that are signed for a statement's text."""
    return _DOMAIN + text.encode()


def get_fingerprint(public_key: str) -> str:
    """Get what people compare a public key by: the first 32 digits of its SHA-256, in groups of four.

    Raises ValueError when the key is not hexadecimal.
    """
    digits = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))
