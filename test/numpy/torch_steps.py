"""Update steps of PyTorch's own SGD with momentum and weight decay, in float64, to compare ours with.

usage: torch_steps.py < case.json
case: {"inputs": [rows][inputs], normalised, "labels": [rows], "layers": [{"weights": [inputs][outputs], "bias": [outputs]}, ...],
"momentum", "lambda", "steps": [{"rows": of the mini-batch, "eta", "factors": [a hidden layer][rows][units], or null}, ...]}
prints the parameters after each step, as "layers" has them, and before it the gradients of the first step's mean cross entropy
"""
import json
import sys

import torch

case = json.load(sys.stdin)
tensor = lambda values: torch.tensor(values, dtype=torch.float64)
inputs, labels = tensor(case["inputs"]), torch.tensor(case["labels"])
layers = [[tensor(layer[name]).requires_grad_() for name in ("weights", "bias")] for layer in case["layers"]]
plain = lambda values: [{"weights": weights.tolist(), "bias": bias.tolist()} for weights, bias in values]

# The penalty is lambda * sum W^2, of the weights alone; PyTorch's decay d adds d * W to the gradient.
groups = [
    {"params": [weights for weights, _ in layers], "weight_decay": 2 * case["lambda"]},
    {"params": [bias for _, bias in layers], "weight_decay": 0},
]
optimizer = torch.optim.SGD(groups, lr=1, momentum=case["momentum"])
answers = []
for step in case["steps"]:
    for group in optimizer.param_groups:
        group["lr"] = step["eta"]
    h = inputs[step["rows"]]
    for index, (weights, bias) in enumerate(layers):
        h = h @ weights + bias
        if index < len(layers) - 1:
            h = torch.relu(h)
            if step["factors"] is not None:
                h = h * tensor(step["factors"][index])
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(h, labels[step["rows"]]).backward()
    if not answers:
        answers.append(plain([[each.grad for each in layer] for layer in layers]))
    optimizer.step()
    answers.append(plain(layers))
print(json.dumps(answers))
