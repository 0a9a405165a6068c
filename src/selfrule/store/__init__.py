"""The study folder on disk and its tables."""
