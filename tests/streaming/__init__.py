"""A model's words from its server to the browser, through every process of the stack."""
