"""Write every snapshot anew; look at the difference before it is kept."""

import sys

from tests.policies.prompt_snapshots.scene import prompts, snapshot, written

for prompt in prompts():
    snapshot(prompt).write_text(written(prompt), encoding="utf-8")
    sys.stdout.write(f"{snapshot(prompt)}\n")
