"""How soon people answer: their opening hours, and the limits of each priority."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, field_validator

from policies.cases import Priority
from policies.frozen import Fact
from policies.opening_hours import ALWAYS, OpeningHours

# A year of minutes and of hours: no limit, and no sum over opening hours, is longer than a calendar can hold.
Minutes = Annotated[float, Field(gt=0, le=366 * 24 * 60)]
Hours = Annotated[float, Field(gt=0, le=366 * 24)]


def _limits(urgent: float, high: float, normal: float, low: float) -> Mapping[Priority, float]:
    return {Priority.URGENT: urgent, Priority.HIGH: high, Priority.NORMAL: normal, Priority.LOW: low}


class ServiceRules(Fact):
    """Opening hours and limits in them: minutes to a person's first word and to each next one, hours to the end."""

    hours: OpeningHours = ALWAYS
    first_response_minutes: Mapping[Priority, Minutes] = _limits(5, 15, 30, 120)
    next_response_minutes: Mapping[Priority, Minutes] = _limits(5, 15, 30, 120)
    resolution_hours: Mapping[Priority, Hours] = _limits(4, 8, 24, 72)

    def first_response(self, priority: Priority) -> float:
        """Open seconds to the first answer of a person."""
        return self.first_response_minutes[priority] * 60

    def next_response(self, priority: Priority) -> float:
        """Open seconds to each later answer."""
        return self.next_response_minutes[priority] * 60

    def resolution(self, priority: Priority) -> float:
        """Open seconds to the end of the matter, without those in which the customer has to answer."""
        return self.resolution_hours[priority] * 3600

    @field_validator("first_response_minutes", "next_response_minutes", "resolution_hours")
    @classmethod
    def _every_priority(cls, limits: Mapping[Priority, float]) -> Mapping[Priority, float]:
        if missing := [priority.value for priority in Priority if priority not in limits]:
            raise ValueError(f"every priority needs a limit; missing: {', '.join(missing)}")
        return limits
