"""Numbers that carry their signature; no model needed."""
