"""Objects of clauses: text, numbers, days and options, read and checked."""

import datetime
import math
import re
from collections.abc import Iterable
from typing import Final

from segue.domain.condition import Near
from segue.errors import ConditionInvalid
from segue.rules import literals
from segue.rules.codes import Code, RuleInvalid
from segue.rules.fit import check_circle
from segue.rules.scope import RuleScope, option_codes

RECENT_YEARS: Final = 10
"""Years a DateSubscribed rule reaches back, the current one included (seed 004, 2723)."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)", re.ASCII)
_PAIR: Final = re.compile(r"(\S+)\s+AND\s+(\S+)")
CAMPAIGN_ID: Final = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}", re.ASCII)
"""Ids of campaigns as they are kept: in lower case."""

_CAMPAIGN: Final = re.compile(
    r"(?P<id>[0-9a-f]{16}|[0-9a-f]{32})(?:\s+(?P<link>\S+))?", re.IGNORECASE | re.ASCII
)
_CIRCLE: Final = re.compile(
    r"(?P<distance>[\d.]+\s*(?:km|mi))\s+OF\s+(?P<latitude>[+-]?\S+?)\s*,\s*(?P<longitude>[+-]?\S+)",
    re.ASCII,
)


def parse_number(text: str) -> float:
    """Reads a plain decimal number.

    Raises:
        RuleInvalid: 2721; also for numbers that no double can hold.
    """
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    if not math.isfinite(number):
        raise RuleInvalid(Code.NUMBER_INVALID)
    return number


def parse_day(text: str) -> datetime.date:
    """Reads a day.

    Raises:
        RuleInvalid: 2720; also for days that no month has.
    """
    try:
        return literals.parse_day(text)
    except ValueError as error:
        raise RuleInvalid(Code.DATE_INVALID) from error


def parse_numbers(text: str) -> tuple[float, float]:
    """Reads `X AND Y`.

    Raises:
        RuleInvalid: 2756; also when X is the greater one, since nothing lies between them.
    """
    low, high = (parse_number(end) for end in _ends(text, Code.BETWEEN_NUMBERS_INVALID))
    if low > high:
        raise RuleInvalid(Code.BETWEEN_NUMBERS_INVALID)
    return low, high


def parse_days(text: str) -> tuple[datetime.date, datetime.date]:
    """Reads `yyyy-mm-dd AND yyyy-mm-dd`.

    Raises:
        RuleInvalid: 2755; also when the first day is the later one, since nothing lies between them.
    """
    first, last = (parse_day(end) for end in _ends(text, Code.BETWEEN_DATES_INVALID))
    if first > last:
        raise RuleInvalid(Code.BETWEEN_DATES_INVALID)
    return first, last


def _ends(text: str, code: Code) -> tuple[str, str]:
    match = _PAIR.fullmatch(text)
    if match is None:
        raise RuleInvalid(code)
    return match[1], match[2]


def check_recent(days: Iterable[datetime.date], today: datetime.date) -> None:
    """Checks that days lie in the last ten calendar years, the current one included.

    Raises:
        RuleInvalid: 2723.
    """
    if not all(today.year - RECENT_YEARS < day.year <= today.year for day in days):
        raise RuleInvalid(Code.YEAR_INVALID)


def parse_option(text: str, options: tuple[str, ...]) -> str:
    """Reads the name of an option, without regard to case, and returns it as it is spelled there.

    Raises:
        RuleInvalid: 2722.
    """
    code = option_codes(options).get(text.casefold())
    if code is None:
        raise RuleInvalid(Code.OPTION_UNKNOWN)
    return options[code]


def parse_campaign(clause: str, scope: RuleScope, *, with_link: bool) -> tuple[str, str]:
    """Reads a campaign's id, and after it a link, which is empty where none belongs.

    Raises:
        RuleInvalid: 2750, 2751 or 2753.
    """
    match = _CAMPAIGN.fullmatch(clause)
    if match is None or (match["link"] and not with_link):
        raise RuleInvalid(Code.CAMPAIGN_ID_INVALID)
    campaign_id, link = match["id"].lower(), match["link"] or ""
    campaign = scope.campaign(campaign_id)
    if campaign is None or not campaign.was_sent:
        raise RuleInvalid(Code.CAMPAIGN_NOT_SENT)
    if with_link and link not in campaign.links:
        raise RuleInvalid(Code.LINK_UNKNOWN)
    return campaign_id, link


def parse_circle(text: str) -> Near:
    """Reads `50km OF 59.33,18.07`.

    Raises:
        RuleInvalid: 2758.
    """
    match = _CIRCLE.fullmatch(text)
    if match is None:
        raise RuleInvalid(Code.LOCATION_INVALID)
    try:
        latitude, longitude = parse_number(match["latitude"]), parse_number(match["longitude"])
        circle = Near(latitude, longitude, literals.parse_metres(match["distance"]))
        check_circle(circle)
    except (RuleInvalid, ValueError, ConditionInvalid) as error:
        raise RuleInvalid(Code.LOCATION_INVALID) from error
    return circle
