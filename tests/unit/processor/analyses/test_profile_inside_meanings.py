from pathlib import Path

import polars as pl

from helpers.profiling import Profiled, profile_file

MANY = 60_000  # more different values than are counted one by one for what they mean


def profiled(folder: Path, frame: pl.DataFrame) -> Profiled:
    frame.write_parquet(folder / "data.parquet")
    return profile_file(folder / "data.parquet")


def people(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": list(range(count)),
            "who": [{"mail": f"u{n}@example.org", "at": {"city": "Bonn"}} for n in range(count)],
            "notes": [[f"call u{n}@example.org", "nothing"] for n in range(count)],
        }
    )


def test_an_address_within_a_struct_is_found(tmp_path: Path) -> None:
    [mail, at] = profiled(tmp_path, people(50)).columns["who"]["fields"]

    assert mail["meaning"]["type"] == "email"
    assert mail["pii"] == [{"type": "email", "where": "value", "count": 50, "share": 1.0, "exact": True}]
    assert "pii" not in at


def test_an_address_within_the_texts_of_lists_is_found(tmp_path: Path) -> None:
    items = profiled(tmp_path, people(50)).columns["notes"]["items"]

    assert items["pii"] == [{"type": "email", "where": "inside", "count": 50, "share": 0.5, "exact": True}]


def test_of_very_many_values_inside_a_sample_is_looked_at(tmp_path: Path) -> None:
    found = profiled(tmp_path, people(MANY))

    [finding] = found.columns["who"]["fields"][0]["pii"]
    assert (finding["share"], finding["exact"], finding["method"]) == (1.0, False, "row sample")
    [finding] = found.columns["notes"]["items"]["pii"]
    assert abs(finding["share"] - 0.5) <= finding["error"]


def test_columns_with_addresses_inside_count_as_personal(tmp_path: Path) -> None:
    found = profiled(tmp_path, people(50))

    assert found.data["quality"]["personal_columns"] == 2
    told = [alert["columns"] for alert in found.data["alerts"] if alert["code"] == "personal_data"]
    assert told == [["who"], ["notes"]]
