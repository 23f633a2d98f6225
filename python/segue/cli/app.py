"""The `segue` command: every group and command registers here."""

import sys

import typer

from segue.cli.accounts import account_app, key_app
from segue.cli.audit import audit_app
from segue.cli.benchmarks import bench
from segue.cli.campaigns import campaign_app
from segue.cli.demonstration import demo
from segue.cli.doctor import doctor
from segue.cli.events import event_app
from segue.cli.exports import export_app
from segue.cli.failures import EXIT_CODES, FAILURES, report
from segue.cli.imports import import_app
from segue.cli.lists import field_app, list_app
from segue.cli.members import segment_app
from segue.cli.segment_groups import segment_group_app
from segue.cli.servers import serve
from segue.cli.session import common_options
from segue.cli.vocabulary import consent_type_app, event_type_app, tag_app, topic_app

app = typer.Typer(
    name="segue",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Bulk import, segments and bulk export of customer profiles, over gRPC.",
    epilog=EXIT_CODES,
)
app.callback()(common_options)
app.command("serve")(serve)
app.command("demo")(demo)
app.add_typer(account_app, name="account")
app.add_typer(key_app, name="key")
app.add_typer(audit_app, name="audit")
app.add_typer(list_app, name="list")
app.add_typer(field_app, name="field")
app.add_typer(tag_app, name="tag")
app.add_typer(topic_app, name="topic")
app.add_typer(consent_type_app, name="consent-type")
app.add_typer(event_type_app, name="event-type")
app.add_typer(event_app, name="event")
app.add_typer(campaign_app, name="campaign")
app.add_typer(import_app, name="import")
app.add_typer(segment_app, name="segment")
app.add_typer(segment_group_app, name="segment-group")
app.add_typer(export_app, name="export")
app.command("doctor")(doctor)
app.command("bench")(bench)


def main() -> None:
    """Runs the command line and exits with one of the codes its help lists."""
    try:
        app()
    except FAILURES as failure:
        sys.exit(report(failure, as_json="--json" in sys.argv))
