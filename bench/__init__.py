"""How fast Holdfast is: each module runs by itself, prints JSON Lines, and compares within one run."""
