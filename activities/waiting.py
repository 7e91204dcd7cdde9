"""Waiting for a concurrency token: a bounded queue in front of each deployment, shared by all workers."""

import asyncio

from activities.inference_ports import Admission, Switchboard
from policies.fleet import Deployment

# However soon the switchboard wants to be asked again: it is asked over the network, by every call that waits.
LEAST_WAIT = 0.01


async def admission(switchboard: Switchboard, deployment: Deployment, at_most: float) -> Admission:
    """Ask until a token is free, for `at_most` seconds; "busy" after that, or at once where `wait` says nothing."""
    loop = asyncio.get_running_loop()
    end = loop.time() + at_most
    while True:
        answer = await switchboard.admit(deployment)
        left = end - loop.time()
        if answer.state != "busy" or not answer.wait or left <= 0:
            return answer
        await asyncio.sleep(min(max(answer.wait, LEAST_WAIT), left))
