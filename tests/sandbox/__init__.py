"""What the stand-in shop promises: its contract, its money, its faults, and that it survives being killed."""
