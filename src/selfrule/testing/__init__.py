"""For tests, yours and ours: a stand-in for the servers of language models, with faults on request."""
