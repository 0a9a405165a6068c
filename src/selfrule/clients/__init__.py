"""The one seam for all network: models by name, adaptive limits, paid answers kept, provider batches.

Nothing here is imported, and no connection is opened, unless the user names a judge that is a language model.
"""
