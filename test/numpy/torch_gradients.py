"""Recomputes a gradient check from its file alone, in float64: cost and gradients by PyTorch's autograd, its metrics by their
definitions in docs/numerics.md, the file's digest. Reads {"file": ...} from stdin, writes JSON."""

import hashlib
import json
import struct
import sys

import numpy as np
import torch

FLOOR = 1e-8  # of the relative error of two gradients that ought to be the same but for rounding


def read_safetensors(path):
    with open(path, "rb") as file:
        raw = file.read()
    begin = 8 + struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:begin])
    metadata = header.pop("__metadata__")
    kinds = {"F64": "<f8", "I64": "<i8"}
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        data = np.frombuffer(raw[begin + first : begin + last], dtype=kinds[entry["dtype"]])
        tensors[name] = data.reshape(entry["shape"])
    return metadata, tensors, hashlib.sha256(raw[begin:]).hexdigest()


def by_autograd(tensors, names, penalty):
    parameters = {name: torch.tensor(tensors[name], requires_grad=True) for name in names}
    h = torch.tensor(tensors["inputs"])
    layers = len(names) // 2
    for layer in range(1, layers + 1):
        h = h @ parameters[f"W{layer}"] + parameters[f"b{layer}"]
        if layer < layers:
            h = torch.relu(h)
            if f"dropout{layer}" in tensors:
                h = h * torch.tensor(tensors[f"dropout{layer}"])
    loss = torch.nn.functional.cross_entropy(h, torch.tensor(tensors["labels"]))
    cost = loss + penalty * sum((parameters[f"W{layer}"] ** 2).sum() for layer in range(1, layers + 1))
    cost.backward()
    return loss.item(), cost.item(), {name: parameters[name].grad.numpy() for name in names}


def relative_error(a, b):
    return float(np.max(np.abs(a - b) / np.maximum(FLOOR, np.abs(a) + np.abs(b))))


def mean(values):
    """In order, as sum() adds floats in this version of Python is not promised."""
    total = 0.0
    for value in values:
        total = total + value
    return total / len(values)


def deviations(analytic, numeric, floor):
    differences = [abs(a - n) for a, n in zip(analytic, numeric)]
    errors = [d / max(floor, abs(a) + abs(n)) for d, a, n in zip(differences, analytic, numeric)]
    return {
        "mean_difference": abs(mean(analytic) - mean(numeric)),
        "mean_absolute_difference": mean(differences),
        "max_absolute_difference": max(differences),
        "max_relative_error": max(errors),
    }


def metrics_of(tensors, names, step, floor):
    cost = float(tensors["cost"])
    metrics = {"loss": float(tensors["loss"]), "cost": cost}
    for difference in ("forward", "central"):
        worst = {}
        for name in names:
            raised = tensors[f"{name}.cost_raised"].ravel().tolist()
            lowered = tensors[f"{name}.cost_lowered"].ravel().tolist()
            analytic = tensors[f"{name}.gradient"].ravel()
            if f"{name}.entries" in tensors:
                analytic = analytic[tensors[f"{name}.entries"]]
            if difference == "forward":
                numeric = [(up - cost) / step for up in raised]
            else:
                numeric = [(up - down) / (2 * step) for up, down in zip(raised, lowered)]
            for deviation, value in deviations(analytic.tolist(), numeric, floor).items():
                metrics[f"{difference}_{name}_{deviation}"] = value
                worst[deviation] = max(worst.get(deviation, 0.0), value)
        for deviation, value in worst.items():
            metrics[f"{difference}_{deviation}"] = value
    return metrics


def main():
    metadata, tensors, digest = read_safetensors(json.load(sys.stdin)["file"])
    names = [name for name in tensors if name[0] in "Wb" and "." not in name]
    loss, cost, gradients = by_autograd(tensors, names, float(metadata["lambda"]))
    json.dump(
        {
            "metadata": metadata,
            "digest": digest,
            "shapes": {name: list(tensor.shape) for name, tensor in tensors.items()},
            "labels": tensors["labels"].tolist(),
            "samples": tensors["samples"].tolist(),
            "loss_error": abs(loss - float(tensors["loss"])) / loss,
            "cost_error": abs(cost - float(tensors["cost"])) / cost,
            "gradient_errors": {name: relative_error(tensors[f"{name}.gradient"], gradients[name]) for name in names},
            "largest_gradient": max(float(np.abs(gradients[name]).max()) for name in names),
            "metrics": metrics_of(tensors, names, float(metadata["step"]), float(metadata["relative_error_floor"])),
        },
        sys.stdout,
    )


main()
