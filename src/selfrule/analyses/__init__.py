"""What the study's figures do over time, over people, and beside approval: one module an analysis, one layer above `estimate`.

Each analysis is a pure function from a `Sample` to a record that says what it shows, what it cannot, and what is missing.
"""
