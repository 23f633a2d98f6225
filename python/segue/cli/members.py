"""`segue segment`: what is asked of members."""

from datetime import datetime
from typing import Annotated, Any

import typer

from segue.cli.failures import CommandFailed
from segue.cli.segments import (
    Condition,
    Filter,
    OnList,
    Rules,
    Segment,
    read_rules,
    rule_forms,
    segment_app,
)
from segue.cli.session import Account, Session, connected

__all__ = ["segment_app"]

AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", help="The moment, in UTC, that relative dates are measured from."),
]
Zone = Annotated[
    str, typer.Option("--time-zone", help="IANA zone of days; the account's without it.")
]


@segment_app.command("count")
@connected
def count_members(
    session: Session,
    account: Account,
    segment: Annotated[
        str | None, typer.Argument(help="Title, id or name of a segment.", metavar="SEGMENT")
    ] = None,
    rules: Rules = None,
    rule_filter: Filter = None,
    condition: Condition = None,
    list_id: OnList = None,
    as_of: AsOf = None,
    time_zone: Zone = "",
    breakdown: Annotated[
        bool, typer.Option("--breakdown", help="Also count each group and each rule.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Tell what counting reads, and count nothing.")
    ] = False,
) -> None:
    """Count the members of a segment, or of rules that are not saved."""
    client = session.account(account)
    forms = rule_forms(read_rules(rules) if rules else None, rule_filter, condition)
    if (segment is None) == (not forms):
        raise CommandFailed("give either a segment, or --rules, --filter or --condition")
    options: dict[str, Any] = {
        "evaluate_time": as_of,
        "time_zone": time_zone,
        "include_breakdown": breakdown,
        "estimate_only": estimate,
    }
    if segment is None:
        counted = client.count_draft(list_id=list_id, **forms, **options)
    else:
        found = client.find_segment(segment, list_id=list_id)
        counted = client.count_members(found.name, **options)
    if breakdown or estimate:
        session.output.record(counted)
    else:
        session.output.value("member_count", counted)


@segment_app.command("members")
@connected
def list_members(
    session: Session,
    segment: Segment,
    account: Account,
    date: Annotated[str, typer.Option("--date", help="yyyy-mm-dd: active since that day.")] = "",
    page: Annotated[int, typer.Option("--page", help="Page, from 1.")] = 1,
    page_size: Annotated[int, typer.Option("--page-size", help="10-1000.")] = 1000,
    order: Annotated[str, typer.Option("--order", help="email, name or date.")] = "date",
    direction: Annotated[str, typer.Option("--direction", help="asc or desc.")] = "asc",
    consent: Annotated[
        bool, typer.Option("--consent", help="Also show the consent to be tracked.")
    ] = False,
    list_id: OnList = None,
) -> None:
    """List a page of a segment's members."""
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    answer = client.list_active_subscribers(
        found.name,
        date=date,
        page=page,
        page_size=page_size,
        order_field=order,
        order_direction=direction,
        include_tracking_preference=consent,
    )
    if session.output.as_json:
        session.output.record(answer)
    else:
        columns = ("profile_id", "email_address", "name", "date", "consent_to_track")
        session.output.rows(columns if consent else columns[:-1], answer.results)


@segment_app.command("explain")
@connected
def explain_membership(
    session: Session,
    segment: Segment,
    profile_id: Annotated[str, typer.Argument(help="Id of a profile.", metavar="PROFILE")],
    account: Account,
    as_of: AsOf = None,
    time_zone: Zone = "",
    list_id: OnList = None,
) -> None:
    """Tell for each rule whether a profile satisfies it, what it saw, and when that changes."""
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    explained = client.explain_membership(
        found.name, profile_id, evaluate_time=as_of, time_zone=time_zone
    )
    session.output.record(explained)


@segment_app.command("watch")
@connected
def watch_segment(
    session: Session, segment: Segment, account: Account, list_id: OnList = None
) -> None:
    """Print who enters and leaves, first all members, until it is interrupted."""
    client = session.account(account)
    found = client.find_segment(segment, list_id=list_id)
    for response in client.watch_segment(found.name):
        for change in response.changes:
            session.output.line(
                f"{'+' if change.entered else '-'} {change.profile_id}",
                {"profile_id": change.profile_id, "entered": change.entered},
            )
