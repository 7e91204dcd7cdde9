"""How large, how many and how long: what pictures of customers may be."""

from datetime import UTC, datetime, timedelta

import pytest

from policies import photos

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_eight_mebibytes_pass_and_one_byte_more_does_not() -> None:
    assert [photos.too_large(8 * 1024 * 1024), photos.too_large(8 * 1024 * 1024 + 1)] == [False, True]


def test_a_jpeg_may_have_forty_megapixels_and_every_other_picture_sixteen() -> None:
    assert [photos.too_detailed(8_000, height, jpeg=True) for height in (5_000, 5_001)] == [False, True]
    assert [photos.too_detailed(5_000, height, jpeg=False) for height in (3_200, 3_201)] == [False, True]


def test_twenty_pictures_of_one_sender_may_wait_for_their_message() -> None:
    assert [photos.may_hold_another(19), photos.may_hold_another(20)] == [True, False]


def test_ten_pictures_of_one_sender_are_enough_whatever_others_have_sent() -> None:
    assert photos.may_add(["ann"] * 9 + ["bob"] * 10, "ann")
    assert not photos.may_add(["ann"] * 10, "ann")


@pytest.mark.parametrize(
    ("uploaded", "sent", "gone"),
    [
        (timedelta(hours=24), None, False),
        (timedelta(hours=25), None, True),
        (timedelta(days=90), timedelta(days=90), False),
        (timedelta(days=92), timedelta(days=91), True),
        (timedelta(days=92), timedelta(days=2), False),
    ],
)
def test_what_no_message_carried_goes_after_a_day_and_the_rest_after_ninety_days(
    uploaded: timedelta, sent: timedelta | None, gone: bool
) -> None:
    assert photos.outlived(NOW - uploaded, NOW - sent if sent else None, NOW) is gone
