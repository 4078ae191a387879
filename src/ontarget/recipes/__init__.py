"""The recipes that come with ontarget, and how a recipe is read."""
