"""The quickstart's first trial step by step, by trainer.py and so by docs/numerics.md alone: the values of docs/numerics-steps.md.

usage: steps.py FOLDER < settings.json      FOLDER and settings as of trainer.py, the seed being the search's
prints [[name, value], ...] in the page's order
"""
import hashlib
import json
import math
import os
import struct
import sys

import numpy as np

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import trainer
from trainer import Alea, cos, digits, exp, f32, log, product

settings = json.load(sys.stdin)
config, classes, inputs = settings["config"], settings["classes"], settings["inputs"]
steps = []


def add(name, value):
    steps.append([name, str(value)])


def f64_digits(x):
    return struct.pack(">d", x).hex()


def f32_digits(x):
    return struct.pack(">f", x).hex()


def sha(array):
    kinds = {"float32": "<f4", "int64": "<u4"}
    return hashlib.sha256(np.ascontiguousarray(array).astype(kinds[str(array.dtype)]).tobytes()).hexdigest()


def weights_digest(parameters):
    return sha(np.concatenate([values.ravel() for layer in parameters for values in layer]))


def derive(*parts):
    text = ":".join(map(str, ("vernier", *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 11


for name, function, points in (
    ("exp", lambda x: float(exp(x)), ("1", "-1", "-0.3", "-20.5", "-87.25", "-745")),
    ("log", log, ("0.3", "0.7071", "1.0001", "10", "1e-310")),
    ("cos", cos, ("0.5", "1", "2.5", "4", "6", "1.5707963267948966", "4.71238898038469")),
):
    for x in points:
        add(f"{name}({x})", f64_digits(function(float(x))))

search_seed = settings["seed"]
seed = derive(search_seed, "train", 0)
add("training seed", seed)
u = derive(search_seed, "parameter", 0, 0, 0, "lambda") / 2**53
least = log(1e-5)
lam = float(exp(least + u * (log(1e-1) - least)))
add("u of lambda", f64_digits(u))
add("lambda", f64_digits(lam))

draws = Alea(f"{seed}:init")
first = [draws.double() for _ in range(3)]
for number, draw in enumerate(first):
    add(f"draw {number} of init", f64_digits(draw))
radius = math.sqrt(-2 * log(1 - first[0]))
add("radius of W1[0,0]", f64_digits(radius))
add("cos for W1[0,0]", f64_digits(cos(6.283185307179586 * first[1])))
parameters = trainer.initial(seed, [inputs, *config["hidden"], classes], None)
(w1, b1), (w2, b2) = parameters
for k, j in ((0, 0), (0, 1), (1, 0), (inputs - 1, 49)):
    add(f"W1[{k},{j}]", f32_digits(w1[k, j]))
add("W2[0,0]", f32_digits(w2[0, 0]))
add("weights at first", weights_digest(parameters))

data = {}
for part in ("train", "test"):
    for kind in ("images", "labels"):
        data[f"{part}-{kind}"] = np.fromfile(os.path.join(sys.argv[1], f"{part}-{kind}.bin"), np.uint8)
    data[f"{part}-images"] = data[f"{part}-images"].reshape(-1, inputs)
n, batch = config["dataset"]["train"], config["batch_size"]
mean, inverse = trainer.normalisation(data["train-images"][:n])
add("m of input 300", f32_digits(mean[300]))
add("v of input 300", f32_digits(inverse[300]))
add("m of all inputs", sha(mean))
add("v of all inputs", sha(inverse))
x, labels = (data["train-images"][:n].astype(f32) - mean) * inverse, data["train-labels"][:n]
add("x of record 0, input 300", f32_digits(x[0, 300]))
add("x of record 0", sha(x[0]))

order = trainer.batch_order(seed, 1, n)
add("order of epoch 1, places 0 to 9", " ".join(map(str, order[:10])))
add("order of epoch 1", sha(order))

steps_per_epoch = n // batch
eta = lambda t: trainer.learning_rate(config["learning_rate"], steps_per_epoch, 240, t)
for t in (0, 1, 60, 119, 120, 121, 239):
    add(f"eta of step {t}", f64_digits(eta(t)))
add("c of step 1", f32_digits(f32(1 - 2 * eta(1) * lam)))

rows = order[:batch]
(_, h), scores = trainer.forward(parameters, x[rows])
add("h of mini-batch 0", sha(h))
add("scores of mini-batch 0", sha(scores))
add("largest score of row 0", f32_digits(trainer.largest(scores)[1][0, 0]))
e = exp((scores - trainer.largest(scores)[1]).astype(np.float64)).astype(f32)
total = np.zeros(batch, f32)
for j in range(classes):
    total = total + e[:, j]
g2 = (e / total[:, None] - (np.arange(classes) == labels[rows][:, None]).astype(f32)) / f32(batch)
add("g of the scores", sha(g2))
g1 = np.where(h <= 0, f32(0), product(g2, w2.T))
add("g of the hidden layer", sha(g1))
for name, left, right in (("1", x[rows], g1), ("2", h, g2)):
    bias = np.zeros(right.shape[1], f32)
    for row in right:
        bias = bias + row
    add(f"dW{name} of mini-batch 0", sha(product(left.T, right)))
    add(f"db{name} of mini-batch 0", sha(bias))

velocities = [[np.zeros_like(values) for values in layer] for layer in parameters]
for t in range(steps_per_epoch):
    rows = order[t * batch : (t + 1) * batch]
    trainer.step(parameters, velocities, x[rows], labels[rows], eta(t), lam, 0, None)
    if t + 1 in (1, 2, 10, steps_per_epoch):
        add(f"weights after {t + 1} step{'s' if t else ''}", weights_digest(parameters))

add("squares after epoch 1", f64_digits(trainer.sum_squares(parameters)))
parameters, epochs, metrics = trainer.train({**settings, "seed": seed, "config": {**config, "lambda": lam}}, data)
for name in ("val_loss", "val_cost", "val_accuracy"):
    add(f"{name} of epoch 1", digits(epochs[0][1])[name])
for name in ("train_loss", "train_cost", "train_accuracy", "val_loss", "val_cost", "val_accuracy"):
    add(f"{name} of epoch {len(epochs)}", digits(metrics)[name])
add("weights at last", weights_digest(parameters))
print(json.dumps(steps))
