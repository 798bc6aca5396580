"""The one error that a writer of notes is meant to see."""


class PublishingError(Exception):
    """Something a person can fix, said in one line that names notebook, cell, cause and what to do."""
