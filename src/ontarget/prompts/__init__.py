"""What a model is asked: templates, prompt texts, and how text becomes ids."""
