# SPDX-License-Identifier: MIT
"""Panels and dashboards as Grafana's JSON, out of as few words as they need. Every panel says what it answers, has a unit, and
every query has a legend; places and ids follow from the order."""

import json

COLUMNS = 24
VERSION = 39  # of Grafana's schema; newer ones migrate it
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


class Panel:
    """`at(width)` puts it beside the one before, where that leaves room."""

    def __init__(self, kind, title, description, unit, queries, height=8):
        self.kind, self.title, self.description, self.unit = kind, title, description, unit
        self.queries, self.height, self.width = queries, height, 12
        self.defaults = {"unit": unit, "min": 0, "thresholds": steps()}
        self.options, self.is_exemplar, self.transformations = {}, False, []

    def at(self, width):
        self.width = width
        return self

    def limits(self, *pairs):
        """(from, color)..., green below."""
        self.defaults["thresholds"] = steps(*pairs)
        if self.kind == "timeseries":
            self.defaults["custom"]["thresholdsStyle"] = {"mode": "dashed"}
        return self

    def top(self, value):
        self.defaults["max"] = value
        return self

    def stacked(self):
        self.defaults["custom"] |= {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 25}
        return self

    def exemplars(self):
        self.is_exemplar = True
        return self

    def names(self, **words):
        """Words in place of numbers: n0="closed"."""
        self.defaults["mappings"] = [{"type": "value", "options": {
            name[1:]: {"text": word, "index": index} for index, (name, word) in enumerate(words.items())}}]
        return self

    def json(self, number, x, y):
        targets = []
        for index, (expression, legend) in enumerate(self.queries):
            target = {"refId": chr(ord("A") + index), "datasource": SOURCE, "editorMode": "code", "expr": expression,
                      "legendFormat": legend}
            if self.kind in ("stat", "table"):
                target["instant"] = True
            if self.kind == "table":
                target["format"] = "table"
            if self.kind == "heatmap":
                target["format"] = "heatmap"
            if self.is_exemplar:
                target["exemplar"] = True
            targets.append(target)
        return {"id": number, "type": self.kind, "title": self.title, "description": self.description,
                "datasource": SOURCE, "gridPos": {"h": self.height, "w": self.width, "x": x, "y": y},
                "fieldConfig": {"defaults": self.defaults, "overrides": []}, "options": self.options,
                **({"transformations": self.transformations} if self.transformations else {}), "targets": targets}


def steps(*pairs):
    return {"mode": "absolute",
            "steps": [{"color": "green", "value": None}] + [{"color": color, "value": value} for value, color in pairs]}


def plot(title, description, unit, *queries):
    panel = Panel("timeseries", title, description, unit, queries)
    panel.defaults["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 5, "showPoints": "never"}
    panel.options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                     "tooltip": {"mode": "multi", "sort": "desc"}}
    return panel


def stat(title, description, unit, expression, legend=""):
    panel = Panel("stat", title, description, unit, [(expression, legend or title)], height=4)
    panel.width = 4
    panel.options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value",
                     "graphMode": "area"}
    return panel


def states(title, description, *queries):
    panel = Panel("state-timeline", title, description, "short", queries)
    panel.defaults["custom"] = {"fillOpacity": 70, "lineWidth": 0}
    panel.options = {"showValue": "never", "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}}
    return panel


def heat(title, description, unit, expression):
    panel = Panel("heatmap", title, description, unit, [(expression, "{{le}}")])
    panel.options = {"calculate": False, "yAxis": {"unit": unit}, "color": {"mode": "scheme", "scheme": "Blues", "steps": 32},
                     "cellGap": 0, "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": False}}
    return panel


def table(title, description, unit, *queries):
    """One row for each set of labels; a column for each query, with its legend as heading."""
    panel = Panel("table", title, description, unit, queries)
    panel.transformations = [{"id": "merge", "options": {}}, {"id": "organize", "options": {
        "excludeByName": {"Time": True, "job": True}, "renameByName": {
            f"Value #{chr(ord('A') + index)}" if len(queries) > 1 else "Value": legend
            for index, (_, legend) in enumerate(queries)}}}]
    panel.options = {"showHeader": True}
    return panel


class Row:
    def __init__(self, title):
        self.title = title


def variable(name, label, expression):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "definition": expression,
            "query": {"query": expression, "refId": name}, "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
            "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}


SERVICE = variable("service", "Service", 'label_values(up{job="aurora"}, service)')
INSTANCE = variable("instance", "Instance", 'label_values(up{job="aurora", service=~"$service"}, instance)')
ROUTE = variable("route", "Route", 'label_values(aurora_http_requests_total{service=~"$service"}, route)')


def placed(parts):
    """Panels from left to right, a new line where one does not fit."""
    panels, x, y, height = [], 0, 0, 0
    for number, part in enumerate(parts, 1):
        if isinstance(part, Row) or x + part.width > COLUMNS:
            x, y, height = 0, y + height, 0
        if isinstance(part, Row):
            panels.append({"id": number, "type": "row", "title": part.title, "collapsed": False, "panels": [],
                           "gridPos": {"h": 1, "w": COLUMNS, "x": 0, "y": y}})
            y += 1
            continue
        panels.append(part.json(number, x, y))
        x, height = x + part.width, max(height, part.height)
    return panels


def dashboard(name, title, description, variables, parts):
    return {
        "uid": f"aurora-{name}", "title": f"Aurora: {title}", "description": description, "tags": ["aurora"],
        "schemaVersion": VERSION, "version": 1, "editable": True, "graphTooltip": 1, "timezone": "browser",
        "time": {"from": "now-1h", "to": "now"}, "refresh": "10s",
        "links": [{"type": "dashboards", "title": "Aurora", "tags": ["aurora"], "asDropdown": True, "keepTime": True,
                   "includeVars": True, "icon": "external link"}],
        "templating": {"list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus",
                                 "current": {"text": "Prometheus", "value": "aurora-prometheus"}}, *variables]},
        "annotations": {"list": [
            {"name": "Starts", "datasource": SOURCE, "enable": True, "iconColor": "blue", "titleFormat": "{{service}} started",
             "expr": 'changes(process_start_time_seconds{job="aurora"}[1m]) > 0', "textFormat": "{{instance}}"}]},
        "panels": placed(parts),
    }


def text_of(board):
    """One line for each panel, so that a difference shows which."""
    lines = []
    for key, value in board.items():
        if key == "panels":
            panels = ",\n  ".join(json.dumps(panel, ensure_ascii=False) for panel in value)
            lines.append(f' "panels": [\n  {panels}\n ]')
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"
