"""What tests and trials need instead of the outside world: a stand-in for the model providers, on this machine alone.

`selfrule.testing.server.StandIn` answers as OpenAI, Anthropic and Ollama do, with faults on request, and counts what a
provider would have charged for. From a shell: `python -m selfrule.testing.server --help`.
"""
