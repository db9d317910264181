"""The trainer `gradient-check`, written from docs/numerics.md: it must compute the same bits as Vernier. What it shares with
`two-layer` is trainer.py's, in float64.

usage: gradient_check.py FOLDER < settings.json          FOLDER and settings as trainer.py's
prints {"weightsSha256", "metrics"}, every metric as the hexadecimal digits of its bits
"""
import hashlib
import json
import math
import os
import sys

import numpy as np
import trainer

trainer.f32 = np.float64


def samples(seed, config):
    count, train = config["samples"]["count"], config["dataset"]["train"]
    if config["samples"]["choice"] == "first":
        return list(range(count))
    draws, order = trainer.Alea(f"{seed}:samples"), list(range(train))
    for last in range(train - 1, 0, -1):
        j = math.floor(draws.next() * (last + 1))
        order[j], order[last] = order[last], order[j]
    return order[:count]


def entries(seed, name, size, wanted):
    if wanted is None or wanted >= size:
        return list(range(size))
    draws, chosen = trainer.Alea(f"{seed}:entries:{name}"), set()
    while len(chosen) < wanted:
        chosen.add(math.floor(draws.next() * size))
    return sorted(chosen)


def loss_and_cost(parameters, x, labels, lam, factors):
    _, scores = trainer.forward(parameters, x, factors)
    d = scores - trainer.largest(scores)[1]
    e = trainer.exp(d)
    loss_sum = 0.0
    for i in range(len(x)):
        total = 0.0
        for j in range(e.shape[1]):
            total = total + float(e[i, j])
        loss_sum = loss_sum + (trainer.log(total) - float(d[i, labels[i]]))
    loss = loss_sum / len(x)
    return loss, loss if lam == 0 else loss + lam * trainer.sum_squares(parameters)


def added(values):
    total = 0.0
    for value in values:
        total = total + value
    return total


def deviations(a, n):
    m = len(a)
    differences = [abs(x - y) for x, y in zip(a, n)]
    return {
        "mean_difference": abs(added(a) / m - added(n) / m),
        "mean_absolute_difference": added(differences) / m,
        "max_absolute_difference": max(differences),
        "max_relative_error": max(d / max(1e-6, abs(x) + abs(y)) for d, x, y in zip(differences, a, n)),
    }


def check(settings, folder):
    seed, config, inputs = settings["seed"], settings["config"], settings["inputs"]
    read = lambda name: np.fromfile(os.path.join(folder, f"train-{name}.bin"), np.uint8)
    images, all_labels = read("images").reshape(-1, inputs), read("labels")
    mean, inverse = trainer.normalisation(images[: config["dataset"]["train"]])
    rows = samples(seed, config)
    x, labels = (images[rows].astype(np.float64) - mean) * inverse, all_labels[rows].astype(int)

    layers = [inputs, *config["hidden"], settings["classes"]]
    lam, h, p = config["lambda"], config["step"], config.get("dropout", 0)
    factors = [
        trainer.drop(trainer.Alea(f"{seed}:dropout:1:{layer}"), p, len(rows), units)
        for layer, units in enumerate(config["hidden"] if p > 0 else [], 1)
    ]
    parameters = trainer.initial(seed, layers, config.get("init"))
    cost_of = lambda: loss_and_cost(parameters, x, labels, lam, factors)
    loss, cost = cost_of()
    gradients = [list(each) for each in parameters]
    trainer.step(gradients, None, x, labels, -1, -0.5, 0, factors)  # 0 W + 1 G

    tensors, moved, metrics = {}, {}, {"loss": loss, "cost": cost}
    for layer, (weights, bias) in enumerate(parameters):
        decay = 2 * lam
        tensors[f"W{layer + 1}"] = (weights, gradients[layer][0] + decay * weights)
        tensors[f"b{layer + 1}"] = (bias, gradients[layer][1])
    worst = {}
    for name, (values, gradient) in tensors.items():
        flat = values.reshape(-1)
        checked = entries(seed, name, len(flat), config.get("entries"))
        costs = []
        for entry in checked:
            kept = flat[entry]
            pair = []
            for value in (kept + h, kept - h):
                flat[entry] = value
                pair.append(cost_of()[1])
            flat[entry] = kept
            costs.append(pair)
        moved[name] = (costs, checked if len(checked) < len(flat) else None)
        a = gradient.reshape(-1)[checked].tolist()
        numeric = {
            "forward": [(up - cost) / h for up, _ in costs],
            "central": [(up - down) / (2 * h) for up, down in costs],
        }
        for difference, n in numeric.items():
            for deviation, value in deviations(a, n).items():
                metrics[f"{difference}_{name}_{deviation}"] = value
                key = f"{difference}_{deviation}"
                worst[key] = max(worst.get(key, 0.0), value)
    return {
        "weightsSha256": digest(x, labels, rows, factors, loss, cost, tensors, moved),
        "metrics": trainer.digits({**metrics, **worst}),
    }


def digest(x, labels, rows, factors, loss, cost, tensors, moved):
    f8, i8 = (lambda a: np.asarray(a, "<f8").tobytes()), (lambda a: np.asarray(a, "<i8").tobytes())
    parts = [f8(x), i8(labels), i8(rows), *map(f8, factors), f8(loss), f8(cost)]
    parts += [f8(values) for values, _ in tensors.values()] + [f8(gradient) for _, gradient in tensors.values()]
    for costs, checked in moved.values():
        parts += [f8([up for up, _ in costs]), f8([down for _, down in costs])]
        parts += [] if checked is None else [i8(checked)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


if __name__ == "__main__":
    json.dump(check(json.load(sys.stdin), sys.argv[1]), sys.stdout)
