"""How soon people answer is written for every priority, and for each tenant in its own hours."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from policies.bundle import Rules, parse
from policies.cases import Priority
from policies.opening_hours import ALWAYS
from policies.service import ServiceRules
from policies.yaml_lines import BadFile
from tests.policies.shipped import BUNDLES, REPLY_TEXTS, RULES_TEXT, STANDARD


def test_limits_come_out_in_seconds() -> None:
    rules = ServiceRules()
    assert rules.first_response(Priority.URGENT) == 5 * 60
    assert rules.next_response(Priority.LOW) == 2 * 3600
    assert rules.resolution(Priority.NORMAL) == 24 * 3600


def test_a_higher_priority_never_waits_longer() -> None:
    falling = (Priority.URGENT, Priority.HIGH, Priority.NORMAL, Priority.LOW)
    for bundle in BUNDLES.values():
        service = bundle.rules.service
        for limit in (service.first_response, service.next_response, service.resolution):
            assert [limit(each) for each in falling] == sorted(limit(each) for each in falling)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"first_response_minutes": {"urgent": 5}}, "missing: low, normal, high"),
        ({"next_response_minutes": {}}, "missing: low, normal, high, urgent"),
        ({"resolution_hours": {each.value: 0 for each in Priority}}, "greater than 0"),
        ({"resolution_hours": {each.value: 1e9 for each in Priority}}, "less than or equal to 8784"),
        ({"first_response_minutes": {"soon": 5}}, "Input should be 'low'"),
    ],
)
def test_limits_that_leave_a_case_without_an_end_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        ServiceRules.model_validate(changes)


def test_rules_pinned_before_there_were_hours_are_open_around_the_clock() -> None:
    pinned = STANDARD.rules.model_dump(mode="json")
    del pinned["service"]
    assert Rules.model_validate(pinned).service == ServiceRules()


def test_the_shipped_default_is_open_at_every_hour() -> None:
    assert STANDARD.rules.service.hours.always
    assert STANDARD.rules.service.hours == ALWAYS


def test_a_tenant_keeps_its_own_hours_and_the_limits_of_all() -> None:
    service = BUNDLES["kirana"].rules.service
    saturday_night = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    # Monday 09:30 in Kolkata: it is closed on Sundays.
    assert service.hours.opens_next(saturday_night) == datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    assert service.first_response_minutes == STANDARD.rules.service.first_response_minutes


def test_one_limit_of_a_tenant_leaves_the_others_as_they_are() -> None:
    texts = RULES_TEXT.replace('"*": {}', '"*": {service: {first_response_minutes: {urgent: 2}}}')
    limits = parse(texts, REPLY_TEXTS, "bent")["*"].rules.service.first_response_minutes
    assert limits == {"urgent": 2, "high": 15, "normal": 30, "low": 120}


def test_a_mistake_in_the_hours_is_told_with_its_line() -> None:
    texts = RULES_TEXT.replace("sat: [10:00-14:00]", "sat: [10:00-14:00, 13:00-15:00]")
    with pytest.raises(BadFile, match=r"tenant kirana: .*sat has two spans for one hour") as refused:
        parse(texts, REPLY_TEXTS, "bent")
    kirana = texts.splitlines().index("  kirana:") + 1
    assert refused.value.line > kirana
