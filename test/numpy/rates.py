"""The learning rates of trainer.py at every update step.

usage: rates.py < cases.json
cases: [{"rate": a trial's learning_rate, "length": {"stepsPerEpoch", "totalSteps"}}, ...]
prints a list for each case, every rate as the hexadecimal digits of its bits
"""
import json
import os
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from trainer import learning_rate

answers = []
for case in json.load(sys.stdin):
    steps_per_epoch, total = case["length"]["stepsPerEpoch"], case["length"]["totalSteps"]
    rates = [learning_rate(case["rate"], steps_per_epoch, total, t) for t in range(total)]
    answers.append([struct.pack(">d", rate).hex() for rate in rates])
print(json.dumps(answers))
