"""Everything that Jekyll is given beside the notes, Jekyll itself, and what is done to its pages."""
