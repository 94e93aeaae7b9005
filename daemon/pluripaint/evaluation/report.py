"""The report: ``report.json`` and one HTML page that needs nothing else."""

from __future__ import annotations

import base64
import html
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

_COLUMNS = (
    ("percep", "percep ↓", 3),
    ("first", "first ↓", 3),
    ("best_of_3", "best of 3 ↓", 3),
    ("unsorted", "unsorted ↓", 3),
    ("diversity", "diversity ↑", 3),
    ("sharp", "sharp → 1", 2),
    ("seam", "seam → 1", 2),
    ("colour", "colour → 0", 2),
    ("to_guide", "÷ 8 to guide ↓", 2),
    ("kid_1000", "KID ×1000 ↓", 2),
    ("psnr", "PSNR", 1),
    ("ssim", "SSIM", 3),
    ("cpu_seconds", "CPU s / fill", 2),
    ("wall_seconds", "wall s / fill", 2),
    ("peak_mebibytes", "peak MiB", 0),
)
_STYLE = """body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:1240px;padding:0 1rem;
color:#222}table{border-collapse:collapse;font-size:13px;margin:.6rem 0 1.4rem}th,td{padding:.25rem .55rem;
text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}
th:first-child,td:first-child{text-align:left}small{color:#777}.ours{background:#eef6ee}
img{max-width:100%;margin:.3rem 0 1.2rem}code{background:#f3f3f3;padding:0 .2rem}"""
_MEANING = """<p>percep: LPIPS in the hole's box + 16 px, mean over the shown fills. first: of the fill shown
first. unsorted: of the first fills drawn, as many as are shown, without ranking. diversity: mean pairwise
LPIPS of the shown fills. sharp: mean |Laplacian| in the hole over the photograph's own. seam: jump across the
contour beyond both sides' slopes, over the photograph's own. colour: Lab step inside/outside minus the
photograph's own. ÷ 8 to guide: mean distance in Lab between the cells of 8 × 8 px of a fill and of the network's
own plain fill of the same draw. CPU and wall seconds are the whole job's over the shown fills. In brackets 95&nbsp;%
intervals, bootstrapped over photographs.</p>"""


def write_report(folder: Path, result: Mapping, sheets: Sequence[tuple[str, bytes]]) -> Path:
    """Write ``report.json`` and ``report.html``; returns the page.

    Args:
        result: ``about`` (configuration), ``titles``, ``missing`` (sentences), ``summary``, ``rows``, perhaps
            ``decision`` and ``guide_choice``.
        sheets: case name and JPEG, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "report.json", json.dumps(_finite(result), indent=1, ensure_ascii=False))
    page = folder / "report.html"
    _write(page, _page(result, sheets))
    return page


def table(summary: Mapping, group: str, titles: Mapping[str, str]) -> list[list[str]]:
    """One group as text: a head and a line per contestant, columns that nobody has left out."""
    contestants = summary[group]["contestants"]
    columns = [c for c in _COLUMNS if any(c[0] in figures for figures in contestants.values())]
    lines = [["", *(head for _, head, _ in columns)]]
    for name, figures in contestants.items():
        cells = [_cell(figures.get(column), digits) for column, _, digits in columns]
        lines.append([titles.get(name, name), *cells])
    return lines


def sentences(summary: Mapping, group: str) -> list[str]:
    """What the comparison says, with intervals."""
    said: list[str] = []
    for name, against in summary[group]["against"].items():
        if "ratio" in against:
            ratios = ", ".join(
                f"{what.replace('_', ' ')} {_cell(v, 2)}" for what, v in against["ratio"].items()
            )
            said.append(f"{name} over the better patch peer ({against['better_peer']}): {ratios}.")
        else:
            said.append(f"{name}: no patch peer took part, so there is no ratio to one.")
        wins = ", ".join(f"{other} {_cell(value, 2)}" for other, value in against["wins"].items())
        if wins:
            said.append(f"{name} wins against: {wins}.")
        gain = against["first_minus_unsorted"]
        verdict = "better than" if gain["high"] < 0 else "not shown to be better than"  # nan: one photograph
        said.append(f"{name}: the first is {verdict} the mean of a random one ({_cell(gain, 4)}).")
        if against["shares"]:
            shares = ", ".join(f"{method} {share:.0%}" for method, share in against["shares"].items())
            said.append(f"{name}: shares of the shown fills: {shares}.")
    return said


def _cell(value: object, digits: int) -> str:
    if isinstance(value, Mapping):
        if math.isnan(value["low"]):
            return f"{value['value']:.{digits}f}"
        return f"{value['value']:.{digits}f} [{value['low']:.{digits}f}, {value['high']:.{digits}f}]"
    return "–" if value is None else f"{value:.{digits}f}"


def _page(result: Mapping, sheets: Sequence[tuple[str, bytes]]) -> str:
    parts = ["<!doctype html><html lang=en><meta charset=utf-8><title>pluripaint evaluate</title>"]
    parts.append(f"<style>{_STYLE}</style><h1>pluripaint evaluate</h1>")
    about = "; ".join(
        f"{key} <code>{html.escape(str(value))}</code>" for key, value in result["about"].items()
    )
    parts.append(f"<p>{about}</p>")
    parts += [f"<p><b>{html.escape(sentence)}</b></p>" for sentence in result["missing"]]
    if "decision" in result:
        parts.append(_decision(result["decision"]))
    if "guide_choice" in result:
        parts.append(f"<p><b>{html.escape(result['guide_choice']['sentence'])}</b></p>")
    parts.append(_MEANING)
    for group, figures in result["summary"].items():
        parts.append(f"<h2>{group}: {figures['cases']} cases on {figures['photographs']} photographs</h2>")
        parts.append(_html_table(result, group))
        parts += [f"<p>{html.escape(sentence)}</p>" for sentence in sentences(result["summary"], group)]
    parts.append("<h2>Contact sheets</h2>")
    for name, jpeg in sheets:
        data = base64.b64encode(jpeg).decode()
        parts.append(f"<h3>{html.escape(name)}</h3><img loading=lazy src='data:image/jpeg;base64,{data}'>")
    return "\n".join(parts)


def _decision(decision: Mapping) -> str:
    """The verdict and the figures it rests on."""
    rows = [
        f"<tr><td>{html.escape(check['sentence'])}</td><td>{'yes' if check['passed'] else 'no'}</td>"
        f"<td>{check['cases']} on {check['photographs']}</td></tr>"
        for check in decision["checks"]
    ]
    head = "<tr><th>condition</th><th>met</th><th>cases on photographs</th></tr>"
    return f"<p><b>{html.escape(decision['sentence'])}</b></p><table>{head}{''.join(rows)}</table>"


def _html_table(result: Mapping, group: str) -> str:
    head, *lines = table(result["summary"], group, result["titles"])
    names = list(result["summary"][group]["contestants"])
    ours = result["summary"][group]["against"]
    out = ["<table><tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"]
    for name, line in zip(names, lines):
        cells = "".join(
            f"<td>{html.escape(c).replace('[', '<small>[').replace(']', ']</small>')}</td>" for c in line
        )
        out.append(f"<tr{' class=ours' if name in ours else ''}>{cells}</tr>")
    return "".join(out) + "</table>"


def _finite(value: object) -> object:
    """JSON knows no nan."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(text, "utf-8")
    temporary.replace(path)
