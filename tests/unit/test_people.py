"""Made-up people are the same for the same seed, and believable."""

from pathlib import Path

import pyarrow as pa

from segue.client.files.csv_source import CsvSource
from segue.demo import SEED, people


def _people(count: int, seed: int = SEED, first: int = 0) -> pa.Table:
    return pa.concat_tables(people.tables(count, seed, first))


def test_a_seed_gives_the_same_people_however_many_are_asked_for() -> None:
    few, many = _people(10), _people(people.CHUNK_ROWS + 10)
    assert many.num_rows == people.CHUNK_ROWS + 10
    assert few.equals(many.slice(0, 10))
    assert _people(10, first=people.CHUNK_ROWS).equals(many.slice(people.CHUNK_ROWS))
    assert not few.equals(_people(10, seed=1))


def test_ids_addresses_and_phones_are_unique() -> None:
    table = _people(people.CHUNK_ROWS)
    for column in ("profile_id", "email", "phone"):
        values = table[column].drop_null()
        assert len(values.unique()) == len(values)


def test_options_are_those_of_the_fields() -> None:
    table = _people(1_000)
    for key, _, options in people.FIELDS:
        assert key in table.column_names
        for value in table[key].unique().drop_null().to_pylist() if options else []:
            assert set(str(value).split(";")) <= set(options)


def test_a_file_of_people_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    people.write_csv(path, 1_234)
    source = CsvSource(path)
    assert sum(batch.num_rows for batch in source.batches(source.columns)) == 1_234
    assert source.rejected_count == 0
