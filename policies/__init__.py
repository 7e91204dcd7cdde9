"""Rules live here: facts in, verdict out, no clock, no chance, no I/O. Add a rule as a function beside its subject."""
