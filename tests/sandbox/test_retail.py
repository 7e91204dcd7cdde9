import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sandbox.cli import app
from sandbox.database import Database
from sandbox.orders import find_customer, find_order, find_product
from sandbox.retail import MalformedRetail, import_folder

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOME = {
    "address1": "1 Elm Road",
    "address2": "Suite 2",
    "city": "Dover",
    "country": "USA",
    "state": "DE",
    "zip": "19901",
}
MADE_UP: dict[str, dict[str, Any]] = {
    "users.json": {
        "ann_lee_1": {
            "name": {"first_name": "Ann", "last_name": "Lee"},
            "address": HOME,
            "email": "ann@example.com",
            "payment_methods": {
                "credit_card_1": {"source": "credit_card", "brand": "visa", "last_four": "1234", "id": "credit_card_1"},
                "gift_card_9876": {"source": "gift_card", "balance": 17, "id": "gift_card_9876"},
                "paypal_3": {"source": "paypal", "id": "paypal_3"},
            },
            "orders": ["#W1", "#W2"],
        }
    },
    "products.json": {
        "900": {
            "name": "Tea Cup",
            "product_id": "900",
            "variants": {"901": {"item_id": "901", "options": {"colour": "red"}, "available": True, "price": 19.99}},
        }
    },
    "orders.json": {
        "#W1": {
            "order_id": "#W1",
            "user_id": "ann_lee_1",
            "address": HOME,
            "items": [
                {
                    "name": "Tea Cup",
                    "product_id": "900",
                    "item_id": "901",
                    "price": 19.99,
                    "options": {"colour": "red"},
                },
                {"name": "Tea Cup", "product_id": "900", "item_id": "901", "price": 20.1, "options": {"colour": "red"}},
            ],
            "fulfillments": [{"tracking_id": ["555"], "item_ids": ["901", "901"]}],
            "status": "delivered",
            "payment_history": [{"transaction_type": "payment", "amount": 40.09, "payment_method_id": "credit_card_1"}],
        },
        "#W2": {
            "order_id": "#W2",
            "user_id": "ann_lee_1",
            "address": HOME,
            "items": [
                {"name": "Tea Cup", "product_id": "900", "item_id": "901", "price": 0.29, "options": {"colour": "red"}}
            ],
            "fulfillments": [],
            "status": "cancelled",
            "payment_history": [
                {"transaction_type": "payment", "amount": 0.29, "payment_method_id": "gift_card_9876"},
                {"transaction_type": "refund", "amount": 0.29, "payment_method_id": "gift_card_9876"},
            ],
        },
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "retail", MADE_UP)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "shop")
    yield opened
    opened.close()


def write(folder: Path, files: dict[str, dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, records in files.items():
        (folder / name).write_text(json.dumps(records), encoding="utf-8")
    return folder


def test_every_record_can_be_recovered_word_for_word(database: Database, folder: Path) -> None:
    import_folder(database, folder, "retail", NOW)
    with database.reading() as db:
        for kind, file in (("user", "users.json"), ("product", "products.json"), ("order", "orders.json")):
            kept = db.execute("SELECT record_id, record FROM sources WHERE tenant = 'retail' AND kind = ?", (kind,))
            assert {row["record_id"]: json.loads(row["record"]) for row in kept} == MADE_UP[file]


def test_money_parcels_and_people_are_mapped(database: Database, folder: Path) -> None:
    report = import_folder(database, folder, "retail", NOW)
    assert report.verified
    assert (report.new_records, report.paid_minor_in_ledger, report.refunded_minor_in_ledger) == (4, 4038, 29)
    with database.reading() as db:
        delivered, cancelled = (find_order(db, "retail", order_id) for order_id in ("#W1", "#W2"))
        ann, cup = find_customer(db, "retail", "ann_lee_1"), find_product(db, "retail", "900")
    assert [(line.line_id, line.unit_minor, line.category) for line in delivered.lines] == [
        ("1", 1999, "tea cup"),
        ("2", 2010, "tea cup"),
    ]
    assert [(p.payment_id, p.label, p.paid_minor) for p in delivered.payments] == [
        ("credit_card_1", "Visa ending 1234", 4009)
    ]
    assert [(parcel.awb, parcel.line_ids) for parcel in delivered.shipments] == [("555", ("1", "2"))]
    assert [(refund.status, refund.amount_minor) for refund in cancelled.refunds] == [("settled", 29)]
    assert (cancelled.status, cancelled.payments[0].refunded_minor, cancelled.lines[0].refunded_quantity) == (
        "cancelled",
        29,
        1,
    )
    assert (ann.name, ann.region, ann.tier, ann.address.country) == ("Ann Lee", "US", "standard", "US")
    assert [method.balance_minor for method in ann.payment_methods] == [None, 1700, None]
    assert cup.variants[0].options == {"colour": "red"}


def test_importing_again_changes_nothing(database: Database, folder: Path) -> None:
    first = import_folder(database, folder, "retail", NOW)
    again = import_folder(database, folder, "retail", NOW)
    assert again == first.model_copy(update={"new_records": 0})


def wrong(file: str, record: str, change: dict[str, Any]) -> dict[str, dict[str, Any]]:
    files = deepcopy(MADE_UP)
    files[file][record].update(change)
    return files


PAYMENT = {"transaction_type": "payment", "amount": 0.29, "payment_method_id": "gift_card_9876"}
ITEM = MADE_UP["orders.json"]["#W2"]["items"][0]
MALFORMED = [
    ("orders.json", "#W2", {"status": "lost"}, "status"),
    ("orders.json", "#W2", {"items": [{**ITEM, "price": "free"}]}, "items.0.price"),
    ("orders.json", "#W2", {"items": [{**ITEM, "product_id": "1"}]}, "items.0.product_id"),
    ("orders.json", "#W2", {"user_id": "nobody"}, "user_id"),
    ("orders.json", "#W2", {"order_id": "#W3"}, "order_id"),
    ("orders.json", "#W2", {"payment_history": []}, "payment_history"),
    ("orders.json", "#W2", {"payment_history": [{**PAYMENT, "amount": -1}]}, "payment_history.0.amount"),
    ("orders.json", "#W2", {"payment_history": [{**PAYMENT, "amount": 0.295}]}, "payment_history.0.amount"),
    ("orders.json", "#W2", {"payment_history": [PAYMENT, {**PAYMENT, "transaction_type": "refund", "amount": 1}]},
     "payment_history"),
    ("orders.json", "#W2", {"fulfillments": [{"tracking_id": ["555"], "item_ids": []}]}, "fulfillments.tracking_id"),
    ("orders.json", "#W2", {"fulfillments": [{"tracking_id": [], "item_ids": ["7"]}]}, "fulfillments.0.item_ids"),
    ("users.json", "ann_lee_1", {"address": {**HOME, "country": "Atlantis"}}, "address.country"),
    ("users.json", "ann_lee_1", {"orders": ["#W9"]}, "orders"),
    ("products.json", "900", {"product_id": "901"}, "product_id"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "record", "change", "field"), MALFORMED, ids=[f"{m[1]}-{m[3]}" for m in MALFORMED])
def test_a_malformed_record_is_named_and_nothing_is_loaded(
    database: Database, tmp_path: Path, file: str, record: str, change: dict[str, Any], field: str
) -> None:
    folder = write(tmp_path / "wrong", wrong(file, record, change))
    with pytest.raises(MalformedRetail) as refusal:
        import_folder(database, folder, "retail", NOW)
    assert str(refusal.value).startswith(f"{file}, record {record!r}, field {field!r}: ")
    with database.reading() as db:
        assert db.execute("SELECT count(*) FROM customers").fetchone()[0] == 0
        assert db.execute("SELECT count(*) FROM sources").fetchone()[0] == 0


def test_a_record_that_changed_since_its_import_is_refused(database: Database, folder: Path) -> None:
    import_folder(database, folder, "retail", NOW)
    write(folder, wrong("users.json", "ann_lee_1", {"email": "new@example.com"}))
    with pytest.raises(MalformedRetail, match=r"users\.json, record 'ann_lee_1'.*other content"):
        import_folder(database, folder, "retail", NOW)


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1', '{"a": {}, "a": {}}', "\x00"])
def test_a_file_that_is_no_set_of_records_is_named(database: Database, folder: Path, text: str) -> None:
    (folder / "orders.json").write_text(text)
    with pytest.raises(MalformedRetail, match=r"^orders\.json"):
        import_folder(database, folder, "retail", NOW)


def test_the_command_prints_its_verification(folder: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["import", str(folder), "--tenant", "retail", "--data", str(tmp_path / "cli")])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["verified"] is True


def test_the_command_fails_with_the_reason(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["import", str(tmp_path), "--tenant", "retail", "--data", str(tmp_path / "cli")])
    assert told.exit_code == 1
    assert "users.json" in told.stderr
