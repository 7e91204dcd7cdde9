"""Each prompt as a model gets it in one fixed scene; `python -m tests.policies.prompt_snapshots` writes them anew."""
