"""Known corpora by name: what each is, its files, how they are fetched and checked, and its text."""
