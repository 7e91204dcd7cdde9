"""Photos from customers: on the log, thanked for, and never taken for a blank message."""

from policies.bundle import Bundle
from tests.fakes.shop import order
from tests.workflows.conftest import Customer, Here, refusal_of
from tests.workflows.people_scenes import claimed, opened
from tests.workflows.test_bursts import offered
from workflows.messages import CustomerMessage, EventKind, Photo, Refusal, Reply

DENT = Photo(photo_id="p1", media_type="image/jpeg", size=4_000, width=640, height=480)
BOX = DENT.model_copy(update={"photo_id": "p2", "media_type": "image/png"})


async def send(customer: Customer, *photos: Photo, text: str = "") -> Reply:
    message = CustomerMessage(message_id=f"p{len(photos)}{text}", customer_id="U789", text=text, photos=photos)
    reply: Reply = await customer.handle.execute_update("say", message, result_type=Reply)
    return reply


async def test_a_photo_needs_no_words(here: Here, bundle: Bundle) -> None:
    desk = here(order())
    customer = await opened(desk)
    asked = len(desk.understanding.asked)
    assert (await send(customer, DENT, BOX)).text == bundle.words("en").say("photo_received")
    said = await customer.hears(EventKind.CUSTOMER, 2)
    assert (said.text, said.photos) == ("", (DENT, BOX))
    assert len(desk.understanding.asked) == asked
    assert "customer sent a photo" in (await customer.transcript()).summary


async def test_words_beside_a_photo_are_answered_as_well(here: Here, bundle: Bundle) -> None:
    customer = await opened(here(order()))
    reply = await send(customer, DENT, text="my order 12345 is damaged, I want a refund")
    assert reply.text.startswith(bundle.words("en").say("photo_received"))
    assert reply.offer
    assert (await customer.hears(EventKind.CUSTOMER, 2)).photos == (DENT,)


async def test_neither_words_nor_photos_are_blank(here: Here) -> None:
    assert await refusal_of(send(await opened(here(order())))) == Refusal.BLANK


async def test_a_photo_answers_no_offer(here: Here) -> None:
    desk = here(order())
    customer, _ = await offered(desk)
    await send(customer, DENT)
    assert (await customer.transcript()).offer
    assert desk.shop.count("refund") == 0


async def test_a_person_who_has_the_word_gets_the_photo(here: Here) -> None:
    customer, _ = await claimed(here(order()))
    assert (await send(customer, DENT)).text == ""
    assert (await customer.hears(EventKind.CUSTOMER, 2)).photos == (DENT,)
