"""The accuracy of a weights file, computed from the file and the data alone: what anyone could write who has the
safetensors format's description and the file's own metadata.

stdin: {"weights": FILE, "images": FILE, "labels": FILE (idx, unsigned bytes), "first": n, "count": n}
stdout: {"accuracy": ..., "metadata": {...}, "shapes": {...}}
"""
import json
import struct
import sys

import numpy as np


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


def main():
    request = json.load(sys.stdin)
    tensors, metadata = read_safetensors(request["weights"])
    part = slice(request["first"], request["first"] + request["count"])
    bytes_ = read_idx(request["images"])[part].astype(np.float64)
    labels = read_idx(request["labels"])[part, 0]
    x = (bytes_ - tensors["input_mean"]) / tensors["input_deviation"]
    h = np.maximum(0, x @ tensors["W1"] + tensors["b1"])
    scores = h @ tensors["W2"] + tensors["b2"]
    print(json.dumps({
        "accuracy": float((scores.argmax(1) == labels).mean()),
        "metadata": metadata,
        "shapes": {name: list(tensor.shape) for name, tensor in tensors.items()},
    }))


main()
