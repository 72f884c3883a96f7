"""What listeners are told of a job; never the truth, only the latest of it."""

from core.jobs.records import Job, Kind
from core.ports import Event


def job_event(job: Job) -> Event:
    """Say where a job stands, for its owner's listeners."""
    data = job.model_dump(
        mode="json", include={"id", "status", "progress", "cancel_requested", "obstacle"}
    )
    if job.kind is Kind.TRAIN:
        data["samples"] = len(job.samples)
    if job.kind is Kind.GENERATE:
        data["pictures"] = [picture.file.name for picture in job.pictures]
    return Event(topic=f"account:{job.owner}", kind=_NAMES[job.kind], data=data)


_NAMES = {
    Kind.TRAIN: "training",
    Kind.GENERATE: "generation",
    Kind.CAPTION: "auto_caption",
}
