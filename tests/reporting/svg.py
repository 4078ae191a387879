"""What the tests read out of an SVG."""

import re


def texts(svg: str) -> list[str]:
    return [text.replace("\u2212", "-") for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]
