"""Labels by people: who is drawn for labelling and with what probability, what was given, and what several of them make together.

Everything here is pure or touches one small file; `selfrule.study.labelling` brings it together with a study.
"""
