"""Activities report one fact or do one thing over ports given to them. Judgement belongs to `policies/`."""
