"""Recomputes a search's result digest by its documentation: {"numericsVersion", "trials": [...]} on stdin, the digest on stdout."""
import hashlib
import json
import struct
import sys


def bits(value):
    return struct.pack(">d", value).hex()


def parameter(value):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return ["bits", bits(value)] if number else ["value", value]


def metrics(values):
    return {name: bits(value) for name, value in values.items()}


search = json.load(sys.stdin)
trials = [
    {
        "number": trial["number"],
        "parameters": {name: parameter(value) for name, value in trial["parameters"].items()},
        "seed": trial["seed"],
        "state": trial["state"],
        "epochs": [[epoch["epoch"], metrics(epoch["metrics"])] for epoch in trial["epochs"]],
        "metrics": metrics(trial["metrics"]),
        "weights": trial["weightsSha256"],
    }
    for trial in sorted(search["trials"], key=lambda trial: trial["number"])
]
canonical = json.dumps(
    {"numericsVersion": search["numericsVersion"], "trials": trials}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
)
print(json.dumps(hashlib.sha256(canonical.encode("utf-8")).hexdigest()))
