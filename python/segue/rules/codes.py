"""Numbers and messages of rule results, as seed 004 has them.

Messages marked "attested" stand in the seed's example word for word; the others are the seed's descriptions of the numbers.
"""

import enum
from typing import Final, NamedTuple


class Code(enum.IntEnum):
    """What is to say of a rule or of its clause."""

    SUCCESS = 0
    GROUP_MIXED = 285
    CLAUSES_INVALID = 2703
    RULE_TYPE_EMPTY = 2704
    RULE_TYPE_INVALID = 2705
    CLAUSES_EMPTY = 2706
    CLAUSE_EMPTY = 2710
    VERB_INVALID_NAME = 2712
    VERB_INVALID_EMAIL = 2713
    VERB_INVALID_DATE_SUBSCRIBED = 2714
    VERB_INVALID_TEXT = 2715
    VERB_INVALID_NUMBER = 2716
    VERB_INVALID_MULTI_OPTION = 2717
    VERB_INVALID_DATE = 2718
    OBJECT_MISSING = 2719
    DATE_INVALID = 2720
    NUMBER_INVALID = 2721
    OPTION_UNKNOWN = 2722
    YEAR_INVALID = 2723
    CAMPAIGN_ID_INVALID = 2750
    CAMPAIGN_NOT_SENT = 2751
    LINK_UNKNOWN = 2753
    CLAUSE_NOT_PARSED = 2754
    BETWEEN_DATES_INVALID = 2755
    BETWEEN_NUMBERS_INVALID = 2756
    VERB_INVALID_LOCATION = 2757
    LOCATION_INVALID = 2758
    ENGAGEMENT_INVALID = 2761
    VERB_INVALID_MOBILE = 2762


MESSAGES: Final[dict[Code, str]] = {
    Code.SUCCESS: "Success",  # attested
    Code.GROUP_MIXED: "A group with EngagementSegment rules can have no rules of other types",
    Code.CLAUSES_INVALID: "The supplied clauses have some problems",  # attested
    Code.RULE_TYPE_EMPTY: "RuleType cannot be empty",
    Code.RULE_TYPE_INVALID: (  # attested
        "RuleType must be one of Name|EmailAddress|DateSubscribed|"
        "Campaign(Opened(NoClick)?|Clicked(Any|Specific)|NotOpened) "
        "or a valid custom field personalisation tag"
    ),
    Code.CLAUSES_EMPTY: "Any segment rule must have at least one clause",
    Code.CLAUSE_EMPTY: "A clause cannot be empty",
    Code.VERB_INVALID_NAME: "Verb is illegal for Name-based rules",  # attested
    Code.VERB_INVALID_EMAIL: "Verb is illegal for Email-based rules",
    Code.VERB_INVALID_DATE_SUBSCRIBED: "Verb is illegal for DateSubscribed-based rules",
    Code.VERB_INVALID_TEXT: "Verb is illegal for rules based on a Text custom field",
    Code.VERB_INVALID_NUMBER: "Verb is illegal for rules based on a Number custom field",
    Code.VERB_INVALID_MULTI_OPTION: (
        "Verb is illegal for rules based on a Multi-Option custom field"
    ),
    Code.VERB_INVALID_DATE: "Verb is illegal for rules based on a Date custom field",
    Code.OBJECT_MISSING: "The verb used requires a matching object to be part of the clause",
    Code.DATE_INVALID: "All dates must be supplied in the format yyyy-mm-dd",
    Code.NUMBER_INVALID: "Objects supplied in a number-based clause must be parsable as a number",
    Code.OPTION_UNKNOWN: (
        "The object supplied is not a valid option on the custom field the rule is based upon"
    ),
    Code.YEAR_INVALID: (
        "An operand supplied as part of a DateSubscribed-based clause can only be "
        "from the last ten (10) years, including the current year"
    ),
    Code.CAMPAIGN_ID_INVALID: "Rule requires a valid API CampaignID",  # attested
    Code.CAMPAIGN_NOT_SENT: (
        "The CampaignID supplied has never been sent to this list or any segment of it"
    ),
    Code.CLAUSE_NOT_PARSED: "Clause not parsed due to invalid RuleType",  # attested
    Code.BETWEEN_DATES_INVALID: (
        "Between date range must be in the format 'YYYY-MM-DD AND YYYY-MM-DD'"
    ),
    Code.BETWEEN_NUMBERS_INVALID: "Between number range must be in the format 'X AND Y'",
    Code.LINK_UNKNOWN: (
        "The url given was not a clickable link in the campaign matching the CampaignID supplied"
    ),
    Code.VERB_INVALID_LOCATION: "Verb is illegal for Location-based rules",
    Code.LOCATION_INVALID: "The operand supplied is illegal for a Location-based rule",
    Code.ENGAGEMENT_INVALID: (
        "The operand supplied is illegal for an EngagementSegment rule: it must be one of "
        "Active|Engaged|Unengaged|Dormant|Zombies|Ghosts"
    ),
    Code.VERB_INVALID_MOBILE: "Verb is illegal for MobileNumber-based rules",
}


class VendorCode(enum.IntEnum):
    """Numbers of whole answers, which errors carry as `metadata["vendor_code"]`."""

    DATE_INVALID = 5
    SEGMENT_UNKNOWN = 271
    SEGMENT_HAS_CAMPAIGNS = 272
    TITLE_EMPTY = 273
    TITLE_DUPLICATE = 275
    RULES_INVALID = 277
    CALCULATION_IN_PROGRESS = 278
    """Never sent: members are maintained by every commit, so there is no calculation to wait for."""
    LIMIT_REACHED = 283
    SEGMENT_SYSTEM = 284
    GROUP_MIXED = 285
    PAGE_INVALID = 800
    PAGE_SIZE_INVALID = 801
    ORDER_FIELD_INVALID = 802
    ORDER_DIRECTION_INVALID = 803


class Answer(NamedTuple):
    """What goes with a number of a whole answer."""

    title: str
    """As seed 004 has it; that of 285 is known from the vendor's client code."""
    reason: str | None
    """The error it comes with; None when it is never sent."""


ANSWERS: Final[dict[VendorCode, Answer]] = {
    VendorCode.DATE_INVALID: Answer("Invalid Date", "FIELD_INVALID"),
    VendorCode.SEGMENT_UNKNOWN: Answer("Invalid SegmentID", "RESOURCE_NOT_FOUND"),
    VendorCode.SEGMENT_HAS_CAMPAIGNS: Answer("Segment Has Campaigns", "STATE_FORBIDS"),
    VendorCode.TITLE_EMPTY: Answer("Segment Title Empty", "FIELD_INVALID"),
    VendorCode.TITLE_DUPLICATE: Answer("Duplicate Segment Title", "RESOURCE_EXISTS"),
    VendorCode.RULES_INVALID: Answer("Invalid Segment Rules", "RULES_INVALID"),
    VendorCode.CALCULATION_IN_PROGRESS: Answer("Segment calculation is in progress", None),
    VendorCode.LIMIT_REACHED: Answer("Segment Limits Reached", "LIMIT_EXCEEDED"),
    VendorCode.SEGMENT_SYSTEM: Answer(
        "This is a system segment and it cannot be modified", "SEGMENT_SYSTEM"
    ),
    VendorCode.GROUP_MIXED: Answer(
        "Rule group mixes EngagementSegment with other rule types", "RULES_INVALID"
    ),
    VendorCode.PAGE_INVALID: Answer("Invalid page number", "PAGE_INVALID"),
    VendorCode.PAGE_SIZE_INVALID: Answer("Invalid page size", "FIELD_INVALID"),
    VendorCode.ORDER_FIELD_INVALID: Answer("Invalid order field", "FIELD_INVALID"),
    VendorCode.ORDER_DIRECTION_INVALID: Answer("Invalid order direction", "FIELD_INVALID"),
}
"""Every number of a whole answer."""


class RuleInvalid(Exception):
    """A rule cannot be read; never leaves `segue.rules`, where all of them are gathered."""

    def __init__(
        self,
        clause_code: Code,
        *,
        rule_code: Code = Code.CLAUSES_INVALID,
        clause_message: str | None = None,
    ) -> None:
        """Takes the numbers, and a message when more can be said than the clause's number does."""
        self.rule_code = rule_code
        self.clause_code = clause_code
        self.clause_message = clause_message or MESSAGES[clause_code]
        super().__init__(self.clause_message)
