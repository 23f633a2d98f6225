"""`segue campaign`."""

from datetime import datetime
from typing import Annotated

import typer

from segue.cli.accounts import Yes, confirm
from segue.cli.failures import CommandFailed
from segue.cli.session import Account, Session, connected, group
from segue.client.names import last_part
from segue.v1.campaign_pb2 import CampaignState

campaign_app = group("Keep campaigns with their lists, segments and links, which rules ask about.")

CampaignId = Annotated[str, typer.Argument(help="Id or name of a campaign.", metavar="CAMPAIGN")]
SentTime = Annotated[
    str, typer.Option("--sent-time", help="When it was sent, as 2026-01-31T12:00:00Z.")
]


@campaign_app.command("create")
@connected
def create_campaign(
    session: Session,
    account: Account,
    title: Annotated[str, typer.Option("--title", help="Its title.")],
    campaign_id: Annotated[
        str, typer.Option("--id", help="16 or 32 hexadecimal digits; given by the server without.")
    ] = "",
    to_list: Annotated[
        list[str] | None, typer.Option("--list", help="A list it goes to; may be repeated.")
    ] = None,
    segment: Annotated[
        list[str] | None,
        typer.Option("--segment", help="Title, id or name of a segment; may be repeated."),
    ] = None,
    link: Annotated[
        list[str] | None, typer.Option("--link", help="An address in it; may be repeated.")
    ] = None,
    sent_time: SentTime = "",
) -> None:
    """Create a draft, or with --sent-time a campaign of the past."""
    client = session.account(account)
    created = client.create_campaign(
        title,
        campaign_id=campaign_id,
        lists=to_list or (),
        segments=[client.find_segment(item).name for item in segment or ()],
        links=link or (),
        sent_time=_time(sent_time),
    )
    session.output.record(created)


@campaign_app.command("get")
@connected
def get_campaign(session: Session, campaign: CampaignId, account: Account) -> None:
    """Show a campaign."""
    session.output.record(session.account(account).get_campaign(campaign))


@campaign_app.command("list")
@connected
def list_campaigns(
    session: Session,
    account: Account,
    drafts: Annotated[bool, typer.Option("--drafts", help="Only those not sent yet.")] = False,
) -> None:
    """List campaigns in order of creation."""
    state = (
        CampaignState.CAMPAIGN_STATE_DRAFT if drafts else CampaignState.CAMPAIGN_STATE_UNSPECIFIED
    )
    columns = ("name", "title", "state", "sent_time")
    session.output.rows(columns, session.account(account).list_campaigns(state=state))


@campaign_app.command("send")
@connected
def send_campaign(
    session: Session, campaign: CampaignId, account: Account, sent_time: SentTime = ""
) -> None:
    """Note that a draft was sent; now, without a time."""
    sent = session.account(account).send_campaign(campaign, sent_time=_time(sent_time))
    session.output.record(sent)


@campaign_app.command("delete")
@connected
def delete_campaign(
    session: Session, campaign: CampaignId, account: Account, yes: Yes = False
) -> None:
    """Delete a campaign; its events stay."""
    confirm(f"Delete the campaign {campaign}, for good?", yes=yes)
    session.account(account).delete_campaign(campaign)
    session.output.record({"deleted": last_part(campaign)})


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandFailed(f"--sent-time {text}: write a time as 2026-01-31T12:00:00Z") from error
