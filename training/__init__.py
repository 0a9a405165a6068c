"""Makes the embedded judge's artefact from labelled conversations; needs scikit-learn and ../shared/data, never shipped."""
