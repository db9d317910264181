"""Learning rates of PyTorch's own schedulers, to compare ours with.

usage: torch_schedules.py < cases.json
cases: [{"scheduler": a class of torch.optim.lr_scheduler, "lr": the optimizer's own rate, "arguments", "steps"}, ...]
prints a list of rates for each case, one an update step
"""
import json
import sys
import warnings

import torch

warnings.simplefilter("ignore")  # of deprecated arguments that nobody here passes

answers = []
for case in json.load(sys.stdin):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=case["lr"])
    scheduler = getattr(torch.optim.lr_scheduler, case["scheduler"])(optimizer, **case["arguments"])
    rates = []
    for step in range(case["steps"]):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step + 1 < case["steps"]:
            scheduler.step()
    answers.append(rates)
print(json.dumps(answers))
