"""Who follows what in the law: every kind of source, criterion, state and way at least once."""

from segue.domain.export import Compression, MatchBy
from segue.domain.profile import BlockFormat
from tests.unit.law.followers import Follower, Selection, Way, matching
from tests.unit.law.writes import ADDRESSES, IDS, PHONES

BOUNCED_AND_UNSUBSCRIBED = (2, 3)
ANY = (0, 1, 2, 3, 4, 5)

SEGMENTS = {
    "Text": ("newsletter", "[Plan] EQUALS pro"),
    "Rolling": ("newsletter", "during(subscribed_at, 'last 1min')"),
    "Calendar": ("newsletter", "during(subscribed_at, 'this day')"),
    "Dated": (None, "during(created_at, 'last 1min')"),
    "Everywhere": (None, "birthday(fields.Born, 'this day')"),
    "Named": ("newsletter", 'segment("{lower}")'),
    "Of blog": ("blog", 'NOT segment("{lower}")'),
}
"""By title: the list, and the rules to begin with, which name only segments above."""


def followers() -> list[Follower]:
    """Returns the clients, none of which holds anything yet."""
    return [Follower(selection, way) for selection, way in _FOLLOWERS]


_SPLIT = Way(stream_count=3, by_token=True)
_LINES = Way(block_format=BlockFormat.NDJSON)
_FILES = Way(max_file_rows=2, by_token=True, compression=Compression.GZIP)
_GROWING = Way(include_removed=False)

_FOLLOWERS = (
    (Selection(), Way()),
    (Selection(), _SPLIT),
    (Selection(("Text",)), Way()),
    (Selection(("Text",)), _GROWING),
    (Selection(("Rolling",)), Way(by_token=True)),
    (Selection(("Calendar",)), _LINES),
    (Selection(("Named",)), Way()),
    (Selection(("Everywhere",)), _FILES),
    (Selection(("Dated",)), Way()),
    (Selection(("Dated",)), Way(by_token=True, include_removed=False)),
    (Selection(("Text", "Of blog", "Everywhere")), Way(stream_count=2)),
    (Selection(group_id="outer"), Way(by_token=True)),
    (Selection(group_id="outer"), _GROWING),
    (Selection(group_id="inner"), Way(block_format=BlockFormat.NDJSON, stream_count=2)),
    (Selection(("Text",), states=BOUNCED_AND_UNSUBSCRIBED), Way()),
    (Selection(("Of blog", "Dated"), states=BOUNCED_AND_UNSUBSCRIBED), Way(by_token=True)),
    (Selection(states=ANY), _LINES),
    (Selection(group_id="outer", states=ANY), Way(by_token=True)),
    (Selection(match=matching(MatchBy.PROFILE_ID, "gold", *IDS[:6], "nobody")), Way()),
    (
        Selection(("Rolling",), match=matching(MatchBy.PROFILE_ID, "", *IDS[3:9])),
        Way(by_token=True),
    ),
    (Selection(match=matching(MatchBy.EMAIL_ADDRESS, "work", *ADDRESSES[:2])), _SPLIT),
    (
        Selection(group_id="outer", match=matching(MatchBy.EMAIL_ADDRESS, "", ADDRESSES[1])),
        Way(),
    ),
    (
        Selection(match=matching(MatchBy.PHONE_NUMBER, "", PHONES[0]), states=(0,)),
        Way(by_token=True),
    ),
    (Selection(("Calendar",), match=matching(MatchBy.ALTERNATE_ID, "crm", "c1")), _LINES),
)
