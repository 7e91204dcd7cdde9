"""The customer's chat: a web component shops embed, and the demo shop that shows it. Pages and files, no decisions."""
