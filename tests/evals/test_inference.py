"""What an evaluation of a model counts: full marks for a perfect one, and each way of being bad in its own number."""

import json

import pytest

from evals.inference import Cases, Evaluation, Unreachable, evaluate
from policies.inference import Usage
from tests.evals.scripted import CASES, EMPTY, INSTRUCTIONS, case_of, deployment_at, measured, perfect, proposal, silent
from tests.fakes.model_server import Body, Say, Status, Step, answering


def share(evaluation: Evaluation, part: str, name: str, dataset: str = "all") -> float:
    (found,) = [each for each in evaluation.measures if (each.part, each.dataset, each.name) == (part, dataset, name)]
    return found.share


async def test_a_perfect_model_scores_full_marks_on_every_case_that_ships() -> None:
    evaluation = await measured(perfect)
    assert [(each.id, each.why) for each in evaluation.tried if each.why] == []
    assert not [each for each in evaluation.measures if each.bound == "at least" and each.share < 1]
    assert not [each for each in evaluation.measures if each.bound == "at most" and each.share > 0]


async def test_a_model_that_proposes_nothing_is_right_only_where_nothing_is_wanted() -> None:
    evaluation = await measured(silent)
    assert share(evaluation, "propose", "the right tools, no other", "wanted") == 0
    assert share(evaluation, "propose", "arguments right", "wanted") == 0
    assert share(evaluation, "propose", "proposed where wanted", "cancel_order") == 0
    assert share(evaluation, "propose", "false proposals", "nothing wanted") == 0
    assert share(evaluation, "propose", "fit the schema as sent") == 1
    assert share(evaluation, "answer", "told and says what it must", "answerable") == 0
    assert share(evaluation, "answer", "refused by the model itself", "unanswerable") == 1


async def test_foreign_orders_are_dropped_and_counted_by_their_reason() -> None:
    def foreign(task: str, body: Body) -> str:
        if task != "propose":
            return silent(task, body)
        return json.dumps({"proposals": [proposal("cancel_order", {"order_id": "#00000"})]})

    evaluation = await measured(foreign, _with_orders())
    assert share(evaluation, "propose", "dropped: foreign_order") == 1
    assert share(evaluation, "propose", "proposals taken up") == 0
    assert share(evaluation, "propose", "fit the schema as sent") == 0
    assert share(evaluation, "propose", "cases right in all", "wanted") == 0


def _with_orders() -> Cases:
    rows = [case for case in CASES.proposals if case.orders]
    return Cases(rows, CASES.phrases[:1], CASES.answers[:1])


async def test_the_same_proposal_for_every_message_is_a_false_one_where_none_is_wanted() -> None:
    def eager(task: str, body: Body) -> str:
        if task != "propose":
            return silent(task, body)
        return json.dumps({"proposals": [proposal("escalate_to_human", {})]})

    evaluation = await measured(eager)
    assert share(evaluation, "propose", "false proposals", "nothing wanted") > 0.5
    assert share(evaluation, "propose", "proposed where wanted", "escalate_to_human") == 1
    assert share(evaluation, "propose", "wanted where proposed", "escalate_to_human") < 0.2


async def test_a_wrong_reason_costs_one_argument_and_the_case_but_not_the_tool() -> None:
    case = next(case for case in CASES.proposals if case.id == "refund-broken")

    def mistaken(task: str, body: Body) -> str:
        if task != "propose":
            return silent(task, body)
        arguments = {"order_id": "#12345", "reason_code": "WRONG_ITEM"}
        return json.dumps({"proposals": [proposal("initiate_refund", arguments)]})

    evaluation = await measured(mistaken, Cases([case], CASES.phrases[:1], CASES.answers[:1]))
    assert share(evaluation, "propose", "the right tools, no other", "wanted") == 1
    assert share(evaluation, "propose", "arguments right", "initiate_refund") == 0.5
    assert evaluation.proposals[0].why == "initiate_refund.reason_code is 'WRONG_ITEM', wanted 'DAMAGED_ITEM'"


@pytest.mark.parametrize("written", ["9 ELM street", " 9  Elm Street "])
async def test_an_address_is_compared_without_case_and_blanks(written: str) -> None:
    case = next(case for case in CASES.proposals if case.id == "address-comma")

    def sloppy(task: str, body: Body) -> str:
        if task != "propose":
            return silent(task, body)
        address = {**case.expect[0].arguments["address"], "line1": written}
        return json.dumps({"proposals": [proposal("change_address", {"order_id": "#55501", "address": address})]})

    evaluation = await measured(sloppy, Cases([case], CASES.phrases[:1], CASES.answers[:1]))
    assert evaluation.proposals[0].right


async def test_a_reply_that_lies_is_not_told_and_its_sentences_are_counted_to_the_end() -> None:
    def lying(task: str, body: Body) -> str:
        if task != "phrase":
            return silent(task, body)
        case = case_of(body, CASES.phrases, "message")
        told = f"We have paid you $99.00 for it. {' '.join(case.sentences)}"
        return f"<thought>say more</thought><response>{told}</response>"

    evaluation = await measured(lying)
    assert share(evaluation, "phrase", "told: borne out and complete") == 0
    assert 0.4 < share(evaluation, "phrase", "sentences borne out") < 1
    assert share(evaluation, "phrase", "in two parts, as demanded") == 1
    assert any(each.name == "not told: amount" and each.share > 0.9 for each in evaluation.measures)


async def test_a_reply_without_its_parts_is_a_fault_of_form() -> None:
    def formless(task: str, body: Body) -> str:
        return "Your parcel is on its way." if task == "phrase" else silent(task, body)

    evaluation = await measured(formless)
    assert share(evaluation, "phrase", "in two parts, as demanded") == 0
    assert share(evaluation, "phrase", "form: text_outside") == 1
    assert share(evaluation, "phrase", "told: borne out and complete") == 0


async def test_a_reply_that_leaves_something_out_is_borne_out_but_not_told() -> None:
    case = next(case for case in CASES.phrases if case.id == "en-in-transit")

    def brief(task: str, body: Body) -> str:
        first = case.sentences[0]
        return f"<thought>short</thought><response>{first}</response>" if task == "phrase" else silent(task, body)

    evaluation = await measured(brief, Cases(CASES.proposals[:1], [case], CASES.answers[:1]))
    assert share(evaluation, "phrase", "sentences borne out") == 1
    assert share(evaluation, "phrase", "told: borne out and complete") == 0


async def test_an_answer_the_clauses_do_not_bear_out_is_counted_with_its_reason() -> None:
    def inventing(task: str, body: Body) -> str:
        if task != "answer":
            return silent(task, body)
        return json.dumps({"answer": "You have 99 days for it, guaranteed.", "clauses": [1]})

    evaluation = await measured(inventing)
    assert share(evaluation, "answer", "grounded, of answers given") == 0
    assert share(evaluation, "answer", "refused by the model itself", "unanswerable") == 0
    assert share(evaluation, "answer", "not told: number_not_in_clause", "answerable") == 1


async def test_an_answer_out_of_the_clause_to_another_question_is_told_and_counted_as_false() -> None:
    def quoting(task: str, body: Body) -> str:
        if task != "answer":
            return silent(task, body)
        case = case_of(body, CASES.answers, "question")
        return json.dumps({"answer": case.clauses[0].text, "clauses": [1]})

    evaluation = await measured(quoting)
    assert share(evaluation, "answer", "told an answer", "unanswerable") == 1
    assert share(evaluation, "answer", "told", "answerable") == 1


async def test_a_server_that_ignores_schemas_fits_none_of_them() -> None:
    evaluation = await measured(lambda task, body: "Sure! I would cancel the order.")
    assert share(evaluation, "propose", "fit the schema as sent") == 0
    assert share(evaluation, "answer", "fit the schema as sent") == 0
    assert share(evaluation, "propose", "are strict JSON") == 0
    assert share(evaluation, "propose", "dropped: not_json") == 1
    assert share(evaluation, "propose", "calls answered") == 1
    assert not [each for each in evaluation.tried if each.right and each.task != "phrase"]


async def test_an_answer_that_ran_on_to_the_limit_is_counted_as_cut() -> None:
    def endless(task: str, body: Body) -> Step:
        return Say(perfect(task, body)[:20], finish="length")

    evaluation = await measured(endless)
    for part in ("propose", "phrase", "answer"):
        assert share(evaluation, part, "calls answered") == 1
        assert share(evaluation, part, "cut at the limit of tokens") == 1
    assert share(evaluation, "propose", "fit the schema as sent") == 0
    assert share(evaluation, "phrase", "form: unclosed") == 1


async def test_what_is_as_good_as_nothing_is_no_false_proposal() -> None:
    cases = [case for case in CASES.proposals if case.id in ("nothing-foreign", "nothing-hello")]

    def helpful(task: str, body: Body) -> str:
        return (
            json.dumps({"proposals": [proposal("escalate_to_human", {})]}) if task == "propose" else silent(task, body)
        )

    evaluation = await measured(helpful, Cases(cases, CASES.phrases[:1], CASES.answers[:1]))
    assert {each.id: each.why for each in evaluation.proposals} == {
        "nothing-foreign": "",
        "nothing-hello": "escalate_to_human not wanted",
    }
    assert share(evaluation, "propose", "false proposals", "nothing wanted") == 0.5


async def test_raw_control_characters_are_no_strict_json_but_are_read_as_production_reads_them() -> None:
    case = next(case for case in CASES.proposals if case.id == "policy-fee")

    def raw(task: str, body: Body) -> str:
        filled = proposal("search_policy", {"query": "express fee"})
        return json.dumps({"proposals": [filled]}).replace("express fee", "express\nfee")

    evaluation = await measured(raw, Cases([case], CASES.phrases[:1], CASES.answers[:1]))
    assert evaluation.proposals[0].right
    assert share(evaluation, "propose", "fit the schema as sent") == 1
    assert share(evaluation, "propose", "are strict JSON") == 0


async def test_what_calls_cost_is_reckoned_from_the_prices_and_the_tokens_that_were_counted() -> None:
    counted = Usage(prompt=1000, cached=600, completion=50)

    def counting(task: str, body: Body) -> Step:
        return Say(perfect(task, body), usage=counted)

    price = {"input": 2.0, "cached": 0.5, "output": 10.0}
    evaluation = await measured(counting, price=price)
    propose, _, answer = evaluation.as_json()["calls"]
    assert propose["usd"] == pytest.approx((400 * 2.0 + 600 * 0.5 + 50 * 10.0) / 1e6)
    assert (answer["prompt"], answer["cached"], answer["completion"]) == (1000, 0.6, 50)
    assert evaluation.as_json()["usd_a_turn"]["plans and phrases"] == pytest.approx(2 * propose["usd"])
    assert propose["first_token"]["p50"] <= propose["total"]["p50"] <= propose["total"]["p95"]


async def test_calls_that_fail_are_counted_by_outcome_and_are_not_right_anywhere() -> None:
    asked = 0

    def failing(task: str, body: Body) -> str | Step:
        nonlocal asked
        asked += 1
        return EMPTY if asked == 1 else Status(503, said="overloaded")

    evaluation = await measured(failing)
    told = evaluation.as_json()
    assert told["failed"] == {"unavailable": len(evaluation.tried)}
    assert list(told["faults"]) == ["unavailable: model deployment judged answered 503"]
    assert not [each for each in evaluation.tried if each.right]
    assert share(evaluation, "phrase", "calls answered") == 0
    assert not [each for each in evaluation.measures if each.name == "false proposals"]


async def test_an_endpoint_that_does_not_answer_is_given_up_after_one_call() -> None:
    async with answering(lambda body: Status(401)) as server:
        with pytest.raises(Unreachable, match="answered 401"):
            await evaluate(deployment_at(server), None, CASES, INSTRUCTIONS)
    assert len(server.requests) == 1
