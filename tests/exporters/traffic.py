"""The traffic that the exporters see: sent, and looked for among decoded flows.

    traffic.py send          sends it, from the host's namespace
    traffic.py fill          sends packets of another protocol, which do not count
    traffic.py check FILE    exits with 0 where the flows of a file, JSON lines, are those that were sent
"""

import json
import socket
import sys
from collections import defaultdict

ROUTER, HOST = "198.51.100.1", "198.51.100.2"
HEADERS = 20 + 8
# Source port, destination port, datagrams, bytes of payload, type of service. All of them fit into the buffer of an
# exporter, however long it is not run.
FLOWS = [(40001, 53, 20, 100, 0), (40002, 4500, 80, 1372, 0), (40003, 123, 5, 48, 0xB8)]


def send():
    # What nobody listens for would be answered by ICMP, which is traffic too: these are bound, never read.
    for source, destination, count, size, tos in FLOWS:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            sender.bind((HOST, source))
            for _ in range(count):
                sender.sendto(bytes(size), (ROUTER, destination))


def fill():
    # The kernel gives softflowd the packets of an interface only once a buffer of some 250 kB is full.
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 253) as sender:
        for _ in range(200):
            sender.sendto(bytes(1400), (ROUTER, 0))


def key(flow):
    return (flow["SrcAddr"], flow["DstAddr"], flow["SrcPort"], flow["DstPort"], flow["Proto"], flow.get("IPTos", 0))


def check(path):
    expected = {
        (HOST, ROUTER, source, destination, 17, tos): (count, count * (size + HEADERS))
        for source, destination, count, size, tos in FLOWS
    }
    found = defaultdict(lambda: (0, 0))
    with open(path) as lines:
        for line in lines:
            if not line.endswith("\n"):
                break
            flow = json.loads(line)
            # Errors that the router answers with are traffic as well.
            if flow.get("Proto") != 17:
                continue
            packets, octets = found[key(flow)]
            found[key(flow)] = (packets + flow["Packets"], octets + flow["Bytes"])
    for flow in expected.keys() | found.keys():
        if expected.get(flow) != found.get(flow):
            print(f"{flow}: sent {expected.get(flow)}, found {found.get(flow)}")
    return found == expected


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["send"]:
            send()
        case ["fill"]:
            fill()
        case ["check", file]:
            sys.exit(0 if check(file) else 1)
        case _:
            sys.exit(__doc__)
