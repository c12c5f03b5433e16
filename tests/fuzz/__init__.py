"""Bad input of every kind, made by changing good input: ``make fuzz SECONDS=60``.

Each kind has a folder of small files in ``corpus/``, among them every input that once broke a rule. The unit
tests play the whole corpus; this program makes new inputs from it, the same ones for the same seed.
"""
