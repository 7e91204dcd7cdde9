"""Run the API: `python -m api`, settings from HOLDFAST_* variables."""

import sys
from contextlib import suppress

from pydantic import ValidationError

from api.server import Server, log_as_json
from api.settings import Settings


def main() -> None:
    log_as_json()
    try:
        settings = Settings()
    except ValidationError as error:
        # Values stay out: one of them may be a secret.
        faults = ["  " + ".".join(map(str, fault["loc"])) + " " + fault["msg"] for fault in error.errors()]
        sys.exit("The API does not start with these settings (variables are HOLDFAST_…):\n" + "\n".join(faults))
    # uvicorn raises the signal again once everything has ended well.
    with suppress(KeyboardInterrupt):
        Server(settings).run()


if __name__ == "__main__":
    main()
