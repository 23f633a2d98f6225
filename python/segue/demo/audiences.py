"""The demo's segments, after the examples of seed 004."""

from datetime import UTC, datetime

from segue.client import SegmentDocument, segment_document


def audiences_of_people() -> list[SegmentDocument]:
    """Returns three segments of the made-up people: an address and a time of joining, an option and an age, and one name."""
    year = datetime.now(UTC).year - 2
    return [
        _audience(
            f"At domain.com, joined in {year}",
            [("EmailAddress", "CONTAINS @domain.com")],
            [
                ("DateSubscribed", f"AFTER {year}-01-01"),
                ("DateSubscribed", f"EQUALS {year}-01-01"),
            ],
            [("DateSubscribed", f"BEFORE {year + 1}-01-01")],
        ),
        _audience(
            "Not emergencies only",
            [("[Frequency]", "NOT_EQUALS Emergency Only")],
            [("[Age]", "BETWEEN 30 AND 50"), ("[Interests]", "EQUALS Travel")],
        ),
        _audience("Gertrude Gainforth", [("Name", "EQUALS Gertrude Gainforth")]),
    ]


def audiences_of_anyone() -> list[SegmentDocument]:
    """Returns three segments that say something of any list."""
    year = datetime.now(UTC).year
    return [
        _audience("Has an address", [("EmailAddress", "CONTAINS @")]),
        _audience("Has a name", [("Name", "PROVIDED")]),
        _audience(f"Joined before {year}", [("DateSubscribed", f"BEFORE {year}-01-01")]),
    ]


def _audience(title: str, *groups: list[tuple[str, str]]) -> SegmentDocument:
    return segment_document(
        {
            "Title": title,
            "RuleGroups": [
                {
                    "Rules": [
                        {"RuleType": rule_type, "Clause": clause} for rule_type, clause in rules
                    ]
                }
                for rules in groups
            ],
        }
    )
