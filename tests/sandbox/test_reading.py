import struct

from tests.sandbox.desk import Desk, problem_of


async def test_an_order_carries_its_version_as_etag(desk: Desk) -> None:
    answer = await desk.get("/orders/12345")
    assert answer.headers["ETag"] == '"3"'
    assert answer.json() == {
        "order_id": "12345",
        "version": 3,
        "customer_id": "U789",
        "status": "delivered",
        "currency": "USD",
        "placed_at": "2026-03-05T14:02:00Z",
        "lines": [
            {
                "line_id": "1",
                "sku": "SKU-1001-A",
                "title": "Nimbus Runner Shoes",
                "category": "footwear",
                "quantity": 1,
                "unit_minor": 8999,
                "refunded_quantity": 0,
            }
        ],
        "payments": [
            {
                "payment_id": "PAY-1",
                "method": "card",
                "label": "Visa ending 4242",
                "paid_minor": 8999,
                "refunded_minor": 0,
            }
        ],
        "shipments": [(await desk.get("/shipments/12345")).json()],
        "refunds": [],
        "returns": [],
        "address": {
            "line1": "12 Harbor Lane",
            "line2": "Apt 4",
            "city": "Portland",
            "region": "OR",
            "postal_code": "97201",
            "country": "US",
        },
    }


async def test_a_shipment_tells_when_and_to_whom_it_was_delivered(desk: Desk) -> None:
    parcel = (await desk.get("/shipments/12345")).json()
    assert parcel["delivered_at"] == "2026-03-09T10:23:00Z"
    assert (parcel["signed_by"], parcel["has_photo"], parcel["status"]) == ("building staff", True, "delivered")
    assert parcel["events"][-1]["code"] == "DELIVERED"


async def test_a_percent_encoded_order_id_finds_its_order(desk: Desk) -> None:
    desk.tenant = "alpenpost"
    assert (await desk.order("%23AP-1006"))["order_id"] == "#AP-1006"


async def test_the_orders_of_a_customer_come_newest_first_and_limited(desk: Desk) -> None:
    listed = (await desk.get("/customers/U100/orders", limit=2)).json()["orders"]
    assert [order["order_id"] for order in listed] == ["20001", "20002"]


async def test_a_customer_is_shown_with_payment_methods(desk: Desk) -> None:
    dana = (await desk.get("/customers/U789")).json()
    assert (dana["name"], dana["tier"], dana["region"], dana["language"]) == ("Dana Reyes", "gold", "US", "en")
    assert [method["label"] for method in dana["payment_methods"]] == ["Visa ending 4242"]


async def test_a_fraud_score_has_a_band_and_reasons(desk: Desk) -> None:
    expected = {("20031", "U103"): "high", ("20041", "U104"): "medium", ("12345", "U789"): "low"}
    for (order_id, customer_id), band in expected.items():
        score = (await desk.get(f"/orders/{order_id}/fraud-score", customer_id=customer_id)).json()
        assert score["band"] == band
        assert score["reasons"]


async def test_asking_about_a_strangers_order_is_a_high_risk(desk: Desk) -> None:
    score = (await desk.get("/orders/20001/fraud-score", customer_id="U789")).json()
    assert score["band"] == "high"


async def test_a_delivery_photo_is_a_png(desk: Desk) -> None:
    photo = await desk.get("/shipments/12345/photo")
    assert photo.headers["content-type"] == "image/png"
    assert photo.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", photo.content[16:24]) == (96, 64)


async def test_a_parcel_without_photo_says_so(desk: Desk) -> None:
    assert problem_of(await desk.get("/shipments/67890/photo")) == (404, "photo_absent")


async def test_tenants_do_not_see_each_others_records(desk: Desk) -> None:
    northwind = await desk.order("12345")
    desk.tenant = "kirana"
    assert (await desk.order("12345"))["customer_id"] != northwind["customer_id"]
    for path in ("/orders/67890", "/customers/U789", "/shipments/67890", "/refunds/REF-1", "/products/P-1001"):
        assert (await desk.get(path)).status_code == 404


async def test_a_product_lists_its_variants(desk: Desk) -> None:
    shoes = (await desk.get("/products/P-1001")).json()
    assert [variant["available"] for variant in shoes["variants"]] == [True, False]


async def test_the_shop_says_that_it_is_healthy(desk: Desk) -> None:
    assert (await desk.http.get("/healthz")).json() == {"status": "ok"}
