"""How many records the network of a weights file has right, computed from that file and the raw data files alone: what
anyone could write who has the safetensors format's description, the file's own metadata and docs/numerics.md.

stdin: {"weights": FILE, "train": [FILE, ...], "test": [FILE, ...]}
    the files of the records in file order: CIFAR-10's .bin, or idx images followed by idx labels
stdout: {"right": {"train": n, "val": n, "test": n}, "records": {...}, "plain": {...}, "metadata": {...}, "shapes": {...}}
    right: every sum in the order of docs/numerics.md, in float32: the very scores that training evaluates
    plain: as the metadata says, in float64 and in NumPy's own order; a near tie may fall otherwise
"""
import json
import math
import struct
import sys

import numpy as np

f32 = np.float32
CIFAR10_RECORD = 1 + 3 * 32 * 32


def read_safetensors(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    body = data[8 + length :]
    tensors = {}
    for name, entry in header.items():
        assert entry["dtype"] == "F32", entry
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(body[begin:end], "<f4").reshape(entry["shape"])
    return tensors, metadata


def read_idx(path):
    data = open(path, "rb").read()
    axes = data[3]
    shape = struct.unpack(">%dI" % axes, data[4 : 4 + 4 * axes])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape[0], -1)


def read_records(paths):
    if paths[0].endswith(".bin"):
        records = np.concatenate([np.fromfile(path, np.uint8).reshape(-1, CIFAR10_RECORD) for path in paths])
        return records[:, 1:], records[:, 0]
    images, labels = map(read_idx, paths)
    return images, labels[:, 0]


def normalisation(images):
    """The training records' mean and the inverse of their deviation, from exact whole numbers."""
    n = len(images)
    sums, squares = np.zeros(images.shape[1], np.int64), np.zeros(images.shape[1], np.int64)
    for rows in np.array_split(images, n // 1000 + 1):
        whole = rows.astype(np.int64)
        sums += whole.sum(0)
        squares += (whole * whole).sum(0)
    spread = [n * q - s * s for s, q in zip(sums.tolist(), squares.tolist())]
    deviation = [math.sqrt(float(v)) / n if v else 1.0 for v in spread]
    return (
        np.array([s / n for s in sums.tolist()]).astype(f32),
        np.array(deviation).astype(f32),
        np.array([1 / d for d in deviation]).astype(f32),
    )


def layers(tensors):
    count = sum(name.startswith("W") for name in tensors)
    return [(tensors[f"W{layer}"], tensors[f"b{layer}"]) for layer in range(1, count + 1)]


def exact_classes(network, x):
    """The class of the first largest score; sums over the inputs in ascending order, each operation in float32."""
    for index, (weights, bias) in enumerate(network):
        columns, z = np.ascontiguousarray(x.T), np.zeros((len(x), len(bias)), f32)
        for k in range(len(weights)):
            z += columns[k][:, None] * weights[k]
        z += bias
        x = np.where(z < 0, f32(0), z) if index < len(network) - 1 else z
    return x.argmax(1)


def plain_classes(network, x):
    for index, (weights, bias) in enumerate(network):
        z = x @ weights.astype(np.float64) + bias
        x = np.maximum(0, z) if index < len(network) - 1 else z
    return x.argmax(1)


def main():
    request = json.load(sys.stdin)
    tensors, metadata = read_safetensors(request["weights"])
    network = layers(tensors)
    train_images, train_labels = read_records(request["train"])
    n, m = int(metadata["train_records"]), int(metadata["validation_records"])
    parts = {
        "train": (train_images[:n], train_labels[:n]),
        "val": (train_images[n : n + m], train_labels[n : n + m]),
        "test": read_records(request["test"]),
    }
    mean, deviation, inverse = normalisation(parts["train"][0])
    assert (mean == tensors["input_mean"]).all() and (deviation == tensors["input_deviation"]).all()
    right, plain = {}, {}
    for part, (images, labels) in parts.items():
        right[part] = plain[part] = 0
        for start in range(0, len(images), 1000):  # as many as the processor's cache likes
            some, wanted = images[start : start + 1000], labels[start : start + 1000]
            x = (some.astype(f32) - mean) * inverse
            right[part] += int((exact_classes(network, x) == wanted).sum())
            x = (some - tensors["input_mean"].astype(np.float64)) / tensors["input_deviation"]
            plain[part] += int((plain_classes(network, x) == wanted).sum())
    print(json.dumps({
        "right": right,
        "plain": plain,
        "records": {part: len(labels) for part, (_, labels) in parts.items()},
        "metadata": metadata,
        "shapes": {name: list(tensor.shape) for name, tensor in tensors.items()},
    }))


main()
