"""What is kept of an auto-caption job: its frozen specification, and what was asked for."""

import hashlib
import json

from core.records import Value

AUTO_SET = "auto"


class CaptionWishes(Value):
    """What a person asked for, as typed."""

    caption_set: str = AUTO_SET
    prefix: str = ""
    """Put before each caption: the trigger word."""
    replaces: bool = False
    """Whether captions that the set has already are written anew; else their pictures are left out."""

    def hash_for(self, dataset_id: str) -> str:
        """Hash what was asked for, so that a repeated key can be told from a reused one."""
        content = ["captions", dataset_id, self.model_dump()]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class CaptionSpec(Value):
    """One auto-caption job, frozen when it is submitted; its snapshot lists the pictures to caption."""

    caption_model: str
    """A hub id or a folder."""
    revision: str = ""
    """The commit that a hub id is pinned to."""
    caption_set: str
    prefix: str
    replaces: bool
    left_out: int = 0
    """How many pictures had a caption in the set and were left alone."""
