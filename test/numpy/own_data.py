"""Arrays of one's own as NumPy writes them, and what Vernier stored of them as NumPy reads it.

write FOLDER: writes train and test arrays whose labels have every integer type, as FOLDER/TYPE/*.npy, and arrays that
cannot be used. check FOLDER DATASET: reads DATASET's idx files and compares them with FOLDER/TYPE/*.npy, element by
element. Prints JSON.
"""
import json
import os
import sys

import numpy as np

TYPES = ["<u1", "<i1", "<u2", "<i2", ">i2", "<u4", "<i4", ">i4", "<u8", "<i8", ">u8"]


def arrays(kind):
    generator = np.random.default_rng(TYPES.index(kind))
    return {
        "train-images": generator.integers(0, 256, (50, 4, 3), dtype=np.uint8),
        "train-labels": generator.integers(0, 10, 50).astype(kind),
        "test-images": generator.integers(0, 256, (20, 4, 3), dtype=np.uint8),
        "test-labels": generator.integers(0, 10, 20).astype(kind),
    }


def write(folder):
    for kind in TYPES:
        os.makedirs(os.path.join(folder, kind.strip("<")))
        for name, array in arrays(kind).items():
            np.save(os.path.join(folder, kind.strip("<"), name), array)
    images, labels = arrays("<i8")["train-images"], arrays("<i8")["train-labels"]
    unusable = {
        "fortran": (np.asfortranarray(images), labels),
        "float": (images.astype(np.float32) / 255, labels),
        "bool": (images > 127, labels),
        "objects": (images, labels.astype(object)),
        "strided": (images[:, ::2], labels),
        "onehot": (images, np.eye(10, dtype=np.uint8)[labels]),
    }
    for name, (some_images, some_labels) in unusable.items():
        os.makedirs(os.path.join(folder, name))
        np.save(os.path.join(folder, name, "x_train"), some_images)
        np.save(os.path.join(folder, name, "y_train"), some_labels)
    return {"types": [kind.strip("<") for kind in TYPES], "unusable": list(unusable)}


def read_idx(path):
    content = open(path, "rb").read()
    assert content[:3] == b"\0\0\x08", content[:4]
    shape = np.frombuffer(content, ">u4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(shape)


def check(folder, dataset):
    equal = {}
    for name in ["train-images", "train-labels", "test-images", "test-labels"]:
        written = np.load(os.path.join(folder, name + ".npy"))
        stored = read_idx(os.path.join(dataset, name + ".idx"))
        equal[name] = bool(written.shape == stored.shape and (written == stored).all())
    return equal


print(json.dumps({"write": write, "check": check}[sys.argv[1]](*sys.argv[2:])))
