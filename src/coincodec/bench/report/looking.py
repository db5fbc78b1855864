"""A page to judge pictures by eye: flip between copies, look closer, vote, and only then see what was what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape

from ..judges import JUDGES
from ..looking import Comparison

_STYLE = """
body { margin: 0; background: #808080; color: #101010; font: 15px/1.4 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 1; padding: .5rem 1rem; background: #d8d8d8; display: flex; flex-wrap: wrap;
  gap: .5rem 1rem; align-items: center; }
button { font: inherit; padding: .2rem .7rem; } button[aria-pressed=true] { background: #101010; color: #ffffff; }
main { padding: 1rem; overflow: auto; }
img { display: block; margin: auto; image-rendering: pixelated; cursor: pointer; }
table { margin: 1rem auto; background: #d8d8d8; border-collapse: collapse; }
td, th { padding: .2rem .7rem; text-align: left; }
"""

_SCRIPT = """
const state = {trial: 0, shown: 0, zoom: 1, revealed: false, votes: {}};
const at = id => document.getElementById(id);
const names = "ABCDEFGH";
function files() { const t = trials[state.trial]; return [...t.copies.map(c => c.file), t.original]; }
function button(text, pressed, act) {
  const b = document.createElement("button");
  b.textContent = text; b.setAttribute("aria-pressed", pressed); b.onclick = () => { act(); draw(); };
  return b;
}
function draw() {
  const t = trials[state.trial], all = files(), image = at("image");
  at("place").textContent = `${t.picture}, ${t.bytes.toLocaleString()} bytes (${state.trial + 1} of ${trials.length})`;
  at("copies").replaceChildren(...all.map((f, i) =>
    button(i < t.copies.length ? names[i] : "original", i === state.shown, () => { state.shown = i; })));
  at("zooms").replaceChildren(...[1, 2, 4].map(z => button(z + ":1", z === state.zoom, () => { state.zoom = z; })));
  at("votes").replaceChildren(...[...t.copies.map((c, i) => names[i]), "alike"].map(v =>
    button(v, state.votes[state.trial] === v, () => { state.votes[state.trial] = v; })));
  image.src = all[state.shown];
  image.onload = () => { image.width = image.naturalWidth * state.zoom / devicePixelRatio; };
  image.alt = state.shown < t.copies.length ? "copy " + names[state.shown] : "original";
  at("facts").hidden = !state.revealed;
  if (!state.revealed) return;
  at("facts").replaceChildren(row("th", ["", "codec", "bytes", ...judges.map(j => j[1]), "preferred in"]),
    ...t.copies.map((c, i) => row("td", [names[i], c.title, c.bytes.toLocaleString(),
      ...judges.map(j => j[0] in c.judged ? c.judged[j[0]].toFixed(j[0] === "ms_ssim" ? 4 : 2) : "\u2013"),
      preferred(c.title)])));
}
function preferred(title) {
  const won = Object.entries(state.votes).filter(([k, v]) => v !== "alike" &&
    trials[k].copies[names.indexOf(v)].title === title).length;
  return `${won} of ${Object.keys(state.votes).length}`;
}
function row(kind, cells) {
  const tr = document.createElement("tr");
  for (const text of cells) { const c = document.createElement(kind); c.textContent = text; tr.append(c); }
  return tr;
}
function step(by) { state.trial = (state.trial + by + trials.length) % trials.length; state.shown = 0; }
function flip() { state.shown = (state.shown + 1) % trials[state.trial].copies.length; }
const keys = {ArrowRight: () => step(1), ArrowLeft: () => step(-1), " ": flip,
  o: () => { state.shown = files().length - 1; }, r: () => { state.revealed = !state.revealed; },
  z: () => { state.zoom = {1: 2, 2: 4, 4: 1}[state.zoom]; }};
document.onkeydown = e => {
  const copy = names.indexOf(e.key.toUpperCase());
  const chosen = copy >= 0 && copy < trials[state.trial].copies.length;
  const act = chosen ? () => { state.shown = copy; } : keys[e.key];
  if (act) { e.preventDefault(); act(); draw(); }
};
at("image").onclick = () => { flip(); draw(); };
at("back").onclick = () => { step(-1); draw(); };
at("on").onclick = () => { step(1); draw(); };
at("reveal").onclick = () => { state.revealed = !state.revealed; draw(); };
draw();
"""


def page(comparisons: Sequence[Comparison], title: str) -> str:
    """The page; pictures are beside it. Names are in its source, but nowhere to be seen before they are asked for."""
    trials = json.dumps([asdict(comparison) for comparison in comparisons])
    judges = json.dumps([(judge.id, judge.title) for judge in JUDGES.values()])
    # A script ends at the first "</", whatever that stands in.
    data = f"const trials = {trials}, judges = {judges};".replace("</", "<\\/")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style>",
            '<header><button id="back">&larr;</button><button id="on">&rarr;</button><span id="place"></span>',
            '<span>show <span id="copies"></span></span><span>at <span id="zooms"></span></span>',
            '<span>better <span id="votes"></span></span><button id="reveal">reveal</button>',
            "<small>Space or a click flips, letters choose, O the original, Z zooms, arrows go on, R reveals.</small>",
            '</header><main><img id="image" alt=""><table id="facts" hidden></table></main>',
            f"<script>{data}{_SCRIPT}</script></html>",
        ]
    )
