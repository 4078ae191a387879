"""From a recipe to all that it names: do what is missing."""
