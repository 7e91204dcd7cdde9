"""The OpenAPI document: valid, complete, and true about problems."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api.app import create
from api.problems import MEDIA_TYPE, PROBLEMS
from api.settings import Profile, Settings


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create(Settings(profile=Profile.DEVELOPMENT)).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_it_lists_every_route(document: dict[str, Any]) -> None:
    talk = "/v1/conversations/{conversation_id}"
    assert {name for name, _ in operations(document)} == {
        f"POST {talk}/messages",
        f"POST {talk}/offers/{{digest}}/confirm",
        f"POST {talk}/offers/{{digest}}/decline",
        f"POST {talk}/escalate",
        f"POST {talk}/feedback",
        f"GET {talk}",
        f"GET {talk}/events",
        f"PUT {talk}/messages/{{message_id}}/intent",
        f"POST {talk}/photos",
        f"GET {talk}/photos/{{photo_id}}",
        f"GET {talk}/parcels/{{awb}}/photo",
        f"GET {talk}/queue",
        f"POST {talk}/acts",
        "GET /v1/me/orders",
        "GET /v1/inbox",
        "GET /v1/inbox/counts",
        "GET /v1/inbox/search",
        "GET /v1/roster",
        "PUT /v1/me/presence",
        "GET /v1/pauses",
        "PUT /v1/pauses/{intent}",
        "DELETE /v1/pauses/{intent}",
        "GET /v1/webhooks",
        "POST /v1/webhooks",
        "PATCH /v1/webhooks/{endpoint_id}",
        "DELETE /v1/webhooks/{endpoint_id}",
        "POST /v1/webhooks/{endpoint_id}/rotate",
        "POST /v1/webhooks/{endpoint_id}/test",
        "GET /v1/webhooks/dead",
        "POST /v1/webhooks/dead/{endpoint_id}/{message_id}/replay",
        "GET /v1/lessons",
        "PUT /v1/lessons/{lesson_id}/intent",
        "DELETE /v1/lessons/{lesson_id}",
        "GET /v1/knowledge/releases",
        "PUT /v1/knowledge/releases/{release}/files/{name}",
        "GET /v1/knowledge/releases/{release}/files",
        "DELETE /v1/knowledge/releases/{release}/files",
        "POST /v1/knowledge/releases/{release}/ingest",
        "GET /v1/knowledge/releases/{release}/ingest",
        "POST /v1/knowledge/rollback",
        "GET /v1/knowledge/clauses/{chunk_id}",
        "GET /v1/costs",
        "GET /v1/approvals",
        "POST /v1/approvals/{refund_id}/approve",
        "POST /v1/approvals/{refund_id}/deny",
        "GET /v1/me/export",
        "DELETE /v1/me",
        "GET /v1/customers/{customer_id}/export",
        "DELETE /v1/customers/{customer_id}",
        "GET /healthz",
        "GET /readyz",
    }


def test_every_operation_is_tagged_described_and_says_what_can_go_wrong(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["tags"], name
        assert operation["description"], name
        if "/v1/" not in name:
            continue
        assert operation["security"] == [{"HTTPBearer": []}], name
        assert {"401", "422", "429", "500", "503"} <= set(operation["responses"]), name


def test_every_failure_is_a_problem_with_true_examples(document: dict[str, Any]) -> None:
    shape = Draft202012Validator(document["components"]["schemas"]["Problem"])
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status == "200":
                continue
            assert list(response["content"]) == [MEDIA_TYPE], (name, status)
            for slug, example in response["content"][MEDIA_TYPE].get("examples", {}).items():
                shape.validate(example["value"])
                assert PROBLEMS[slug].status == int(status), (name, slug)


def test_every_request_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            as_it_is = "/files/" in name or name.endswith("/photos")
            assert as_it_is or "requestBody" not in operation, "only files are sent as they are"
            continue
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
        assert schema["examples"], name
        assert schema["additionalProperties"] is False, name
        for example in schema["examples"]:
            Draft202012Validator({**schema, "components": document["components"]}).validate(example)


def test_no_schema_of_the_framework_contradicts_our_problems(document: dict[str, Any]) -> None:
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])
