"""Columns find their attributes and fields, or the caller is told what to write."""

import pyarrow as pa
import pytest

from segue.client.files.inference import infer_type
from segue.client.files.mapping import MappingOptions, map_columns
from segue.client.files.problems import MappingInvalid
from segue.v1.field_pb2 import Field, FieldType

AGE = Field(key="Age", type=FieldType.FIELD_TYPE_NUMBER)


def _targets(
    columns: dict[str, list[str]], fields: tuple[Field, ...] = (), **named: str
) -> dict[str, str]:
    options = MappingOptions({key.replace("__", " "): v for key, v in named.items()}, has_list=True)
    mapping = map_columns(pa.table(columns), fields, options)
    return {column: target.name for column, target in mapping.targets.items()}


def test_attributes_and_fields_map_by_their_names_in_any_case() -> None:
    columns = {"Profile_ID": ["1"], "Email": ["a@b.c"], "NAME": ["A"], "age": ["3"]}
    assert _targets(columns, (AGE,)) == {
        "Profile_ID": "profile_id",
        "Email": "email",
        "NAME": "full_name",
        "age": "Age",
    }


def test_a_field_goes_before_an_attribute_of_its_name() -> None:
    country = Field(key="Country", type=FieldType.FIELD_TYPE_TEXT)
    assert _targets({"id": ["1"], "country": ["SE"]}, (country,))["country"] == "Country"


def test_tags_topics_and_consents_map_by_their_names_in_any_case() -> None:
    columns = {"id": ["1"], "Tag:VIP": ["true"], "topic:sport": ["no"], "sms?": ["1"]}
    named = {"sms?": "consent:sms.daily"}
    mapping = map_columns(pa.table(columns), (), MappingOptions(named))
    found = {column: target.name for column, target in mapping.targets.items()}
    assert found == {
        "id": "profile_id",
        "Tag:VIP": "tag:vip",
        "topic:sport": "topic:sport",
        "sms?": "consent:sms.daily",
    }
    assert mapping.targets["Tag:VIP"].type == FieldType.FIELD_TYPE_BOOLEAN


def test_a_field_goes_before_a_mark_of_its_name() -> None:
    field = Field(key="tag:VIP", type=FieldType.FIELD_TYPE_TEXT)
    assert _targets({"id": ["1"], "tag:vip": ["yes"]}, (field,))["tag:vip"] == "tag:VIP"


def test_what_is_no_id_makes_no_mark() -> None:
    for column in ("tag:", "tag:a b", "tags:vip", "tag:" + "x" * 101):
        with pytest.raises(MappingInvalid, match="create the fields"):
            _targets({"id": ["1"], column: ["true"]})


def test_named_columns_go_first_and_empty_names_leave_out() -> None:
    columns = {"customer": ["1"], "mail": ["a@b.c"], "junk": ["x"]}
    found = _targets(columns, customer="profile_id", mail="email", junk="")
    assert found == {"customer": "profile_id", "mail": "email"}


def test_a_column_that_means_nothing_is_named_with_what_to_do() -> None:
    with pytest.raises(MappingInvalid, match=r"shoe, hat; .*--create-fields.*--map"):
        _targets({"id": ["1"], "shoe": ["x"], "hat": ["y"]})


def test_a_column_named_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(MappingInvalid, match="no column customer; it has id"):
        _targets({"id": ["1"]}, customer="profile_id")


def test_a_file_without_an_id_says_how_to_name_it() -> None:
    with pytest.raises(MappingInvalid, match="--id-column"):
        _targets({"email": ["a@b.c"]})


def test_two_columns_for_one_thing_are_refused() -> None:
    with pytest.raises(MappingInvalid, match="both mean full_name"):
        _targets({"id": ["1"], "name": ["A"], "full_name": ["B"]})


def test_states_of_a_country_are_no_states_of_members() -> None:
    assert _targets({"id": ["1"], "state": ["Active"]})["state"] == "state"
    with pytest.raises(MappingInvalid, match="state"):
        _targets({"id": ["1"], "state": ["TX"]})


def test_new_fields_get_types_from_their_values() -> None:
    sample = pa.table({"id": ["1", "2"], "Age": ["7", None], "Zip": ["00123", "10001"]})
    mapping = map_columns(sample, (), MappingOptions({}, create_fields=True))
    assert [(new.key, new.type) for new in mapping.new_fields] == [
        ("Age", FieldType.FIELD_TYPE_NUMBER),
        ("Zip", FieldType.FIELD_TYPE_TEXT),
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "-2.5", "1e3", "0"], FieldType.FIELD_TYPE_NUMBER),
        (["01", "02"], FieldType.FIELD_TYPE_TEXT),
        (["+46701234567"], FieldType.FIELD_TYPE_TEXT),
        (["12345678901234567890"], FieldType.FIELD_TYPE_TEXT),
        (["true", "FALSE", "yes", "No"], FieldType.FIELD_TYPE_BOOLEAN),
        (["2024-01-31"], FieldType.FIELD_TYPE_DATE),
        (["2024-01-31", "soon"], FieldType.FIELD_TYPE_TEXT),
        (["2024-01-31T12:00:00Z", "2024-01-31 12:00"], FieldType.FIELD_TYPE_DATE_TIME),
        ([], FieldType.FIELD_TYPE_TEXT),
        ([None, ""], FieldType.FIELD_TYPE_TEXT),
    ],
)
def test_texts_tell_their_type(values: list[str | None], expected: FieldType.ValueType) -> None:
    assert infer_type(pa.chunked_array([pa.array(values, pa.string())])) == expected


@pytest.mark.parametrize(
    ("arrow_type", "expected"),
    [
        (pa.int8(), FieldType.FIELD_TYPE_NUMBER),
        (pa.decimal128(5, 2), FieldType.FIELD_TYPE_NUMBER),
        (pa.bool_(), FieldType.FIELD_TYPE_BOOLEAN),
        (pa.date32(), FieldType.FIELD_TYPE_DATE),
        (pa.timestamp("ns"), FieldType.FIELD_TYPE_DATE_TIME),
        (pa.dictionary(pa.int8(), pa.string()), FieldType.FIELD_TYPE_TEXT),
        (pa.list_(pa.string()), None),
        (pa.struct([]), None),
    ],
)
def test_arrow_types_tell_fields(
    arrow_type: pa.DataType, expected: FieldType.ValueType | None
) -> None:
    assert infer_type(pa.chunked_array([pa.nulls(1, arrow_type)])) == expected
