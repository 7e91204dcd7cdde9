"""Workflows that do what no workflow may, for the test that the worker refuses to run them."""

import redis
from temporalio import workflow


@workflow.defn
class ReachingOut:
    """Imports a client of the outside world."""

    @workflow.run
    async def run(self) -> str:
        return redis.__version__
