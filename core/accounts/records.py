"""What is kept of a person: account, identities, tokens, links, sessions and the principal that acts."""

from enum import StrEnum

from core.records import Record, UtcTime, Value


class Role(StrEnum):
    """What an account may do beyond its own things."""

    MEMBER = "member"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an API token may do; a session may do all of them."""

    READ = "read"
    WRITE = "write"
    SPEND = "spend"
    ADMIN = "admin"


class Quotas(Value):
    """Limits of one account."""

    max_storage_bytes: int = 10 * 1024**3
    max_items_per_dataset: int = 2000
    max_running_jobs: int = 2


class SpendingCaps(Value):
    """The most that somebody wants to spend in a day and in a month of UTC; None is no cap."""

    day_points: int | None = None
    month_points: int | None = None


class Account(Record):
    """One person on every platform."""

    collection = "accounts"
    indexed = ("role", "merged_into", "deleting")
    filtered = ("storage_bytes",)

    display_name: str
    role: Role = Role.MEMBER
    locale: str = "en"
    muted: tuple[str, ...] = ()
    """Platforms on which this person wants no direct messages; the inbox always has the news."""
    quotas: Quotas = Quotas()
    caps: SpendingCaps = SpendingCaps()
    storage_bytes: int = 0
    """Bytes reserved by the account's items; raised before a byte is kept."""
    merged_into: str | None = None
    """The account that took this one over; whoever comes here is led there."""
    absorbed: tuple[str, ...] = ()
    """The accounts whose storage this one counts as well."""
    split_from: str | None = None
    """The account that this one's identity was taken off; such a newcomer was welcomed before."""
    deleting: bool | None = None
    """True while what is its person's is being deleted, False once that is done."""
    unlinking: str | None = None
    """The identity that is being taken off, so that two at once cannot take the last ones."""


class Identity(Record):
    """An account's name on one platform; unique, so first contact twice makes one account."""

    collection = "identities"
    unique = (("platform", "external_id"),)
    indexed = ("account",)

    platform: str
    external_id: str
    account: str


class LinkCode(Record):
    """A one-time code, shown on one platform and typed on another; only its hash is kept."""

    collection = "link_codes"
    unique = (("code_sha256",), ("account",))
    indexed = ("expires_at",)

    account: str
    code_sha256: str
    expires_at: UtcTime


class LinkTries(Record):
    """How often somebody typed a wrong code of late."""

    collection = "link_tries"
    unique = (("account",),)
    indexed = ("expires_at",)

    account: str
    tries: int
    expires_at: UtcTime


class Merge(Record):
    """One account being taken over by another; open until nothing can come in late any more."""

    collection = "merges"
    unique = (("source",),)
    indexed = ("open", "target")

    source: str
    target: str
    open: bool | None = True
    round: int = 0
    """Counts the transfers of points, so that each has a key of its own."""


class ApiToken(Record):
    """A bearer token, `ty_<id>_<secret>`, of which only a hash is kept."""

    collection = "api_tokens"
    indexed = ("account", "revoked_at")

    account: str
    name: str
    secret_sha256: str
    scopes: tuple[Scope, ...]
    expires_at: UtcTime | None = None
    revoked_at: UtcTime | None = None
    last_used_at: UtcTime | None = None
    """To the hour."""


class LoginLink(Record):
    """A one-time link that signs its account in on the web; only a hash of what stands in it is kept."""

    collection = "login_links"
    unique = (("secret_sha256",), ("account",))
    indexed = ("expires_at",)

    account: str
    platform: str
    """Where it was shown."""
    secret_sha256: str
    expires_at: UtcTime
    used_at: UtcTime | None = None


class Ask(Value):
    """What one attempt to sign in asks a platform with; see SignIns."""

    state: str
    """Comes back with the person, and says which attempt it was."""
    verifier: str
    """Proves to the platform that whoever redeems its code is whoever asked for it (RFC 7636)."""
    nonce: str
    """Stands in what the platform signs, so that no earlier statement passes for this one."""


class Proof(Value):
    """What a platform has proved: that the person in the browser is this one there."""

    external_id: str
    display_name: str


class SignInAttempt(Record):
    """An attempt to sign in, or to link, by a platform's proof; only hashes of its secrets are kept."""

    collection = "sign_in_attempts"
    unique = (("state_sha256",),)
    indexed = ("expires_at",)

    platform: str
    place: str
    """Where the person goes afterwards, an address on our own pages."""
    state_sha256: str
    browser_sha256: str
    account: str | None
    """Who was signed in when it began, and wants to link; None: somebody wants to sign in."""
    expires_at: UtcTime
    used_at: UtcTime | None = None
    proof: Proof | None = None
    """What a person who wants to link has yet to confirm."""


class Session(Record):
    """A browser in which somebody is signed in; only a hash of what its cookie holds is kept."""

    collection = "sessions"
    unique = (("secret_sha256",),)
    indexed = ("account", "expires_at")

    account: str
    secret_sha256: str
    client: str
    """What the browser calls itself."""
    expires_at: UtcTime
    """When it ends unless it is used before."""
    last_used_at: UtcTime
    """To the minute."""


class Principal(Value):
    """Who acts, and what they may do; every read and write of the core takes one."""

    account: str
    role: Role
    scopes: frozenset[Scope] = frozenset(Scope)

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN and Scope.ADMIN in self.scopes
