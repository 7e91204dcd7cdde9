"""A case in people's hands: an answer is always due somewhere until it is the customer's turn."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import casework, clocks
from policies.cases import Case, Clock, Priority
from policies.opening_hours import DAYS, OpeningHours
from policies.service import ServiceRules

AROUND_THE_CLOCK = ServiceRules()
OFFICE = ServiceRules(
    hours=OpeningHours(timezone="UTC", week={day: ("09:00-17:00",) for day in DAYS[:5]}),
    next_response_minutes={"urgent": 4, "high": 10, "normal": 20, "low": 60},
)
FRIDAY = datetime(2026, 11, 20, 16, 50, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
NORMAL, HIGH, LOW = Priority.NORMAL, Priority.HIGH, Priority.LOW


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def asked(rules: ServiceRules = OFFICE) -> Case:
    """A case that a customer asked for, ten minutes before people leave for the weekend."""
    return casework.opened(7, "asked", FRIDAY, NORMAL, rules, summary=("wants to talk about #10023",))


def answered() -> Case:
    """The same, answered by Priya five minutes later."""
    talking = casework.claimed(asked(), "priya", "Priya", FRIDAY + minutes(1))
    return casework.person_spoke(talking, FRIDAY + minutes(5), OFFICE)


def test_a_new_case_promises_an_answer_in_opening_hours() -> None:
    case = asked()
    assert case.promised_at == casework.due_at(case, OFFICE) == MONDAY + minutes(20)
    assert (case.number, case.why, case.summary) == (7, "asked", ("wants to talk about #10023",))
    assert (case.by_email, case.claimed, case.breached) == (False, False, False)


def test_a_case_out_of_hours_goes_on_by_email() -> None:
    case = casework.opened(7, "policy", FRIDAY + timedelta(days=1), NORMAL, OFFICE)
    assert case.by_email
    assert case.promised_at == MONDAY + minutes(30)


def test_neither_being_given_a_case_nor_claiming_it_is_an_answer() -> None:
    given_to = casework.assigned(asked(), "priya", "Priya")
    assert (given_to.assignee, given_to.claimed) == ("priya", False)
    claimed = casework.claimed(given_to, "priya", "Priya", FRIDAY + minutes(2))
    assert claimed.claimed_at == FRIDAY + minutes(2)
    due = [casework.due_at(each, OFFICE) for each in (asked(), given_to, claimed)]
    assert due == [MONDAY + minutes(20)] * 3


def test_giving_a_case_to_a_colleague_takes_the_word_from_whoever_had_it() -> None:
    case = casework.assigned(answered(), "jon", "Jon")
    assert (case.assignee, case.assignee_name, case.claimed) == ("jon", "Jon", False)
    queued = casework.assigned(case, "", "")
    assert (queued.assignee, queued.assignee_name) == ("", "")


def test_an_answer_lets_every_clock_stand() -> None:
    case = answered()
    assert case.waits_for_customer
    assert casework.due_at(case, OFFICE) is None
    assert casework.breached_now(case, MONDAY + timedelta(days=90), OFFICE) is None
    assert case.promised_at is None


def test_a_customers_answer_starts_the_next_clock_and_lets_the_matter_go_on() -> None:
    case = casework.customer_spoke(answered(), MONDAY, NORMAL, OFFICE)
    assert casework.due_at(case, OFFICE) == MONDAY + minutes(20)
    # Five of its minutes had passed on Friday.
    assert case.resolution == Clock(left=24 * 3600 - 5 * 60, running_since=MONDAY)


def test_writing_again_does_not_put_an_answer_off() -> None:
    waiting = casework.customer_spoke(answered(), MONDAY, NORMAL, OFFICE)
    assert casework.customer_spoke(waiting, MONDAY + minutes(20), NORMAL, OFFICE) == waiting
    assert casework.customer_spoke(asked(), MONDAY, NORMAL, OFFICE) == asked()


def test_a_case_nobody_answers_goes_past_whoever_had_it_and_is_promised_anew() -> None:
    late = MONDAY + minutes(20)
    case = casework.claimed(asked(), "priya", "Priya", MONDAY)
    assert casework.breached_now(case, late - timedelta(seconds=1), OFFICE) is None
    assert casework.breached_now(case, late, OFFICE) == "first"
    after = casework.escalated(case, late, NORMAL, OFFICE)
    assert (after.assignee, after.assignee_name, after.claimed) == ("", "", False)
    assert (after.passed_over, after.escalations, after.breached, after.supervisor) == (("priya",), 1, True, False)
    assert after.promised_at == casework.due_at(after, OFFICE) == late + minutes(30)


def test_the_second_time_a_supervisor_is_asked() -> None:
    case = casework.assigned(asked(), "priya", "Priya")
    for name in ("jon", "priya"):
        late = casework.due_at(case, OFFICE)
        assert late
        case = casework.assigned(casework.escalated(case, late, NORMAL, OFFICE), name, name.title())
    assert (case.escalations, case.supervisor, case.passed_over) == (2, True, ("priya", "jon"))
    assert casework.claimed(case, "sam", "Sam", MONDAY).supervisor


def test_a_case_that_became_a_supervisors_stays_theirs() -> None:
    case = asked().model_copy(update={"supervisor": True})
    assert casework.escalated(case, MONDAY + minutes(20), NORMAL, OFFICE).supervisor


def test_those_passed_over_are_named_once_and_a_queue_is_nobody() -> None:
    case = casework.escalated(asked(), MONDAY + minutes(20), NORMAL, OFFICE)
    assert case.passed_over == ()
    for late in (50, 80):
        case = casework.escalated(casework.assigned(case, "jon", "Jon"), MONDAY + minutes(late), NORMAL, OFFICE)
    assert (case.passed_over, case.escalations) == (("jon",), 3)


def test_an_answer_ends_what_was_late() -> None:
    case = casework.escalated(casework.assigned(asked(), "priya", "Priya"), MONDAY + minutes(20), NORMAL, OFFICE)
    case = casework.person_spoke(casework.claimed(case, "jon", "Jon", MONDAY), MONDAY + minutes(21), OFFICE)
    assert (case.breached, case.escalations, case.passed_over) == (False, 0, ())


def test_the_next_answer_too_is_taken_from_whoever_does_not_give_it() -> None:
    case = casework.customer_spoke(answered(), MONDAY, NORMAL, OFFICE)
    assert casework.breached_now(case, MONDAY + minutes(20), OFFICE) == "next"
    after = casework.escalated(case, MONDAY + minutes(20), NORMAL, OFFICE)
    assert (after.assignee, after.passed_over) == ("", ("priya",))
    assert casework.due_at(after, OFFICE) == MONDAY + minutes(40)


def test_a_matter_that_takes_too_long_is_marked_once_and_stays_with_whoever_has_it() -> None:
    rules = ServiceRules(first_response_minutes=dict.fromkeys(Priority, 48 * 60.0))
    case = casework.claimed(asked(rules), "priya", "Priya", FRIDAY)
    late = FRIDAY + timedelta(hours=24)
    assert casework.breached_now(case, late, rules) == "resolution"
    after = casework.escalated(case, late, NORMAL, rules)
    assert (after.breached, after.assignee, after.claimed, after.escalations) == (True, "priya", True, 0)
    assert casework.breached_now(after, late, rules) is None
    assert casework.due_at(after, rules) == FRIDAY + timedelta(hours=48)
    assert casework.customer_spoke(casework.person_spoke(after, late, rules), late, NORMAL, rules).resolution is None


def test_nothing_is_drawn_from_clocks_that_have_time_left() -> None:
    assert casework.escalated(asked(), MONDAY, NORMAL, OFFICE) == asked()
    assert casework.escalated(answered(), MONDAY + timedelta(days=90), NORMAL, OFFICE) == answered()


def test_a_higher_priority_leaves_its_own_limit_less_what_has_passed() -> None:
    case = casework.reprioritised(asked(), NORMAL, FRIDAY + minutes(5), HIGH, OFFICE)
    assert casework.due_at(case, OFFICE) == MONDAY + minutes(5)
    assert case.promised_at == MONDAY + minutes(20)
    at_once = casework.reprioritised(asked(), NORMAL, MONDAY + minutes(8), HIGH, OFFICE)
    assert casework.breached_now(at_once, MONDAY + minutes(8), OFFICE) == "first"


def test_a_lower_priority_never_puts_off_what_was_promised() -> None:
    case = casework.reprioritised(asked(), NORMAL, FRIDAY + minutes(5), LOW, OFFICE)
    assert casework.due_at(case, OFFICE) == case.promised_at == MONDAY + minutes(20)
    waiting = casework.customer_spoke(answered(), MONDAY, NORMAL, OFFICE)
    unpromised = casework.reprioritised(waiting, NORMAL, MONDAY + minutes(10), LOW, OFFICE)
    assert casework.due_at(unpromised, OFFICE) == MONDAY + minutes(60)
    assert case.resolution == Clock(left=72 * 3600 - 5 * 60, running_since=FRIDAY + minutes(5))


def test_a_clock_that_stands_gets_the_new_limit_and_stands_on() -> None:
    case = casework.reprioritised(answered(), NORMAL, MONDAY, LOW, OFFICE)
    assert case.resolution == Clock(left=72 * 3600 - 5 * 60)
    assert casework.due_at(case, OFFICE) is None


@pytest.mark.parametrize("rules", [AROUND_THE_CLOCK, OFFICE], ids=["around the clock", "office hours"])
@given(first=st.sampled_from(Priority), then=st.sampled_from(Priority), passed=st.integers(0, 300))
def test_a_priority_given_and_taken_back_changes_no_deadline(
    rules: ServiceRules, first: Priority, then: Priority, passed: int
) -> None:
    case = casework.opened(1, "asked", FRIDAY, first, rules).model_copy(update={"promised_at": None})
    now = FRIDAY + timedelta(seconds=passed)
    there = casework.reprioritised(case, first, now, then, rules)
    back = casework.reprioritised(there, then, now, first, rules)
    assert casework.due_at(back, rules) == casework.due_at(case, rules)


STEPS = ("assign", "claim", "person", "customer", "wait", "late", "urgent", "low")


@pytest.mark.parametrize("rules", [AROUND_THE_CLOCK, OFFICE], ids=["around the clock", "office hours"])
@given(steps=st.lists(st.sampled_from(STEPS), max_size=25))
def test_whatever_happens_a_customer_who_waits_has_a_deadline(rules: ServiceRules, steps: list[str]) -> None:
    now, priority, waits = FRIDAY, NORMAL, True
    case = casework.opened(1, "asked", now, priority, rules)
    for step in steps:
        now += minutes(7)
        if step == "assign":
            case = casework.assigned(case, "priya", "Priya")
        elif step == "claim":
            case = casework.claimed(case, "jon", "Jon", now)
        elif step == "person":
            case, waits = casework.person_spoke(case, now, rules), False
        elif step == "customer":
            case, waits = casework.customer_spoke(case, now, priority, rules), True
        elif step == "wait":
            now += timedelta(days=1)
        elif step == "late":
            now = max(now, casework.due_at(case, rules) or now)
        else:
            before, priority = priority, Priority(step)
            case = casework.reprioritised(case, before, now, priority, rules)
        while casework.breached_now(case, now, rules):
            case = casework.escalated(case, now, priority, rules)
        due = casework.due_at(case, rules)
        assert (due is not None) is waits
        assert due is None or due > now
        # Its end alone may be due where an answer is; the answer itself is never put off behind what was promised.
        answer = case.first or case.next
        assert bool(answer) is waits
        assert not (answer and case.promised_at) or clocks.due(answer, rules.hours) <= case.promised_at
