"""What changes in stored records from one layout to the next; apart because a store reads it when it is opened.

A field that is added with a default needs no change here, only a higher LAYOUT_VERSION: an older Trainyard could not
read the record, so it must refuse. What cannot be read any more as it is stored gets a function of its own.
Such a function finds times as the store keeps them (text on SQLite, milliseconds on MongoDB) and leaves them so, and
fields that are null may be missing.
"""

from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]  # a record's JSON, of whatever layout
Change = Callable[[Document], Document]
Changes = Mapping[int, Mapping[str, Change]]

CHANGES: Changes = {2: {}, 3: {}}
"""By the layout that they lead to: each collection's change. 2: jobs name their request, accounts may be deleted.
3: snapshots name who left while a job used them."""
