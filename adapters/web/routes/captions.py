"""Captions of a whole dataset: its caption sets, and one change to all of them, looked at before it is made."""

from adapters.web.routing import Call, Routes
from adapters.web.views.captions import (
    CaptionEditForm,
    CaptionEditView,
    CaptionSetList,
    CaptionSetView,
    ChangedCaption,
)
from core.accounts.records import Scope

routes = Routes("captions")
MAX_SHOWN = 500


@routes.get("/datasets/{dataset_id}/caption-sets")
async def list_caption_sets(call: Call, dataset_id: str) -> CaptionSetList:
    """List the caption sets of a dataset, the default one first."""
    found = await call.studio.captions.list_sets(call.principal, dataset_id)
    return CaptionSetList(items=tuple(map(CaptionSetView.of, found)))


@routes.post("/datasets/{dataset_id}/caption-edits", scope=Scope.WRITE)
async def edit_captions(call: Call, dataset_id: str, body: CaptionEditForm) -> CaptionEditView:
    """Change every caption of a set at once, or with `dry_run` only say what would change.

    `items` has the first 500 of them, with what they read before and after."""
    dataset = await call.studio.datasets.get_joint(call.principal, dataset_id)
    name, edit = body.set_name or dataset.default_caption_set, body.to_edit()
    captions = call.studio.captions
    changes = await captions.preview(call.principal, dataset_id, edit, name)
    changed = len(changes)
    if not body.dry_run:
        changed = await captions.edit(call.principal, dataset_id, edit, name)
    shown = tuple(
        ChangedCaption(item=item.id, before=item.captions.get(name, ""), after=after)
        for item, after in changes[:MAX_SHOWN]
    )
    return CaptionEditView(changed=changed, dry_run=body.dry_run, items=shown)
