"""What answers and bodies have in common; the models themselves are made from the OpenAPI document."""

from typing import Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from adapters.client.errors import UnexpectedAnswerError


class Answer(BaseModel):
    """Something that the API shows; fields of a newer server are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())
    _etag: str = PrivateAttr(default="")

    @property
    def etag(self) -> str:
        """The tag to send as `if_match`, so that a change does not undo somebody else's.

        Raises LookupError when this came inside a list or another answer: get it by itself first.
        """
        if not self._etag:
            raise LookupError("Only what was answered by itself has an ETag; get it first.")
        return self._etag

    @classmethod
    def read(cls, body: bytes, etag: str = "") -> Self:
        """Read JSON. Raises UnexpectedAnswerError."""
        try:
            found = cls.model_validate_json(body)
        except ValidationError as error:
            raise UnexpectedAnswerError(
                f"The server's {cls.__name__} is not as this client knows it: {error}"
            ) from error
        found._etag = etag
        return found


class Body(BaseModel):
    """Something that the API takes; what was not set is not sent, so the server's defaults hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    def write(self) -> bytes:
        """Write JSON."""
        return self.model_dump_json(exclude_unset=True).encode()


A = TypeVar("A", bound=Answer)


class Listing(Answer, Generic[A]):
    """One page of a list; `next` is sent as `after` for the page behind it, None is the end."""

    items: tuple[A, ...]
    next: str | None = None
