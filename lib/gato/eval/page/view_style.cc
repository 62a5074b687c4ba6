// The script moves videos and what belongs to them. A video is an element of
// class "video" with, in any order, a <script type="application/json">:
//
//   {"steps": T, "stride": steps per frame, "low": x of step 0,
//    "high": x of step T-1 in the charts, "frames": [[URL, ...] per image key],
//    "values": [["text", ...] per step]}
//
// an <input type="range">, a <button>, an <output>, an <img> per image key, and
// any number of charts with a <line class="cursor">.
#include "gato/eval/page/view_style.h"

namespace gato::eval {

const char* const kViewStyle = R"(
.tiles + .scroll { margin-top: 12px; }
h3 { font-size: 16px; margin: 24px 0 8px; }
nav a { color: inherit; margin-right: 14px; }
td.error { color: #d0342c; font-weight: 600; }
td.warning { color: #b26a00; font-weight: 600; }
@media (prefers-color-scheme: dark) { td.error { color: #ff7b72; }
  td.warning { color: #e3a13a; } }
td.message { white-space: normal; text-align: left; min-width: 22em; }
.pair { display: grid; gap: 16px 28px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
.frames { display: flex; flex-wrap: wrap; gap: 14px; margin: 0 0 8px; }
.frames figure { max-width: 240px; }
.frames figure div { display: flex; flex-wrap: wrap; gap: 4px; }
.frames img { width: auto; height: 112px; max-width: 220px; object-fit: contain;
  background: var(--tile); display: block; }
.video .screens { display: flex; flex-wrap: wrap; gap: 14px; }
.video .screens img { width: auto; height: 256px; max-width: 100%;
  image-rendering: pixelated; border-radius: 6px; background: var(--tile); }
.video .controls { display: flex; gap: 12px; align-items: center;
  margin: 12px 0; }
.video input[type=range] { flex: 1; min-width: 0; accent-color: #0072b2; }
.video button { font: inherit; padding: 4px 14px; border-radius: 6px;
  border: 1px solid var(--grid); background: var(--tile); color: var(--ink);
  cursor: pointer; }
.video output { min-width: 8em; text-align: right; color: var(--soft);
  font-variant-numeric: tabular-nums; }
.video .now { min-height: 1.5em; color: var(--soft); font-size: 13px;
  overflow-wrap: anywhere; }
svg .cursor { stroke: var(--ink); stroke-width: 1.5; }
svg.square { max-width: 460px; margin: 0 auto; }
.stream { font: 12px/2 ui-monospace, "DejaVu Sans Mono", monospace;
  overflow-wrap: anywhere; max-height: 540px; overflow-y: auto; }
.stream .step { display: flex; gap: 10px; border-bottom: 1px solid var(--grid);
  padding: 3px 0; break-inside: avoid; }
.stream .number { flex: 0 0 3.2em; text-align: right; color: var(--soft); }
.stream .number + div { min-width: 0; }
.stream i { font-style: normal; display: inline-block; border-radius: 3px;
  padding: 0 3px; margin: 0 1px; line-height: 18px; white-space: pre;
  vertical-align: middle; max-width: 100%; overflow: hidden; }
.m1 { background: #0072b233; } .m3 { background: #009e7333; }
.m4 { background: #56b4e944; } .m5 { background: var(--grid); }
.m6 { background: #d55e0044; } .m7 { background: #e69f0055; }
.stream i.target { box-shadow: inset 0 -2px 0 var(--ink); }
.stream i.label { outline: 1px dashed #d55e00; }
.stream .image { display: inline-grid; gap: 1px; margin: 2px 6px 2px 1px;
  vertical-align: middle; }
.stream .image i { background-image: var(--u); padding: 0; margin: 0; border-radius: 0; width: 16px;
  height: 16px; background-repeat: no-repeat; image-rendering: pixelated; }
.key i { display: inline-block; width: 14px; height: 14px; border-radius: 3px;
  margin-right: 6px; vertical-align: -2px; }
.key .target { box-shadow: inset 0 -3px 0 var(--ink); background: var(--tile); }
.key .label { outline: 1px dashed #d55e00; }
.key { display: flex; flex-wrap: wrap; gap: 4px 18px; color: var(--soft);
  font-size: 13px; margin-bottom: 8px; }
.heads { display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fill, minmax(110px, 1fr)); }
.heads figure { text-align: center; }
.heads img, .attention img { width: 100%; image-rendering: pixelated;
  border-radius: 4px; }
.attention { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fit, minmax(200px, 300px)); }
.video .scroll svg { min-width: 560px; }
@media (max-width: 600px) { main { padding: 20px 14px 40px; }
  section { overflow-x: auto; }
  section > svg:not(.square) { min-width: 560px; }
  td.message { min-width: 15em; }
  .video .screens img { height: 168px; } .frames { gap: 10px; }
  .frames figure { max-width: 170px; }
  .frames img { height: 80px; max-width: 170px; }
  .video .controls { flex-wrap: wrap; }
  .video input[type=range] { flex: 1 1 100%; order: 3; } }
@media print { .stream { overflow: hidden; } .scroll { overflow: visible; }
  table { font-size: 11px; }
  th, td { white-space: normal; padding: 4px 6px; }
  .video .controls { display: none; }
  section { break-inside: auto; } h2, h3 { break-after: avoid; }
  figure, .tile, svg { break-inside: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
)";

const char* const kViewScript = R"(
for (const video of document.querySelectorAll('.video')) {
  const data = JSON.parse(video.querySelector('script').textContent);
  const range = video.querySelector('input'), output = video.querySelector('output');
  const button = video.querySelector('button'), now = video.querySelector('.now');
  const images = video.querySelectorAll('.screens img');
  const cursors = video.querySelectorAll('.cursor');
  let timer = 0;
  const show = step => {
    images.forEach((image, k) => {
      const frames = data.frames[k];
      image.src = frames[Math.min(Math.floor(step / data.stride), frames.length - 1)];
    });
    const x = data.low + (data.high - data.low) * step / Math.max(1, data.steps - 1);
    for (const cursor of cursors) {
      cursor.setAttribute('x1', x);
      cursor.setAttribute('x2', x);
    }
    output.textContent = 'step ' + step + ' of ' + data.steps;
    now.textContent = data.values[step] || '';
  };
  const stop = () => { clearInterval(timer); timer = 0; button.textContent = 'Play'; };
  range.addEventListener('input', () => { stop(); show(+range.value); });
  button.addEventListener('click', () => {
    if (timer) { stop(); return; }
    button.textContent = 'Stop';
    if (+range.value >= data.steps - 1) {
      range.value = 0;
    }
    timer = setInterval(() => {
      range.value = +range.value + 1;
      show(+range.value);
      if (+range.value >= data.steps - 1) {
        stop();
      }
    }, 100);
  });
  for (const chart of video.querySelectorAll('svg')) {
    chart.addEventListener('click', event => {
      const box = chart.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width;
      const step = Math.round((x - data.low) / (data.high - data.low) * (data.steps - 1));
      stop();
      range.value = Math.max(0, Math.min(data.steps - 1, step));
      show(+range.value);
    });
  }
  show(0);
}
)";

}  // namespace gato::eval
