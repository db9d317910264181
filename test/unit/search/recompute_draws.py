"""Draws parameters by the documentation and with Python's own hashlib and math, not with the project's code.

stdin: [{"seed", "round", "index", "parameter", "retry", "distribution", "min", "max", "q"?}, ...]
stdout: [{"u", "value"}, ...]
"""
import hashlib
import json
import math
import sys


def share(draw):
    parts = ["vernier", draw["seed"], "parameter", draw["round"], draw["index"], draw["retry"], draw["parameter"]]
    digest = hashlib.sha256(":".join(map(str, parts)).encode("utf-8")).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def value(draw, u):
    low, high, kind = draw["min"], draw["max"], draw["distribution"]
    if kind == "int_uniform":
        return low + math.floor(u * (high - low + 1))
    if "log" in kind:
        x = math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    else:
        x = low + u * (high - low)
    # Python's round, like numpy's, takes halves to the even neighbour.
    return round(x / draw["q"]) * draw["q"] if "q" in draw else x


draws = json.load(sys.stdin)
print(json.dumps([{"u": share(draw), "value": value(draw, share(draw))} for draw in draws]))
