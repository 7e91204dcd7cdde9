"""What operators see without opening a history: search attributes and a Markdown page, no personal data."""

from collections.abc import Mapping
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

TENANT = SearchAttributeKey.for_keyword("HoldfastTenant")
CUSTOMER = SearchAttributeKey.for_keyword("HoldfastCustomer")
INTENT = SearchAttributeKey.for_keyword("HoldfastIntent")
STAGE = SearchAttributeKey.for_keyword("HoldfastStage")
OWNER = SearchAttributeKey.for_keyword("HoldfastOwner")
NEEDS_HUMAN = SearchAttributeKey.for_bool("HoldfastNeedsHuman")
POLICY_VERSION = SearchAttributeKey.for_keyword("HoldfastPolicyVersion")
REFUND_CENTS = SearchAttributeKey.for_int("HoldfastRefundCents")


class CaseFile:
    """Keeps search attributes current, writing only what changed: every upsert is a billed action and an event."""

    def __init__(self) -> None:
        self._shown: dict[str, Any] = {}

    def show(self, values: Mapping[SearchAttributeKey[Any], Any]) -> None:
        changed = {key: value for key, value in values.items() if self._shown.get(key.name) != value}
        if changed:
            workflow.upsert_search_attributes([key.value_set(value) for key, value in changed.items()])
            self._shown |= {key.name: value for key, value in changed.items()}


def attributes(values: Mapping[SearchAttributeKey[Any], Any]) -> TypedSearchAttributes:
    """Search attributes for starting a workflow."""
    return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in values.items()])


def page(title: str, facts: Mapping[str, object], log: list[str]) -> None:
    """Set the Markdown details the Temporal UI shows beside the history."""
    table = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    lines = "\n".join(f"- {line}" for line in log)
    workflow.set_current_details(f"### {title}\n\n| | |\n|---|---|\n{table}\n\n{lines}")
