# SPDX-License-Identifier: MIT
"""Charts as inline SVG: lines and bars over a linear or logarithmic scale. Colours are classes, s0 to s7, that the page
defines for light and dark."""

import html
import math

WIDTH, HEIGHT = 520, 270
LEFT, RIGHT, TOP, BOTTOM = 54, 12, 10, 38


def number(value):
    """Short: 0.25, 12, 1,200, 15k, 2M."""
    if value == 0:
        return "0"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):.3g}{letter}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def milliseconds(value):
    return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.3g} ms"


def seconds(value):
    return f"{int(value) // 60}:{int(value) % 60:02d}"


def step_for(span, count):
    """1, 2 or 5 times a power of ten, so that about `count` of them fit."""
    raw = span / max(count, 1)
    size = 10 ** math.floor(math.log10(raw))
    return next(step * size for step in (1, 2, 5, 10) if raw <= step * size * 1.0001)


class Linear:
    def __init__(self, low, high, show=number, count=5):
        step = step_for(max(high - low, 1e-9), count)
        self.low, self.high = low, max(high, low + step * 0.5)
        self.ticks = [(low + i * step, show(low + i * step)) for i in range(int((self.high - low) / step + 1.0001))]

    def place(self, value):
        return (value - self.low) / (self.high - self.low)


class Upwards(Linear):
    """From 0 to a round number at or above `high`."""

    def __init__(self, high, show=number, count=4):
        high = high if high > 0 else 1
        step = step_for(high, count)
        super().__init__(0, math.ceil(high / step - 1e-9) * step, show, count)


class Log:
    """Each decade has ticks at 1, and at 2 and 5, or at 3, where there are few decades."""

    def __init__(self, low, high, show=milliseconds):
        self.low = math.log10(max(low, 1e-6))
        self.high = max(math.log10(max(high, 1e-6)), self.low + 0.3)
        decades = self.high - self.low
        steps = (1, 2, 5) if decades <= 2 else (1, 3) if decades <= 3.5 else (1,)
        values = [step * 10.0 ** power for power in range(math.floor(self.low), math.ceil(self.high) + 1) for step in steps]
        self.ticks = [(value, show(value)) for value in values
                      if self.low - 1e-6 <= math.log10(value) <= self.high + 1e-6]

    def place(self, value):
        return (min(max(math.log10(max(value, 1e-6)), self.low), self.high) - self.low) / (self.high - self.low)


class Nines:
    """A share of requests, stretched towards 1: 50 %, 90 %, 99 %, 99.9 %, ..."""

    def __init__(self, most):
        self.high = -math.log10(1 - most)
        shares = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]
        self.ticks = [(share, f"{100 * share:.6g} %") for share in shares if share <= most + 1e-12]

    def place(self, share):
        return -math.log10(1 - share) / self.high


class Chart:
    def __init__(self, title, x, y, x_name, y_name):
        self.title, self.x, self.y, self.x_name, self.y_name = title, x, y, x_name, y_name
        self.behind, self.parts, self.legend = [], [], []

    def _x(self, value):
        return LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)

    def _y(self, value):
        return HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - TOP - BOTTOM)

    def line(self, name, points, colour, dash=False):
        """`points` [(x, y)], in the order of x; None as y leaves a gap."""
        pieces, pen = [], "M"
        for x, y in points:
            if y is None:
                pen = "M"
                continue
            pieces.append(f"{pen}{self._x(x):.1f} {self._y(y):.1f}")
            pen = "L"
        if pieces:
            kind = "line dash" if dash else "line"
            self.parts.append(f'<path class="{kind} s{colour % 8}" d="{"".join(pieces)}"/>')
        self.legend.append((name, colour % 8, dash))

    def bars(self, name, bars, colour):
        """`bars` [(x from, x to, y)]"""
        for begin, end, y in bars:
            left, right, top = self._x(begin), self._x(end), self._y(y)
            self.parts.append(f'<rect class="bar f{colour % 8}" x="{left:.1f}" y="{top:.1f}" '
                              f'width="{max(right - left - 0.6, 0.6):.1f}" height="{HEIGHT - BOTTOM - top:.1f}"/>')
        self.legend.append((name, colour % 8, False))

    def band(self, begin, end, text):
        left, right = self._x(begin), self._x(end)
        self.behind.append(f'<rect class="band" x="{left:.1f}" y="{TOP}" width="{max(right - left, 0):.1f}" '
                           f'height="{HEIGHT - TOP - BOTTOM}"/>')
        if right - left > 7 * len(text):
            self.behind.append(f'<text class="small" x="{left + 4:.1f}" y="{TOP + 14}">{html.escape(text)}</text>')

    def mark(self, x, text, row=0):
        at = self._x(x)
        side = 'x="{:.1f}" text-anchor="end"'.format(at - 4) if at > WIDTH * 0.7 else f'x="{at + 4:.1f}"'
        self.parts.append(f'<path class="mark" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
                          f'<text class="small" {side} y="{TOP + 14 + 15 * row}">{html.escape(text)}</text>')

    def level(self, y, text):
        at = self._y(y)
        self.parts.append(f'<path class="mark" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
                          f'<text class="small" x="{WIDTH - RIGHT}" y="{at - 4:.1f}" text-anchor="end">'
                          f'{html.escape(text)}</text>')

    def _axes(self):
        base = HEIGHT - BOTTOM
        for value, text in self.y.ticks:
            yield f'<path class="grid" d="M{LEFT} {self._y(value):.1f}H{WIDTH - RIGHT}"/>'
            yield f'<text x="{LEFT - 6}" y="{self._y(value) + 4:.1f}" text-anchor="end">{text}</text>'
        end = LEFT
        for value, text in self.x.ticks:
            at, half = self._x(value), 3.4 * len(text)
            yield f'<path class="grid" d="M{at:.1f} {base}v4"/>'
            if at - half < end + 4 and value != self.x.ticks[0][0]:
                continue  # no room beside the last one
            anchor, end = ("end", at) if at + half > WIDTH else ("middle", at + half)
            yield f'<text x="{at:.1f}" y="{base + 17}" text-anchor="{anchor}">{text}</text>'
        yield f'<path class="axis" d="M{LEFT} {base}H{WIDTH - RIGHT}"/>'
        yield f'<text class="small" x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{html.escape(self.x_name)}</text>'

    def figure(self):
        title = html.escape(self.title)
        keys = "".join(f'<span><i class="key f{colour}{" thin" if dash else ""}"></i>{html.escape(name)}</span>'
                       for name, colour, dash in self.legend if name)
        return (f'<figure><figcaption><b>{title}</b> <small>{html.escape(self.y_name)}</small>'
                f'<span class="keys">{keys}</span></figcaption>'
                f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
                f'{"".join(self.behind)}{"".join(self._axes())}{"".join(self.parts)}</svg></figure>')
