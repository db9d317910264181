"""The trainer `two-layer`, written from docs/numerics.md and from nothing else: it must compute the same bits as Vernier.

usage: trainer.py FOLDER < settings.json
FOLDER holds train-images.bin, train-labels.bin, test-images.bin, test-labels.bin (uint8, row-major).
settings: {"inputs", "classes", "image": how a record is one, "seed", "config": a trial's settings with hidden units as a list and
defaults filled in}
prints {"weightsSha256", "epochs": [[epoch, metrics], ...], "metrics"}, every metric as the hexadecimal digits of its bits
"""
import hashlib
import json
import math
import os
import struct
import sys

import numpy as np

f32 = np.float32
np.seterr(all="ignore")  # overflow and NaN are results like others


# Seeds and draws


class Alea:
    def __init__(self, text):
        self.n = float(0xEFC8249D)
        self.s = [self.mash(" ") for _ in range(3)]
        for i in range(3):
            self.s[i] -= self.mash(text)
            if self.s[i] < 0:
                self.s[i] += 1
        self.c = 1.0

    def mash(self, text):
        u32 = lambda x: float(int(x) & 0xFFFFFFFF)
        n = self.n
        for unit in text:
            n = n + ord(unit)
            h = 0.02519603282416938 * n
            n = u32(h)
            h = (h - n) * n
            n = u32(h)
            h = h - n
            n = n + h * 2.0**32
        self.n = n
        return u32(n) * 2.0**-32

    def next(self):
        t = 2091639 * self.s[0] + self.c * 2.0**-32
        self.c = float(math.floor(t))
        self.s = [self.s[1], self.s[2], t - self.c]
        return self.s[2]

    def double(self):
        left = self.next()
        return left + math.floor(self.next() * 2.0**21) * 2.0**-53


# Functions of float64, of numbers and arrays


def exp(x):
    k = np.floor(x * 1.44269504088896338700 + 0.5)
    k = np.where(np.isfinite(k), np.clip(k, -1100, 1100), 0)
    high = x - k * 6.93147180369123816490e-1
    low = k * 1.90821492927058770002e-10
    r = high - low
    t = r * r
    p4 = -1.65339022054652515390e-6 + t * 4.13813679705723846039e-8
    p2 = -2.77777777770155933842e-3 + t * (6.61375632143793436117e-5 + t * p4)
    c = r - t * (1.66666666666666019037e-1 + t * p2)
    y = 1 - ((low - (r * c) / (2 - c)) - high)
    half = np.floor(k / 2)
    y = np.ldexp(np.ldexp(y, half.astype(int)), (k - half).astype(int))
    y = np.where(x < -745.133219101941108420, 0.0, np.where(x > 709.782712893383973096, np.inf, y))
    return np.where(np.isnan(x), np.nan, y)


def log(x):
    if not x > 0:
        return -math.inf if x == 0 else math.nan
    if x == math.inf:
        return x
    m, k = math.frexp(x)  # 0.5 <= m < 1; exact, for subnormal numbers too
    bits = struct.unpack(">Q", struct.pack(">d", m))[0]
    if bits >> 32 < 0x3FE6A09E:
        m, k = 2 * m, k - 1
    f = m - 1
    q = 0.5 * f * f
    s = f / (2 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1))
    l5 = 1.818357216161805012e-1 + w * 1.479819860511658591e-1
    odd = z * (6.666666666666735130e-1 + w * (2.857142874366239149e-1 + w * l5))
    return s * (q + (even + odd)) + k * 1.90821492927058770002e-10 - q + f + k * 6.93147180369123816490e-1


def exponent(x):
    return (struct.unpack(">Q", struct.pack(">d", x))[0] >> 52) & 0x7FF


def cos(x):
    n, high, low = 0, x, 0.0
    if x > 0.7853981633974483:
        n = math.floor(x * 6.36619772367581382433e-1 + 0.5)
        a = x - n * 1.57079632673412561417
        b = n * 6.07710050650619224932e-11
        high = a - b
        for places, part, left in (
            (16, 6.07710050630396597660e-11, 2.02226624879595063154e-21),
            (49, 2.02226624871116645580e-21, 8.47842766036889956997e-32),
        ):
            if exponent(x) - exponent(high) <= places:
                break
            before = a
            b = n * part
            a = before - b
            b = n * left - ((before - a) - b)
            high = a - b
        low = (a - high) - b
    z = high * high
    w = z * z
    if n % 2 == 1:
        v = z * high
        r = 8.33333333332248946124e-3 + z * (-1.98412698298579493134e-4 + z * 2.75573137070700676789e-6)
        r = r + z * w * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)
        value = high - ((z * (0.5 * low - v * r) - low) - v * -1.66666666666666324348e-1)
    else:
        r = z * (4.16666666666666019037e-2 + z * (-1.38888888888741095749e-3 + z * 2.48015872894767294178e-5))
        r = r + w * w * (-2.75573143513906633035e-7 + z * (2.08757232129817482790e-9 + z * -1.13596475577881948265e-11))
        half = 0.5 * z
        leading = 1 - half
        value = leading + (((1 - leading) - half) + (z * r - high * low))
    return value if n % 4 in (0, 3) else -value


# The network


def product(a, b):
    """Sums over a's columns in ascending order, every operation rounded to float32."""
    total = np.zeros((a.shape[0], b.shape[1]), f32)
    for k in range(a.shape[1]):
        total = total + a[:, k : k + 1] * b[k : k + 1]
    return total


def initial(seed, layers, init):
    draws = Alea(f"{seed}:init")
    parameters = []
    for n, outputs in zip(layers, layers[1:]):
        d = {"he": math.sqrt(2 / n), "xavier": math.sqrt(2 / (n + outputs))}.get(init, 1 / math.sqrt(n))
        weights = np.empty(n * outputs, f32)
        for i in range(n * outputs):
            radius = math.sqrt(-2 * log(1 - draws.double()))
            weights[i] = f32(radius * cos(6.283185307179586 * draws.double()) * d)
        parameters.append([weights.reshape(n, outputs), np.zeros(outputs, f32)])
    return parameters


def batch_order(seed, epoch, n):
    draws = Alea(f"{seed}:order:{epoch}")
    order = list(range(n))
    for last in range(n - 1, 0, -1):
        j = math.floor(draws.next() * (last + 1))
        order[j], order[last] = order[last], order[j]
    return np.array(order)


def mirrored(images, image):
    height, width, channels = image["height"], image["width"], image["channels"]
    rows = images.reshape((-1, width) if image["order"] == "planar" else (-1, width, channels))
    return rows[:, ::-1].reshape(images.shape)


def drop(draws, p, rows, units):
    kept = [draws.next() >= p for _ in range(rows * units)]
    return np.where(np.array(kept).reshape(rows, units), f32(1 / (1 - p)), f32(0))


def forward(parameters, x, factors=None):
    """The input of every layer, and the scores."""
    inputs = [x]
    for layer, (weights, bias) in enumerate(parameters):
        z = product(inputs[-1], weights) + bias
        h = np.where(z < 0, f32(0), z)
        inputs.append(h * factors[layer] if factors and layer < len(factors) else h)
    return inputs[:-1], z


def largest(scores):
    best = np.zeros(len(scores), int)
    for j in range(1, scores.shape[1]):
        best = np.where(scores[:, j] > scores[np.arange(len(scores)), best], j, best)
    return best, scores[np.arange(len(scores)), best][:, None]


def step(parameters, velocities, x, labels, eta, lam, mu, factors):
    rows = len(x)
    inputs, scores = forward(parameters, x, factors)
    e = exp((scores - largest(scores)[1]).astype(np.float64)).astype(f32)
    total = np.zeros(rows, f32)
    for j in range(e.shape[1]):
        total = total + e[:, j]
    target = (np.arange(e.shape[1]) == labels[:, None]).astype(f32)
    g = (e / total[:, None] - target) / f32(rows)
    keep, rate = f32(1 - 2 * eta * lam), f32(eta)
    for layer in range(len(parameters) - 1, -1, -1):
        weights, bias = parameters[layer]
        h = inputs[layer]
        if layer > 0:
            back = product(g, weights.T)
            before = np.where(h <= 0, f32(0), back * factors[layer - 1] if factors else back)
        db = np.zeros(len(bias), f32)
        for i in range(rows):
            db = db + g[i]
        dw = product(h.T, g)
        if mu > 0:
            v, vb = velocities[layer]
            v, vb = (f32(mu) * v + dw) + f32(2 * lam) * weights, f32(mu) * vb + db
            velocities[layer], parameters[layer] = [v, vb], [weights - rate * v, bias - rate * vb]
        else:
            parameters[layer] = [keep * weights - rate * dw, bias - rate * db]
        g = before if layer > 0 else None


def evaluate(parameters, x, labels, lam, squares, name):
    _, scores = forward(parameters, x)
    best, top = largest(scores)
    d = (scores - top).astype(np.float64)
    e = exp(d)
    loss_sum = 0.0
    for i in range(len(x)):
        total = 0.0
        for j in range(e.shape[1]):
            total = total + float(e[i, j])
        loss_sum = loss_sum + (log(total) - float(d[i, labels[i]]))
    loss = loss_sum / len(x)
    return {
        f"{name}_cost": loss + lam * squares,
        f"{name}_loss": loss,
        f"{name}_accuracy": int((best == labels).sum()) / len(x),
    }


def sum_squares(parameters):
    total = 0.0
    for weights, _ in parameters:
        for w in weights.astype(np.float64).ravel().tolist():
            total = total + w * w
    return total


def in_steps(length, steps_per_epoch):
    if not isinstance(length, dict):
        return length
    return length["steps"] if "steps" in length else max(1, math.floor(length["epochs"] * steps_per_epoch))


def learning_rate(s, steps_per_epoch, total, t):
    name = s["schedule"]
    n, w, v = (in_steps(s.get(key, 0), steps_per_epoch) for key in ("step_size", "warmup", "every"))
    wave = lambda x: cos(3.141592653589793 * x)
    power = lambda base, k: float(exp(k * log(base)))
    if name in ("constant", "step"):
        return s["value"] * power(s["factor"], t // v) if name == "step" else s["value"]
    least, share = s.get("min"), t / total
    if name == "range_test" and s["growth"] == "exponential":
        return least * power(s["max"] / least, share)
    if name == "one_cycle":
        rise = (lambda x: x) if s["anneal"] == "linear" else (lambda x: 0.5 * (1 - wave(x)))
        least, peak = s["max"] / s["div_factor"], max(0, s["pct_start"] * total - 1)
        falling = total - 1 - peak
        share = rise(t / peak) if t < peak else 1 - rise((t - peak) / falling if falling else 0)
        least = least if t < peak else least / s["final_div_factor"]
    elif name == "cosine":
        first, length = 0, in_steps(s["restarts"]["period"], steps_per_epoch) if "restarts" in s else total - w
        while t - w >= first + length:
            first, length = first + length, length * s["restarts"]["multiply"]
        share = t / w if t < w else 0.5 * (1 + wave((t - w - first) / length))
    elif name != "range_test":
        position = t % (2 * n)
        share = position / n if position < n else 2 - position / n
        decay = {"triangular": lambda: 1, "triangular2": lambda: math.ldexp(1.0, -(t // (2 * n)))}
        share = share * decay.get(name, lambda: power(s["gamma"], t))()
    return least + (s["max"] - least) * share


def normalisation(images):
    """Sums of whole numbers; the largest here is far below 2^63."""
    n = len(images)
    whole = images.astype(np.int64)
    sums, squares = whole.sum(0).tolist(), (whole * whole).sum(0).tolist()
    spread = [n * q - s * s for s, q in zip(sums, squares)]
    deviation = [math.sqrt(float(v)) / n if v else 1.0 for v in spread]
    return np.array([s / n for s in sums]).astype(f32), np.array([1 / d for d in deviation]).astype(f32)


def train(settings, data):
    config, seed = settings["config"], settings["seed"]
    n, m, batch, lam = config["dataset"]["train"], config["dataset"]["validation"], config["batch_size"], config["lambda"]
    mean, inverse = normalisation(data["train-images"][:n])
    normal = lambda images: (images.astype(f32) - mean) * inverse
    parts = {
        "train": (normal(data["train-images"][:n]), data["train-labels"][:n]),
        "val": (normal(data["train-images"][n : n + m]), data["train-labels"][n : n + m]),
        "test": (normal(data["test-images"]), data["test-labels"]),
    }
    parameters = initial(seed, [settings["inputs"], *config["hidden"], settings["classes"]], config.get("init"))
    velocities = [[np.zeros_like(values) for values in layer] for layer in parameters]
    sums, cycles, best, waited = [[np.zeros(a.shape) for a in layer] for layer in parameters], 0, math.inf, 0
    p, stopping = config.get("dropout", 0), config.get("early_stopping")
    steps_per_epoch = n // batch
    rate = config["learning_rate"]
    cycle = 2 * in_steps(rate.get("step_size", 0), steps_per_epoch)
    total = cycle * config["cycles"] if "cycles" in config else config["epochs"] * steps_per_epoch
    x, labels = parts["train"]
    turned = normal(mirrored(data["train-images"][:n], settings["image"])) if config.get("horizontal_flips") else x

    def measure(last):
        if last and cycles > 0:
            parameters[:] = [[(each / cycles).astype(f32) for each in layer] for layer in sums]
        squares, metrics = sum_squares(parameters), {}
        for name, when in config["evaluate"].items():
            if (when == "epoch" or (when == "final" and last)) and len(parts[name][0]) > 0:
                metrics.update(evaluate(parameters, *parts[name], lam, squares, name))
        return squares, metrics, all(map(math.isfinite, [squares, *metrics.values()]))

    epochs, t, epoch = [], 0, 0
    while t < total:
        epoch += 1
        order = batch_order(seed, epoch, n)
        flips, streams = Alea(f"{seed}:flip:{epoch}"), [Alea(f"{seed}:dropout:{epoch}:{l + 1}") for l in range(len(parameters) - 1)]
        for i in range(min(steps_per_epoch, total - t)):
            rows = order[i * batch : (i + 1) * batch]
            flip = np.array([flips.next() < 0.5 for _ in rows])[:, None]
            factors = p > 0 and [drop(s, p, batch, units) for s, units in zip(streams, config["hidden"])]
            shown = np.where(flip, turned[rows], x[rows])
            eta = learning_rate(rate, steps_per_epoch, total, t)
            step(parameters, velocities, shown, labels[rows], eta, lam, config.get("momentum", 0), factors)
            t += 1
            if config.get("average") == "cycles" and t % cycle == 0:
                sums, cycles = [[s + a for s, a in zip(*pair)] for pair in zip(sums, parameters)], cycles + 1
        squares, metrics, finite = measure(t == total)
        if t < total and finite and stopping:
            better = metrics["val_loss"] < best - stopping.get("min_delta", 0)
            best, waited = (metrics["val_loss"], 0) if better else (best, waited + 1)
            if waited >= stopping["patience"]:
                squares, metrics, finite = measure(True)
                total = t
        epochs.append([epoch, dict(metrics)])
        if not finite:
            return parameters, epochs, metrics
    if config["test"]:
        metrics.update(evaluate(parameters, *parts["test"], lam, squares, "test"))
    return parameters, epochs, metrics


def digits(metrics):
    return {name: "7ff8000000000000" if v != v else struct.pack(">d", v).hex() for name, v in metrics.items()}


def main():
    settings = json.load(sys.stdin)
    data = {}
    for part in ("train", "test"):
        for kind in ("images", "labels"):
            data[f"{part}-{kind}"] = np.fromfile(os.path.join(sys.argv[1], f"{part}-{kind}.bin"), np.uint8)
        data[f"{part}-images"] = data[f"{part}-images"].reshape(-1, settings["inputs"])
    parameters, epochs, metrics = train(settings, data)
    sha = hashlib.sha256()
    for values in (each for pair in parameters for each in pair):
        bits = np.ascontiguousarray(values).view(np.uint32).copy()
        bits[np.isnan(values)] = 0x7FC00000
        sha.update(bits.astype("<u4").tobytes())
    print(json.dumps({
        "weightsSha256": sha.hexdigest(),
        "epochs": [[epoch, digits(each)] for epoch, each in epochs],
        "metrics": digits(metrics),
    }))


if __name__ == "__main__":
    main()
