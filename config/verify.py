"""`trainyard verify FILE`: tells from a weights file alone, without a network, whether and by whom it was signed."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from adapters.ed25519 import is_signed
from config.settings import Settings
from config.signing import open_signer
from core.errors import InvalidError
from core.models.statement import get_fingerprint
from worker.verifying import Verdict, verify_file


def verify(
    file: Annotated[Path, typer.Argument(help="A .safetensors file that Trainyard made.")],
    key: Annotated[
        str,
        typer.Option(
            help="The public key of the instance it must be from: 64 hexadecimal digits, as "
            "`trainyard doctor` and GET /api/v1/instance show them. Without it, this instance's "
            "where there is one."
        ),
    ] = "",
) -> None:
    """Check offline who signed a model file and whether it is as it was signed; exit code 1 if not."""
    expected, is_own = find_expected(key)
    verdict = verify_file(file, expected, is_signed)
    for line in tell(verdict, expected, is_own):
        print(line)
    sys.exit(0 if verdict.is_genuine else 1)


def find_expected(key: str) -> tuple[str, bool]:
    """Find the key that must have signed, and whether it is this instance's; nothing is made for that."""
    if key:
        digits = key.strip().lower()
        try:
            if len(bytes.fromhex(digits)) == 32 and len(digits) == 64:
                return digits, False
        except ValueError:
            pass
        raise InvalidError("A public key has 64 hexadecimal digits; `trainyard doctor` prints it.")
    settings = Settings()
    has_key = settings.signing_key.get_secret_value() or settings.signing_key_file.exists()
    return (open_signer(settings).public_key if has_key else ""), True


def tell(verdict: Verdict, expected: str, is_own: bool) -> list[str]:
    """Say in plain words what was found out."""
    lines = []
    if verdict.public_key:
        whose = get_fingerprint(verdict.public_key)
        if expected == verdict.public_key:
            whose += ", this instance" if is_own else ", the key that you gave"
        lines.append(f"signed by     {whose}")
    if verdict.statement is not None:
        said = verdict.statement
        lines += [
            f"trigger       {', '.join(said.trigger_words)}",
            f"base model    {said.base_model}, {said.base_sha256 or 'unknown'}",
            f"dataset       {said.dataset_sha256}",
            f"recipe        {said.offering}, {said.recipe_sha256}",
            f"made with     Trainyard {said.code_version}",
        ]
        if said.started_from_sha256:
            lines.append(f"trained from  {said.started_from_sha256}")
    if verdict.problem:
        return [*lines, f"NOT GENUINE: {verdict.problem}"]
    lines.append("Genuine: tensors and header are as they were signed.")
    if not expected:
        lines.append(
            "Whether that signer is whom you think, only its public key can tell: compare the "
            f"fingerprint, or pass --key. This file's is {verdict.public_key}."
        )
    return lines
