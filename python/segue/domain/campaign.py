"""Campaigns: what was mailed to whom, with which links."""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from segue.errors import FieldInvalid, FieldViolation

TITLE_CHARACTERS: Final = 200
MAX_LINKS: Final = 1_000
MAX_AUDIENCES: Final = 1_000
"""Lists, and segments, that one campaign may go to."""

LINK_BYTES: Final = 1_000
"""What a text of an event may have, for clicks name their link."""

_ID: Final = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")


class CampaignState(enum.IntEnum):
    """Where a campaign stands; the numbers of `segue.v1.CampaignState`."""

    DRAFT = 1
    SENT = 2


@dataclass(frozen=True)
class CampaignDraft:
    """What a campaign is created with."""

    title: str
    list_ids: tuple[str, ...] = ()
    segment_ids: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    state: CampaignState = CampaignState.DRAFT
    sent_millis: int | None = None


@dataclass(frozen=True)
class Campaign:
    """A campaign as it is stored."""

    account_id: str
    campaign_id: str
    title: str
    list_ids: tuple[str, ...]
    segment_ids: tuple[str, ...]
    links: tuple[str, ...]
    state: CampaignState
    sent_millis: int | None
    """None for a draft."""
    create_millis: int
    version: int

    @property
    def name(self) -> str:
        """Resource name."""
        return f"accounts/{self.account_id}/campaigns/{self.campaign_id}"

    @property
    def is_sent(self) -> bool:
        """Whether it went out."""
        return self.state is CampaignState.SENT


def campaign_id_of(value: str, field: str) -> str:
    """Returns the id of a new campaign in lower case.

    Raises:
        FieldInvalid: It is not 16 or 32 hexadecimal digits.
    """
    lowered = value.lower()
    if not _ID.fullmatch(lowered):
        raise FieldInvalid(FieldViolation(field, "must be 16 or 32 hexadecimal digits"))
    return lowered


def check_draft(draft: CampaignDraft) -> None:
    """Checks what a campaign is created with.

    Raises:
        FieldInvalid: Tells of every field that is wrong.
    """
    problems = {
        "title": _problem_of_title(draft.title),
        "lists": _problem_of_many(draft.list_ids, MAX_AUDIENCES),
        "segments": _problem_of_many(draft.segment_ids, MAX_AUDIENCES),
        "links": _problem_of_many(draft.links, MAX_LINKS) or _problem_of_links(draft.links),
        "sent_time": (
            "is only of campaigns that are SENT; set the state, or leave it out"
            if draft.sent_millis is not None and draft.state is CampaignState.DRAFT
            else None
        ),
    }
    violations = [
        FieldViolation(f"campaign.{name}", text) for name, text in problems.items() if text
    ]
    if violations:
        raise FieldInvalid(*violations)


def _problem_of_title(title: str) -> str | None:
    if title.strip() and len(title) <= TITLE_CHARACTERS and title.isprintable():
        return None
    return f"must be 1-{TITLE_CHARACTERS} printable characters"


def _problem_of_many(values: Sequence[str], maximum: int) -> str | None:
    if len(values) > maximum:
        return f"has {len(values)} entries, at most {maximum} fit"
    return "names something twice" if len(set(values)) < len(values) else None


def _problem_of_links(links: Sequence[str]) -> str | None:
    for position, link in enumerate(links):
        if len(link.encode()) > LINK_BYTES or not link.isprintable() or not _is_web_address(link):
            return f"[{position}] is no http or https address of at most {LINK_BYTES} bytes"
    return None


def _is_web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
