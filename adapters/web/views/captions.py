"""Caption sets and changes to all captions of one, as the API shows and takes them."""

from pydantic import ConfigDict, Field

from adapters.web.views.common import Form, View
from core.datasets.captions import CaptionEdit, EditKind


class CaptionSetView(View):
    """A caption set, and how many pictures have a caption in it."""

    name: str
    captions: int
    is_default: bool


class CaptionSetList(View):
    """Every caption set of a dataset."""

    items: tuple[CaptionSetView, ...]


class CaptionEditForm(Form):
    """What is done to each caption of a set: `text` is put before or behind it, or in place of `find`;
    `remove_tag` takes out the tag `find`, which stands between commas."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "prefix", "text": "mycat, ", "dry_run": True}]}
    )

    kind: EditKind
    text: str = ""
    find: str = ""
    set_name: str = Field(default="", description="Without one, the dataset's default set.")
    dry_run: bool = Field(default=False, description="Change nothing, only say what would change.")

    def to_edit(self) -> CaptionEdit:
        return CaptionEdit(kind=self.kind, text=self.text, find=self.find)


class ChangedCaption(View):
    """One caption that changes."""

    item: str
    before: str
    after: str


class CaptionEditView(View):
    """How many captions changed, or would."""

    changed: int
    dry_run: bool
    items: tuple[ChangedCaption, ...]
