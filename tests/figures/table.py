"""The table of all figures of some reports: made from their `figures.json`, written, read and compared.

A table is text, one row a line, fields parted by tabs, sorted, `-` for nothing. A row is named by

    kind pipeline report metric measure period segment cell

(`real/cdnow` is a pipeline of another set than the ready ones) and carries

    state n k exact value low high more

where `more` is `name=value` parted by blanks, and a value of `=` is that of `exact`. What the fields hold, by kind:

figure    a figure: cell is `-`, or `cohort/age` in a cohort table (its period is `-` then: the cells of most cohorts are the same in
          every report); more has the cohort's size where n is another number, and `open` where its period is not over. Changes are
          in more: `previous` and `year`, the difference and the ends of its interval. What it is subtracted from and the relative
          change follow from it and the value; where there is no difference there is nothing
target    a target: value is the goal, state whether it is met, more what was reached and expected by then
control   the limits of a series up to the period: value is the mean, n the points behind it, state the points that stand out
driver    what a change on the period before is made of: value is the segment's part, and more its effects; the sum over segments has
          the dimension for its segment. Where there is one effect there is this sum alone: the parts are the segments' own changes
exhibit   a row of a table, its cells in more by the first words of their columns, texts among them in state; or a curve: n is the number
          of points, and more the sums over them of x, y, x times y and both ends of the interval, as a point that moves moves a sum
model     what was fitted, from clv-model.json: a parameter (cell) with its standard error, or the fit as a whole
trust     a report's verdict with the orders in (n) and outside (k) its period; and for each source rows read (n), used (k),
          quarantined (exact) and, in more, left out and made

A row that several reports have alike is written once, with their number as `x12` in `report`. Where reports have different rows of
one name, each is written, with the labels of its reports: `a,b` or `a~c` for all from a to c.

Of segments, changes and drivers are there for the last report of each pipeline only, but for a whole table (`keep --whole`): in
every report they would be half of the table, and all that they are made of is in it.

Numbers are written with all their digits: reading gives the number that was computed.

Left out: titles and other texts; units, methods and reasons; `quotes` of `sentiment`; the exhibits `model` and `drift` of `clv`,
which repeat rows of kind `model`.
"""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

KEYS = ("kind", "pipeline", "report", "metric", "measure", "period", "segment", "cell")
FIELDS = ("state", "n", "k", "exact", "value", "low", "high", "more")
NOTHING = "-"

# Exhibits that are not in the table: (metric, key).
LEFT_OUT = {("sentiment", "quotes"), ("clv", "model"), ("clv", "drift")}

Json = dict[str, Any]
# What a figure is compared with, as it is written here.
AGAINST = {"previous": "previous", "year_before": "year"}

# What a row is named by, but for the report.
Name = tuple[str, ...]
# What a row carries, in the order of `FIELDS`.
Content = tuple[str, ...]


class Report(NamedTuple):
    """One report's files, read. What is made of figures of segments is kept of whole ones only."""

    whole: bool
    pipeline: str
    label: str
    document: Json
    model: Json | None


def number(value: float | int | None) -> str:
    """Writes a number so that reading gives the same one; whole floats without their point."""
    if value is None:
        return NOTHING
    text = repr(value)
    return text[:-2] if text.endswith(".0") else text


def word(text: str | None) -> str:
    """Writes a text as one field: no tab, no line break, and never empty."""
    if text is None:
        return NOTHING
    return re.sub(r"[\t\r\n]+", " ", text).strip() or "(empty)"


def more(**parts: float | int | str | None) -> str:
    """Writes named values; what is nothing is left out, and blanks in texts become underscores."""
    written = ((name, word(value).replace(" ", "_") if isinstance(value, str) else number(value)) for name, value in parts.items())
    return " ".join(f"{name}={value}" for name, value in written if value != NOTHING) or NOTHING


def content(
    state: str | None = None,
    n: int | None = None,
    k: int | None = None,
    exact: int | None = None,
    value: float | None = None,
    low: float | None = None,
    high: float | None = None,
    rest: str = NOTHING,
) -> Content:
    """Makes what a row carries."""
    written = "=" if exact is not None and value == exact else number(value)
    return (word(state), number(n), number(k), number(exact), written, number(low), number(high), rest)


class Rows:
    """Rows of one report. Of rows with the same name, later ones get a number."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.rows: dict[Name, Content] = {}

    def add(
        self,
        kind: str,
        carried: Content,
        metric: str | None = None,
        measure: str | None = None,
        period: str | None = None,
        segment: str | None = None,
        cell: str | None = None,
    ) -> None:
        """Adds a row."""
        first = tuple(word(part) for part in (kind, self.report.pipeline, metric, measure, period, segment))
        name = (*first, word(cell))
        times = 1
        while name in self.rows:
            times += 1
            name = (*first, f"{word(cell)}#{times}")
        self.rows[name] = carried


def figure_rows(rows: Rows, figure: Json) -> None:
    """Adds a figure with its changes, and its target."""
    segment, cohort = figure.get("segment"), figure.get("cohort")
    place: dict[str, Any] = {
        "metric": figure["metric"],
        "measure": figure["measure"],
        "period": None if cohort else figure["period"],
        "segment": f"{segment['dimension']}={segment['value']}" if segment else None,
    }
    parts: dict[str, float | int | str | None] = {}
    if cohort:
        parts["size"] = cohort["size"] if cohort["size"] != figure["n"] else None
        parts["open"] = None if cohort["complete"] else 1
    told = figure.get("changes", []) if segment is None or rows.report.whole else []
    for change in told:
        if change["absolute"] is not None:
            name = AGAINST[change["against"]]
            parts |= {name: change["absolute"], f"{name}.low": change["low"], f"{name}.high": change["high"]}
    cell = f"{cohort['cohort']}/{cohort['age']:02}" if cohort else None
    exact = {name: figure.get(name) for name in ("n", "k", "exact")}
    floats = {name: figure.get(name) for name in ("value", "low", "high")}
    rows.add("figure", content(figure["state"], **exact, **floats, rest=more(**parts)), **place, cell=cell)
    if target := figure.get("target"):
        state = {True: "met", False: "missed", None: "open"}[target["met"]]
        rest = more(to_date=target.get("to_date"), expected=target.get("expected"))
        rows.add("target", content(state, value=target["value"], rest=rest), **place)


def control_rows(rows: Rows, control: Json) -> None:
    """Adds the limits of a series."""
    signals = (
        f"{control['periods'][signal['at']]}:{signal['rule']}:{'high' if signal['high'] else 'low'}"
        for signal in control["signals"]
    )
    limits = content(",".join(signals) or None, n=control["baseline"], value=control["mean"], low=control["lower"], high=control["upper"])
    rows.add("control", limits, control["metric"], control["measure"], rows.report.label)


def driver_rows(rows: Rows, driven: Json) -> None:
    """Adds what a change is made of. Effects that are the whole change of their segment are not repeated."""
    dimension, effects = driven["dimension"], driven["effects"]
    total = {"name": None, "effects": driven["total"], "change": driven["change"]}
    parted = len(effects) > 1 and rows.report.whole
    for row in (total, *driven["rows"]) if parted else (total,):
        segment = dimension if row["name"] is None else f"{dimension}={row['name']}"
        parts = dict(zip(effects, row["effects"], strict=True)) if len(effects) > 1 else {}
        rows.add("driver", content(value=row["change"], rest=more(**parts)), driven["metric"], "value", rows.report.label, segment)


def table_row(columns: list[str], cells: list[Any]) -> Content:
    """Makes what a row of a table carries."""
    texts, numbers = [], {}
    for column, cell in zip(columns, cells, strict=True):
        name = "_".join(re.findall(r"\w+", column)[:2])
        while name in numbers or f"{name}.low" in numbers or name in FIELDS:
            name += "'"
        match cell:
            case {"value": inner}:
                numbers[name] = inner["value"]
            case {"range": inner}:
                numbers |= {f"{name}.low": inner["low"], f"{name}.high": inner["high"]}
            case {"text": text}:
                texts.append(text)
    return content(", ".join(texts) or None, rest=more(**numbers))


def exhibit_rows(rows: Rows, exhibit: Json) -> None:
    """Adds the rows of a table, and of curves the sums over their points."""
    place = {"metric": exhibit["metric"], "measure": exhibit["key"], "period": rows.report.label}
    if (exhibit["metric"], exhibit["key"]) in LEFT_OUT:
        return
    if table := exhibit["body"].get("table"):
        for row in table["rows"]:
            rows.add("exhibit", table_row(table["columns"], row["cells"]), **place, segment=row["name"])
        return
    for curve in exhibit["body"]["curves"]["curves"]:
        points = curve["points"]
        ends = [point["interval"] for point in points if point.get("interval")]
        sums = more(
            x=sum(point["x"] for point in points),
            y=sum(point["y"] for point in points),
            xy=sum(point["x"] * point["y"] for point in points),
            lows=sum(low for low, _ in ends) if ends else None,
            highs=sum(high for _, high in ends) if ends else None,
        )
        rows.add("exhibit", content(n=len(points), rest=sums), **place, segment=curve["name"], cell="curve")


def model_rows(rows: Rows, model: Json) -> None:
    """Adds the parameters of the fitted models."""
    for part in ("purchases", "spend"):
        fitted = model[part]
        place = {"metric": "clv", "measure": part, "period": rows.report.label}
        state = f"{fitted['model']}: {fitted['verdict']}"
        whole = content(state, value=fitted["log_likelihood"], rest=more(customers=fitted["customers"]))
        rows.add("model", whole, **place, cell="(fit)")
        for parameter in fitted["parameters"]:
            carried = content(value=parameter["estimate"], rest=more(error=parameter["standard_error"]))
            rows.add("model", carried, **place, cell=parameter["name"])


def trust_rows(rows: Rows, document: Json) -> None:
    """Adds the verdict, and what became of the rows of each source."""
    inside, outside = document["orders_inside"], document["orders_outside"]
    rows.add("trust", content(document["trust"]["state"], n=inside, k=outside), period=rows.report.label)
    for source in document["sources"]:
        quarantined = sum(count for _, count in source["quarantined"])
        left_out = sum(count for _, count in source["excluded"])
        rest = more(left_out=left_out, made=source.get("made"))
        carried = content(n=source["read"], k=source["used"], exact=quarantined, rest=rest)
        rows.add("trust", carried, segment=source["table"])


def rows_of(report: Report) -> dict[Name, Content]:
    """Makes all rows of a report."""
    rows, document = Rows(report), report.document
    for figure in document["figures"]:
        figure_rows(rows, figure)
    for control in document.get("controls", []):
        control_rows(rows, control)
    for driven in document.get("driven", []):
        driver_rows(rows, driven)
    for exhibit in document.get("exhibits", []):
        exhibit_rows(rows, exhibit)
    if report.model is not None:
        model_rows(rows, report.model)
    trust_rows(rows, document)
    return rows.rows


def reports_below(folder: Path, prefix: str, whole: bool) -> list[Report]:
    """Reads all reports below a folder of reports: `<pipeline>/<label>/figures.json`, at any depth.

    The prefix is put before their pipelines' names. Where one pipeline's name stands in several folders (another text of the pipeline, say), the names of these are added to it.
    """
    files = sorted(folder.rglob("figures.json"))
    homes = {file.parents[1] for file in files}
    times = Counter(home.name for home in homes)
    last = {file.parents[1]: file for file in files}
    reports = []
    for file in files:
        home, label = file.parents[1], file.parent.name
        above = home.parent.relative_to(folder).as_posix()
        pipeline = home.name if times[home.name] == 1 else f"{home.name}@{above}"
        model = file.with_name("clv-model.json")
        card = json.loads(model.read_text(encoding="utf-8")) if model.exists() else None
        reports.append(Report(whole or last[home] == file, prefix + pipeline, label, json.loads(file.read_text(encoding="utf-8")), card))
    return reports


def runs(labels: list[str], order: list[str]) -> str:
    """Names some of the labels of a pipeline's reports, neighbours together: `a,c~f`."""
    positions = sorted(order.index(label) for label in labels)
    parts: list[list[int]] = []
    for position in positions:
        if parts and position == parts[-1][1] + 1:
            parts[-1][1] = position
        else:
            parts.append([position, position])
    return ",".join(order[first] if first == last else f"{order[first]}~{order[last]}" for first, last in parts)


def lines_of(reports: Iterable[Report]) -> Iterator[str]:
    """Makes the lines of a table, but for their order: what reports have alike is written once."""
    order: dict[str, list[str]] = {}
    found: dict[Name, dict[Content, list[str]]] = {}
    for report in reports:
        order.setdefault(report.pipeline, []).append(report.label)
        for name, carried in rows_of(report).items():
            found.setdefault(name, {}).setdefault(carried, []).append(report.label)
    for name, variants in found.items():
        labels = sorted(order[name[1]])
        for carried, own in variants.items():
            shared = f"x{len(own)}" if len(variants) == 1 else runs(own, labels)
            yield "\t".join((*name[:2], shared, *name[2:], *carried))


def write(path: Path | None, reports: Iterable[Report]) -> int:
    """Writes a table, to standard output without a path, compressed where it ends in `.gz`; gives the number of its rows."""
    lines = sorted(lines_of(reports))
    text = "\n".join(("\t".join((*KEYS, *FIELDS)), *lines)) + "\n"
    if path is None:
        print(text, end="")
    else:
        # No name and no time in the file: the same table is the same bytes.
        data = text.encode()
        path.write_bytes(gzip.compress(data, compresslevel=9, mtime=0) if path.suffix == ".gz" else data)
    return len(lines)


def read(path: Path) -> dict[Name, Content]:
    """Reads a table. How many reports share a row is part of what it carries, not of its name."""
    data = path.read_bytes()
    text = gzip.decompress(data).decode() if path.suffix == ".gz" else data.decode()
    head, *lines = text.splitlines()
    if head.split("\t") != [*KEYS, *FIELDS]:
        raise ValueError(f"{path} is not a table of figures")
    rows: dict[Name, Content] = {}
    for line in lines:
        parts = line.split("\t")
        if len(parts) != len(KEYS) + len(FIELDS):
            raise ValueError(f"{path}: a row of {len(parts)} fields: {line}")
        name, carried = parts[: len(KEYS)], parts[len(KEYS) :]
        shared = re.fullmatch(r"x(\d+)", name[2])
        if shared:
            name[2] = NOTHING
        key = tuple(name)
        if key in rows:
            raise ValueError(f"{path}: a row is there twice: {line}")
        rows[key] = (*carried, shared[1] if shared else NOTHING)
    return rows
