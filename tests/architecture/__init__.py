"""The shape of the house, as tests: each says what it protects and what to do when it fails."""
