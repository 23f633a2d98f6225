"""Counting the members of rule sets: the kernel, the service, Polars and DuckDB on the same rows."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from segue.bench.audience import LIST_ID, arrow_table, connect, make_audience
from segue.bench.comparison import Comparison
from segue.bench.measure import best_millis
from segue.bench.processes import SegueServer
from segue.bench.rule_sets import RULE_SETS, RuleSet
from segue.bench.workload import (
    arrow_blocks,
    kernel_plan,
    kernel_schema,
    kernel_table,
    prepare_account,
)
from segue.client import AccountClient, Client
from segue.v1.block_pb2 import BlockFormat
from segue.v1.segment_pb2 import Rule, RuleGroup

if TYPE_CHECKING:
    import duckdb

KERNEL: Final = "kernel"
SERVICE: Final = "over gRPC"

Count = Callable[[], int]


def compare_evaluation(profiles: int) -> list[Comparison]:
    """Counts every rule set with every contender: the data in memory, two threads each.

    Raises:
        AssertionError: Two contenders count differently.
    """
    connection = connect()
    make_audience(connection, profiles)
    rows = arrow_table(connection)
    comparison = Comparison(
        f"counting members among {profiles:,} profiles",
        "ms",
        higher_is_better=False,
        contenders=(KERNEL, SERVICE, "polars", "duckdb"),
        own=2,
        note="Kernel and over gRPC: Segue. Best of 7 runs. It also asks for active membership and compares texts without regard to case; the others do not.",
    )
    with (
        TemporaryDirectory() as directory,
        SegueServer(Path(directory)) as server,
        Client(server.target, api_key=server.api_key) as client,
    ):
        account = prepare_account(client, "evaluation")
        blocks = arrow_blocks(rows)
        account.import_blocks(blocks, BlockFormat.BLOCK_FORMAT_ARROW_IPC, list_id=LIST_ID)
        count_by_kernel = _kernel_counts(rows)
        count_by_polars = _polars_counts(rows)
        for rules in RULE_SETS:
            counts: Mapping[str, Count] = {
                KERNEL: count_by_kernel(rules),
                SERVICE: _service_count(account, rules),
                "polars": count_by_polars(rules),
                "duckdb": _duckdb_count(connection, rules),
            }
            _compare(comparison, rules.title, counts)
    return [comparison]


def _compare(comparison: Comparison, title: str, counts: Mapping[str, Count]) -> None:
    answers = {name: count() for name, count in counts.items()}
    if len(set(answers.values())) > 1:
        raise AssertionError(f"{title}: {answers}")
    case = f"{title}: {next(iter(answers.values())):,}"
    for name, count in counts.items():
        comparison.put(case, name, best_millis(count))


def _kernel_counts(rows: pa.Table) -> Callable[[RuleSet], Count]:
    schema = kernel_schema()
    snapshot = kernel_table(schema, rows).snapshot()

    def counting(rules: RuleSet) -> Count:
        plan = kernel_plan(schema, rules)
        return lambda: snapshot.count(plan)

    return counting


def _service_count(account: AccountClient, rules: RuleSet) -> Count:
    groups = [
        RuleGroup(rules=[Rule(rule_type=name, clause=clause) for name, clause in group])
        for group in rules.groups
    ]
    return lambda: account.count_draft(groups, list_id=LIST_ID).member_count


def _polars_counts(rows: pa.Table) -> Callable[[RuleSet], Count]:
    import polars as pl

    frame = pl.DataFrame(rows).rechunk()

    def counting(rules: RuleSet) -> Count:
        query = frame.lazy().filter(rules.polars()).select(pl.len())
        return lambda: int(query.collect().item())

    return counting


def _duckdb_count(connection: "duckdb.DuckDBPyConnection", rules: RuleSet) -> Count:
    statement = f"SELECT count(*) FROM audience WHERE {rules.sql}"

    def count() -> int:
        row = connection.execute(statement).fetchone()
        return int(row[0]) if row else 0

    return count
