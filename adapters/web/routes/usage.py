"""What programs outside do with models: they resolve prompts (see models) and report what they made."""

from adapters.web.routing import Call, Routes
from adapters.web.views.points import UsageForm, UsageView
from core.accounts.records import Scope
from core.errors import ConflictError, InsufficientPointsError
from core.royalties.usage import NewUsage

routes = Routes("usage")


@routes.post("/usage", scope=Scope.SPEND, errors=(InsufficientPointsError, ConflictError))
async def report_usage(call: Call, body: UsageForm, idempotency_key: str) -> UsageView:
    """Report pictures that you made with a prompt that was resolved here; their models' makers are paid.

    The prompt is resolved once more, so send it as it was typed. Your own models cost nothing."""
    usage = NewUsage(prompt=body.prompt, family=body.family, images=body.images)
    return UsageView.of(await call.studio.usage.report(call.principal, usage, idempotency_key))
