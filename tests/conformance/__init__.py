"""What real TensorFlow answered to small programs, and the same programs for nb_sepconv.

`scenarios/` holds the programs, `golden/` the recorded answers, `differences.py` the answers that differ on purpose,
and `record.py` records anew.
"""
