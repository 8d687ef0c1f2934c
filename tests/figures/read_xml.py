"""Reads SVG documents from a JSON array and prints what a strict XML parser finds in each."""

import json
import re
import sys
import xml.etree.ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def texts(element, x, y, turned):
    moved = element.get("transform", "")
    shift = re.match(r"translate\((\S+) (\S+)\)", moved)
    if shift:
        x, y = x + float(shift[1]), y + float(shift[2])
    turned = turned or "rotate(-90)" in moved
    if element.tag == SVG + "text":
        shown = "".join([element.text or ""] + [child.tail or "" for child in element])
        yield {
            "text": shown,
            "x": x + float(element.get("x", 0)),
            "y": y + float(element.get("y", 0)),
            "anchor": element.get("text-anchor", "start"),
            "size": float(element.get("font-size", 12)),
            "bold": element.get("font-weight") == "600",
            "turned": turned,
        }
    for child in element:
        yield from texts(child, x, y, turned)


answers = []
for document in json.load(sys.stdin):
    try:
        root = ET.fromstring(document.encode("utf-8", "surrogatepass"))
    except (ET.ParseError, UnicodeError) as error:
        answers.append({"error": str(error)})
        continue
    width, height = float(root.get("width")), float(root.get("height"))
    answers.append({"width": width, "height": height, "texts": list(texts(root, 0, 0, False))})
print(json.dumps(answers))
