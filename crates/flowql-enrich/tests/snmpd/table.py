#!/usr/bin/env python3
"""A table of interfaces for snmpd's pass_persist: table.py COUNT FIRST

The interface with the number n (from 0) is called `etn`; its index is n + FIRST.
"""

import bisect
import sys

count, first = (int(argument) for argument in sys.argv[1:])
table, extended = (1, 3, 6, 1, 2, 1, 2, 2, 1), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
objects = []
for number in range(count):
    index = number + first
    objects += [
        ((*table, 2, index), "string", f"Ethernet number {number}"),
        ((*table, 5, index), "gauge", "1000000000"),
        ((*extended, 1, index), "string", f"et{number}"),
        ((*extended, 15, index), "gauge", "1000"),
        ((*extended, 18, index), "string", f"to customer {number}"),
    ]
objects.sort()
names = [name for name, _, _ in objects]

for line in map(str.strip, sys.stdin):
    if line == "PING":
        print("PONG", flush=True)
        continue
    asked = tuple(int(arc) for arc in sys.stdin.readline().strip().strip(".").split("."))
    place = bisect.bisect_left(names, asked) if line == "get" else bisect.bisect_right(names, asked)
    if line not in ("get", "getnext"):
        print("not-writable", flush=True)
    elif place == len(names) or line == "get" and names[place] != asked:
        print("NONE", flush=True)
    else:
        name, kind, value = objects[place]
        print("." + ".".join(map(str, name)), kind, value, sep="\n", flush=True)
