"""`segue demo`."""

from pathlib import Path
from typing import Annotated

import typer

from segue.demo import SEED


def demo(
    profiles: Annotated[
        int, typer.Option("--profiles", help="How many customers to make up.", min=1_000)
    ] = 1_000_000,
    seed: Annotated[int, typer.Option("--seed", help="Which customers.")] = SEED,
    file: Annotated[
        Path | None,
        typer.Option("--input", help="A file of your own instead: .csv, .ndjson or .parquet."),
    ] = None,
    id_column: Annotated[
        str, typer.Option("--id-column", help="The column of --input that is the profile id.")
    ] = "profile_id",
) -> None:
    """Import a million customers into a server of its own, count segments, export them and what changed, and show the rates."""
    from segue.demo.tour import Tour  # noqa: PLC0415 — loads what no other command needs

    Tour(profiles, seed, file, id_column).run()
