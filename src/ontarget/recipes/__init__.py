"""The recipes shipped with ontarget, and how a recipe is read."""
