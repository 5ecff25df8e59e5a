#!/usr/bin/python3
"""render.py OUT.png < ANSI TEXT: draws a terminal screen, as `tmux capture-pane -e -p` prints it.

Development only: needs python3-pil and the DejaVu Sans Mono font.
"""
import re
import sys
import unicodedata
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono%s.ttf"
CW, CH, SIZE = 9, 18, 15
BASE = [(0, 0, 0), (205, 49, 49), (13, 188, 121), (229, 229, 16), (36, 114, 200), (188, 63, 188), (17, 168, 205),
        (229, 229, 229), (102, 102, 102), (241, 76, 76), (35, 209, 139), (245, 245, 67), (59, 142, 234),
        (214, 112, 214), (41, 184, 219), (255, 255, 255)]
FG, BG = (212, 212, 212), (16, 16, 20)


def colour(n):
    if n < 16:
        return BASE[n]
    if n < 232:
        n -= 16
        return tuple(0 if v == 0 else 55 + 40 * v for v in (n // 36, n // 6 % 6, n % 6))
    return (8 + 10 * (n - 232),) * 3


def sgr(state, params):
    p = [int(x or 0) for x in re.split("[;:]", params)] if params else [0]
    i = 0
    while i < len(p):
        c = p[i]
        if c == 0:
            state.update(fg=FG, bg=BG, bold=False, rev=False, dim=False, under=False)
        elif c in (1, 2, 4, 7):
            state[{1: "bold", 2: "dim", 4: "under", 7: "rev"}[c]] = True
        elif c == 22:
            state.update(bold=False, dim=False)
        elif c in (24, 27):
            state["under" if c == 24 else "rev"] = False
        elif c in (38, 48) and i + 2 < len(p):
            key = "fg" if c == 38 else "bg"
            if p[i + 1] == 5:
                state[key] = colour(p[i + 2]); i += 2
            else:
                rgb = p[i + 2:i + 5]
                state[key] = tuple(rgb); i += 4
        elif 30 <= c <= 37 or 90 <= c <= 97:
            state["fg"] = BASE[c - 30 if c < 90 else c - 82]
        elif 40 <= c <= 47 or 100 <= c <= 107:
            state["bg"] = BASE[c - 40 if c < 100 else c - 92]
        elif c == 39:
            state["fg"] = FG
        elif c == 49:
            state["bg"] = BG
        i += 1


def cells(line):
    state = dict(fg=FG, bg=BG, bold=False, rev=False, dim=False, under=False)
    for m in re.finditer(r"\x1b\[([0-9;:]*)m|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.|(.)", line):
        if m.group(2):
            yield m.group(2), dict(state)
        elif m.group(0).endswith("m") and m.group(0).startswith("\x1b["):
            sgr(state, m.group(1))


def draw_cell(d, fonts, x, y, ch, st):
    fg, bg = (st["bg"], st["fg"]) if st["rev"] else (st["fg"], st["bg"])
    if st["dim"]:
        fg = tuple((a + b) // 2 for a, b in zip(fg, bg))
    d.rectangle([x, y, x + CW - 1, y + CH - 1], fill=bg)
    o = ord(ch)
    if 0x2800 <= o <= 0x28ff:
        for bit, (cx, cy) in enumerate([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]):
            if (o - 0x2800) >> bit & 1:
                px, py = x + 2 + cx * 4, y + 2 + int(cy * 4.5)
                d.rectangle([px, py, px + 1, py + 1], fill=fg)
    elif ch == "▀":
        d.rectangle([x, y, x + CW - 1, y + CH // 2 - 1], fill=fg)
    elif ch == "▄":
        d.rectangle([x, y + CH // 2, x + CW - 1, y + CH - 1], fill=fg)
    elif 0x2581 <= o <= 0x2588:
        d.rectangle([x, y + CH - CH * (o - 0x2580) // 8, x + CW - 1, y + CH - 1], fill=fg)
    elif ch != " ":
        d.text((x, y), ch, font=fonts[st["bold"]], fill=fg)
    if st["under"]:
        d.line([x, y + CH - 2, x + CW - 1, y + CH - 2], fill=fg)


def main():
    lines = sys.stdin.read().split("\n")
    while lines and not lines[-1]:
        lines.pop()
    rows = [list(cells(line)) for line in lines]
    width = max((sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c, _ in r) for r in rows), default=1)
    img = Image.new("RGB", (width * CW + 8, len(rows) * CH + 8), BG)
    d = ImageDraw.Draw(img)
    fonts = {b: ImageFont.truetype(FONT % ("-Bold" if b else ""), SIZE) for b in (False, True)}
    for r, row in enumerate(rows):
        x = 4
        for ch, st in row:
            draw_cell(d, fonts, x, 4 + r * CH, ch, st)
            x += CW * (2 if unicodedata.east_asian_width(ch) in "WF" else 1)
    img.save(sys.argv[1], optimize=True)


if __name__ == "__main__":
    main()
