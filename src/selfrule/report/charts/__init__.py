"""Charts as hand-set SVG, drawn on the server: nothing runs in the reader's browser.

Each chart is drawn twice, for a page and for a phone, and the style sheet shows one. Colours come from classes, so
that a chart follows light, dark and print; every mark differs in shape as well as in colour.
"""
