"""The last step of a training in its parent process: weights files and card get statement and signature.

The child that trained knows no key; what it wrote was checked by its certificate before.
"""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from core.models.statement import (
    PUBLIC_KEY_KEY,
    SIGNATURE_KEY,
    SIGNED_KEYS,
    STATEMENT_KEY,
    Statement,
    get_fingerprint,
    get_message,
    hash_canonical,
    hash_recipe,
)
from core.ports import Signer
from worker.messages import TrainingTask
from worker.training.hashes import compute_hashes
from worker.weights_file import WeightsFile, open_weights

_WEIGHTS = ".safetensors"
_CARD = ".md"


def describe_origin(task: TrainingTask, base_sha256: str) -> Statement:
    """Say what a training's files were made from; the digests of each file come with its signature."""
    spec = task.spec
    return Statement(
        code_version=version("trainyard"),
        offering=spec.offering,
        base_model=spec.base_model.id,
        base_sha256=base_sha256,
        dataset_sha256=task.dataset_digest,
        recipe_sha256=hash_recipe(spec),
        started_from_sha256=spec.start.sha256 if spec.start else "",
        trigger_words=spec.trigger_words,
        tensors_sha256="",
        metadata_sha256="",
    )


def sign_files(files: Sequence[Path], made: Statement, signer: Signer) -> None:
    """Sign every weights file in place, and tell the card of it; `made` lacks the digests of the files."""
    weights = [file for file in files if file.suffix == _WEIGHTS]
    for file in weights:
        sign_file(file, made, signer)
    for card in (file for file in files if file.suffix == _CARD):
        with card.open("a", encoding="utf-8") as out:
            out.write(write_origin(weights, made, signer.public_key))


def sign_file(file: Path, made: Statement, signer: Signer) -> None:
    """Put statement, public key and signature into a file's header; signing again replaces them."""
    weights = open_weights(file)
    plain = {name: text for name, text in weights.metadata.items() if name not in SIGNED_KEYS}
    digests = {"tensors_sha256": weights.hash_tensors(), "metadata_sha256": hash_metadata(weights)}
    text = made.model_copy(update=digests).to_text()
    signed = {
        STATEMENT_KEY: text,
        PUBLIC_KEY_KEY: signer.public_key,
        SIGNATURE_KEY: signer.sign(get_message(text)),
    }
    weights.rewrite({**plain, **signed})


def hash_metadata(weights: WeightsFile) -> str:
    """Hash what a header says beside statement and signature."""
    return hash_canonical({k: v for k, v in weights.metadata.items() if k not in SIGNED_KEYS})


def write_origin(weights: Sequence[Path], made: Statement, public_key: str) -> str:
    """Write the card's last part: hashes of the files as they are handed out, and what was signed."""
    hashes = [(file.name, compute_hashes(file)) for file in weights]
    rows = "\n".join(f"| {name} | {h.sha256} | {h.autov2} | {h.autov3} |" for name, h in hashes)
    started = made.started_from_sha256
    further = f"| trained further from | {started} |\n" if started else ""
    return f"""
| file | SHA-256 | AutoV2 | AutoV3 |
|---|---|---|---|
{rows}

## Where it comes from
| | |
|---|---|
| dataset | {made.dataset_sha256} |
| base model | {made.base_model}, {made.base_sha256 or "unknown"} |
| recipe | {made.offering}, {made.recipe_sha256} |
{further}| Trainyard | {made.code_version} |
| signed by | {get_fingerprint(public_key)} |

The files carry this, signed with the public key `{public_key}`:

```
trainyard verify {hashes[0][0]} --key {public_key}
```
"""
