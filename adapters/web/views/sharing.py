"""Members and invitations, as the API shows and takes them."""

from pydantic import ConfigDict

from adapters.web.views.common import Form, Time, View


class InvitationView(View):
    """The code to hand on; it is shown this once."""

    code: str


class InvitationCode(Form):
    """The code that somebody was given."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "ABCD-EFGH-IJKL-MNOP"}]})

    code: str


class MemberView(View):
    """Somebody who works on a dataset beside its owner."""

    id: str
    display_name: str
    created_at: Time


class MemberList(View):
    """Everybody who has joined, the earliest first."""

    items: tuple[MemberView, ...]
