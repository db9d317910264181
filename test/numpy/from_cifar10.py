"""A paper's trial made ready for trainer.py, without our program's reading of the data.

usage: from_cifar10.py BATCHES < preview.json > settings.json
BATCHES: the folder of data_batch_1.bin ... data_batch_5.bin and test_batch.bin; a record is its label and 3072 bytes
preview.json: what `vernier preview FILE --json` prints; its first trial is taken
writes train-images.bin, train-labels.bin, test-images.bin, test-labels.bin here
"""
import json
import sys

import numpy as np

PARTS = {"train": [f"data_batch_{i}.bin" for i in range(1, 6)], "test": ["test_batch.bin"]}
for part, files in PARTS.items():
    records = np.concatenate([np.fromfile(f"{sys.argv[1]}/{file}", np.uint8) for file in files]).reshape(-1, 3073)
    records[:, 0].tofile(f"{part}-labels.bin")
    records[:, 1:].tofile(f"{part}-images.bin")

trial = json.load(sys.stdin)["round"]["trials"][0]
config = {**trial["config"], "hidden": [trial["config"]["hidden"]]}
print(json.dumps({"inputs": 3072, "classes": 10, "seed": trial["seed"], "config": config}))
