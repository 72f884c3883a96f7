"""What stays of records that others need: what was paid and earned, without a name, a word or a picture."""

from core.datasets.records import Snapshot
from core.generations.records import GenerationSpec
from core.jobs.records import Job
from core.offerings.records import TrainingSpec
from core.points.records import Transfer

GONE_NAME = "(deleted)"


def scrub_job(job: Job) -> Job:
    """Return a job of which the ledger's numbers are left."""
    spec = job.spec
    if isinstance(spec, GenerationSpec):
        words = {"typed_prompt": "", "prompt": "", "negative_prompt": "", "warnings": ()}
        spec = spec.model_copy(update=words)
    elif isinstance(spec, TrainingSpec):
        words = {"trigger_words": (), "sample_prompts": (), "class_prompt": ""}
        spec = spec.model_copy(update=words)
    update = {
        "spec": spec,
        "dataset_name": "",
        "samples": (),
        "pictures": (),
        "artifacts": (),
        "checkpoint": None,
        "previous_checkpoint": None,
    }
    return job.model_copy(update=update)


def leave_snapshot(snapshot: Snapshot, account: str) -> Snapshot:
    """Return a snapshot that remembers whose captions are to go."""
    leaving = tuple(sorted({*snapshot.leaving, account}))
    return snapshot.model_copy(update={"leaving": leaving, "needs_scrubbing": True})


def scrub_snapshot(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without the captions of who left; whose the pictures were still counts."""
    items = tuple(
        item.model_copy(update={"caption": ""}) if item.contributor in snapshot.leaving else item
        for item in snapshot.items
    )
    return snapshot.model_copy(update={"items": items, "needs_scrubbing": None})


def scrub_transfer(transfer: Transfer, account: str) -> Transfer:
    """Return a gift of points without the name of whoever is gone."""
    if transfer.account == account:
        return transfer.model_copy(update={"giver_name": GONE_NAME})
    return transfer.model_copy(update={"receiver_name": GONE_NAME, "to": GONE_NAME})
