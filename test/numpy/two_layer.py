"""A two-layer network in plain NumPy, written from the textbook and not from the project's code: an independent
yardstick for the accuracy that such a network reaches on a data set. Its random numbers are NumPy's own, so it
agrees in level, not in bits.

usage: two_layer.py FOLDER < settings.json
FOLDER holds train-images.bin, train-labels.bin, test-images.bin, test-labels.bin (uint8, row-major).
settings: {"inputs", "train", "validation", "hidden", "batch", "lambda", "step_size", "cycles", "eta_min", "eta_max", "seeds"}
prints {"validation": [...], "test": [...]}, one accuracy a seed
"""
import json
import os
import sys

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np


def read(folder, part, inputs):
    images = np.fromfile(os.path.join(folder, part + "-images.bin"), np.uint8).reshape(-1, inputs)
    labels = np.fromfile(os.path.join(folder, part + "-labels.bin"), np.uint8).astype(np.int64)
    return images.astype(np.float32) / 255, labels


def accuracy(net, x, y):
    w1, b1, w2, b2 = net
    return float(((np.maximum(x @ w1 + b1, 0) @ w2 + b2).argmax(1) == y).mean())


def train(x, y, s, seed):
    rng = np.random.default_rng(seed)
    inputs, classes, batch, n_s = x.shape[1], int(y.max()) + 1, s["batch"], s["step_size"]
    w1 = (rng.standard_normal((inputs, s["hidden"])) / np.sqrt(inputs)).astype(np.float32)
    w2 = (rng.standard_normal((s["hidden"], classes)) / np.sqrt(s["hidden"])).astype(np.float32)
    b1, b2 = np.zeros(s["hidden"], np.float32), np.zeros(classes, np.float32)
    one_hot, decay = np.eye(classes, dtype=np.float32)[y], np.float32(2 * s["lambda"])
    step, total = 0, 2 * n_s * s["cycles"]
    while step < total:
        order = rng.permutation(len(y))
        for first in range(0, len(y) - batch + 1, batch):
            if step == total:
                break
            position = step % (2 * n_s)
            rise = position / n_s if position < n_s else 2 - position / n_s
            eta = np.float32(s["eta_min"] + (s["eta_max"] - s["eta_min"]) * rise)
            step += 1
            rows = order[first : first + batch]
            h = np.maximum(x[rows] @ w1 + b1, 0)
            scores = h @ w2 + b2
            p = np.exp(scores - scores.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            g = (p - one_hot[rows]) / np.float32(batch)
            gh = (g @ w2.T) * (h > 0)
            w2 -= eta * (h.T @ g + decay * w2)
            b2 -= eta * g.sum(0)
            w1 -= eta * (x[rows].T @ gh + decay * w1)
            b1 -= eta * gh.sum(0)
    return w1, b1, w2, b2


def main():
    settings = json.load(sys.stdin)
    images, labels = read(sys.argv[1], "train", settings["inputs"])
    test, test_labels = read(sys.argv[1], "test", settings["inputs"])
    n, m = settings["train"], settings["validation"]
    mean, deviation = images[:n].mean(0), images[:n].std(0)
    deviation[deviation == 0] = 1
    images, test = (images - mean) / deviation, (test - mean) / deviation
    nets = [train(images[:n], labels[:n], settings, seed) for seed in settings["seeds"]]
    print(json.dumps({
        "validation": [accuracy(net, images[n : n + m], labels[n : n + m]) for net in nets],
        "test": [accuracy(net, test, test_labels) for net in nets],
    }))


main()
