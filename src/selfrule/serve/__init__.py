"""Local pages: loopback alone, behind a token, with nothing loaded from anywhere."""
