// The charts of a detail: errors along x, the distribution of errors, and their percentiles in each binade of x.
// Heights of errors are binary logarithms of ulps.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#8d8d8d"];
const DASHES = ["", "7 3", "2 3", "9 3 2 3"];
const DECADE = Math.log2(10);
// A line's look: frameworks' own results are thick, formulas thin.
const look = (names, i) => ({ colour: COLOURS[i % COLOURS.length], dash: DASHES[Math.floor(i / 2) % DASHES.length],
  weight: names.some((name) => / (native|autodiff)$/.test(name)) ? 2.2 : 1.1 });
const about = (log) => (2 ** log).toPrecision(2);

function draw(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
function canvas(width, height, words) {
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": words });
  const write = (text, attributes) => { const made = draw("text", attributes); made.textContent = text; svg.append(made); return made; };
  const rule = (x1, x2, y1, y2, cls) => svg.append(draw("line", { x1, x2, y1, y2, class: cls }));
  return { svg, write, rule };
}
// Powers of ten between two binary logarithms, at most so many, with their names.
function powers(low, high, most) {
  const step = Math.max(1, Math.ceil((high - low) / DECADE / most)), found = [];
  for (let power = Math.ceil(low / DECADE / step) * step; power * DECADE <= high; power += step) {
    if (power) found.push([power * DECADE, Math.abs(power) < 4 ? String(10 ** power) : `1e${power}`]);
  }
  return found;
}
// Tell where a chart is pointed at, in its own units.
function pointed(svg, width, tell) {
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    tell(((event.clientX - box.left) * width) / box.width);
  });
}

// Errors along x. Every interval of inputs has the same width, so that the axis is nearly logarithmic on both sides of zero.
function chart(edges, lines, cases) {
  const place = dialog.querySelector(".chart");
  place.replaceChildren();
  if (!lines.length) return;
  const width = Math.max(280, place.clientWidth), height = width < 500 ? 260 : 340;
  const [left, right, top, bottom] = [54, 10, 26, 38];
  const logs = lines.flatMap(({ points }) => points.map(({ log }) => log).filter((log) => log !== null));
  const [low, high] = [-4, Math.max(4, ...logs) + 1];
  const x = (at) => left + ((at + 0.5) / edges.length) * (width - left - right);
  const y = (log) => (log === null ? top - 8 : top + ((high - Math.max(low, log)) / (high - low)) * (height - top - bottom));
  const { svg, write } = canvas(width, height, "error in ulp against x");
  for (const [log, words] of powers(0, high - 1, 6)) ruled(log, words, "axis");
  ruled(-1, "0.5", "mark");
  function ruled(log, words, cls) {
    svg.append(draw("line", { x1: left, x2: width - right, y1: y(log), y2: y(log), class: cls }));
    write(words, { x: left - 6, y: y(log) + 4, "text-anchor": "end" });
  }
  const wide = width > 500;
  for (const magnitude of wide ? [0.125, 0.5, 1, 4, 16, 64, 1024] : [1, 16, 1024]) {
    for (const sign of [-1, 1]) {
      const at = edges.findIndex(([below, above]) => number(sign > 0 ? below : above) === sign * magnitude);
      if (at < 0) continue;
      const across = sign > 0 ? x(at - 0.5) : x(at + 0.5);
      svg.append(draw("line", { x1: across, x2: across, y1: top, y2: height - bottom, class: "axis" }));
      write(String(sign * magnitude).replace("-", "−"), { x: across, y: height - bottom + 15, "text-anchor": "middle" });
    }
  }
  if (lines.some(({ points }) => points.some(({ log }) => log === null))) write("none", { x: left - 6, y: top - 4, "text-anchor": "end" });
  write("error in ulp (0.5: as good as the exact result rounded)", { x: left, y: 12 });
  write("x", { x: width - right, y: height - 4, "text-anchor": "end" });
  for (const { points: found, colour, dash, weight } of lines) {
    let path = "", before = null;
    for (const point of found) {
      if (point.log !== null) path += `${before === null ? "M" : "L"}${x(point.place).toFixed(1)} ${y(point.log).toFixed(1)}`;
      before = point.log;
    }
    svg.append(draw("path", { d: path, fill: "none", stroke: colour, "stroke-width": weight, "stroke-dasharray": dash }));
    for (const point of found.filter(({ cls }) => cls === "vanished" || cls === "nan" || cls === "overflowed" || cls === "special")) {
      const [across, down] = [x(point.place), y(point.log)];
      svg.append(draw("path", { d: `M${across - 3} ${down - 3}l6 6m0 -6l-6 6`, stroke: colour, "stroke-width": 1.4 }));
    }
  }
  const worst = label(edges, cases, x, y, svg, width, high);
  place.append(svg);
  const readout = dialog.querySelector(".readout");
  readout.textContent = worst + "Lines have the colours of the table below; equal results share one. ✕ marks results that vanished or are no number (no error to tell: none). Point at the chart, or touch it, to read it.";
  pointed(svg, width, (across) => {
    const at = Math.floor((across - left) / (width - left - right) * edges.length);
    if (at < 0 || at >= edges.length) return;
    const told = lines.map(({ names, points: found }) => [names.join(", "), found.find((point) => point.place === at)]).filter(([, point]) => point)
      .map(([names, { cls, log }]) => `${names}: ${cls}${log === null ? "" : `, about ${(2 ** log).toPrecision(2)} ulp`}`);
    readout.textContent = `x from ${short(edges[at][0])} to ${short(edges[at][1])}. ${told.join("; ")}`;
  });
}

function label(edges, cases, x, y, svg, width, high) {
  const measured = cases.filter((row) => row.max_ulp !== "" && row.worst_input !== "");
  if (!measured.length) return "";
  const worst = measured.reduce((a, b) => (number(b.max_ulp) > number(a.max_ulp) ? b : a));
  const at = edges.findIndex(([below, above]) => number(below) <= number(worst.worst_input) && number(worst.worst_input) <= number(above));
  if (at < 0) return "";
  const [across, down] = [x(at), y(Math.min(high, Math.log2(number(worst.max_ulp))))];
  svg.append(draw("circle", { cx: across, cy: down, r: 6, fill: "none", stroke: "currentColor", "stroke-width": 1.5 }));
  const toLeft = across > width / 2;
  const lines = [`worst: x = ${worst.worst_input} (${hex(worst.worst_input_bits, worst.format)})`, `exact ${worst.worst_exact.slice(0, 18)}${worst.worst_exact.includes("e") ? "e" + worst.worst_exact.split("e")[1] : ""}`];
  if (width < 500) return `${lines.join(", ")}. `; // there is no room in the chart
  lines.forEach((words, i) => {
    const made = draw("text", { x: across + (toLeft ? -11 : 11), y: down + 20 + 14 * i, class: "label", "text-anchor": toLeft ? "end" : "start" });
    made.textContent = words;
    svg.append(made);
  });
  return "";
}

// The share of the results that have at most an error, for every error. A decade is what divides the rest by ten: 90 %, 99 %, ...
const LEAST = -10; // below it there is one step
const ALL = 5.3; // decades from nothing to all, or to what looks like it
const SHARES = [[0, "0 %"], [0.5, "50 %"], [0.9, "90 %"], [0.99, "99 %"], [0.999, "99.9 %"], [0.9999, "99.99 %"], [1, "all"]];
function cumulative(lines) {
  const place = document.getElementById("distribution");
  if (!place) return;
  const width = Math.max(280, place.clientWidth), height = width < 500 ? 230 : 320;
  const [left, right, top, bottom] = [54, 14, 26, 38];
  const high = Math.max(2, ...lines.map(({ corners }) => corners.at(-1)[0])) + 0.5;
  const x = (log) => left + ((Math.max(log, LEAST) - LEAST) / (high - LEAST)) * (width - left - right);
  const y = (share) => top + (1 - Math.min(-Math.log10(1 - share), ALL) / ALL) * (height - top - bottom);
  const { svg, write, rule } = canvas(width, height, "share of the results against their error in ulp");
  for (const [share, words] of SHARES) {
    rule(left, width - right, y(share), y(share), "axis");
    if (share !== 0.5 || height > 300) write(words, { x: left - 6, y: y(share) + 4, "text-anchor": "end" });
  }
  const ticks = [...powers(LEAST, high, width < 500 ? 5 : 10), [0, "1"]];
  for (const [log, words] of [...ticks, [-1, "0.5"]]) {
    rule(x(log), x(log), top, height - bottom, words === "0.5" ? "mark" : "axis");
    write(words, { x: x(log), y: height - bottom + 15, "text-anchor": words === "0.5" ? "end" : words === "1" ? "start" : "middle" });
  }
  write("results within that error", { x: left, y: 12 });
  write("error in ulp", { x: width - right, y: height - 4, "text-anchor": "end" });
  for (const { corners: found, colour, dash, weight } of lines) {
    const path = found.filter(([log], i) => i || log >= LEAST).map(([log, share], i) => `${i ? "L" : "M"}${x(log).toFixed(1)} ${y(share).toFixed(1)}`).join("");
    svg.append(draw("path", { d: path, fill: "none", stroke: colour, "stroke-width": weight, "stroke-dasharray": dash }));
    svg.append(draw("circle", { cx: x(found.at(-1)[0]).toFixed(1), cy: y(1), r: 3, fill: colour }));
  }
  place.replaceChildren(svg);
  const readout = place.nextElementSibling;
  readout.textContent = "Thick lines are the frameworks' own results, thin ones formulas. Point at the chart, or touch it, to read it.";
  pointed(svg, width, (across) => {
    const log = LEAST + ((across - left) / (width - left - right)) * (high - LEAST);
    if (log < LEAST || log > high) return;
    const told = lines.map(({ names, corners: found }) => `${names.join(", ")}: ${percentage(shareAt(found, log))}`);
    readout.textContent = `Within about ${about(log)} ulp: ${[...new Set(told)].join("; ")}`;
  });
}
// Between two corners the share is read off the line that is drawn.
function shareAt(corners, log) {
  const after = corners.findIndex(([end]) => end > log);
  if (after < 1) return after ? 1 : 0;
  const [[low, before], [high, share]] = [corners[after - 1], corners[after]];
  return low < LEAST ? share : before + ((log - low) / (high - low)) * (share - before);
}
const percentage = (share) => (share === 1 ? "all" : `${(Math.floor(share * 1e5) / 1e3).toFixed(share > 0.99 ? 3 : 1)} %`);

// A small chart for each line: median to 99th percentile as a band, and the largest error.
function multiples(edges, lines) {
  const place = document.getElementById("percentiles");
  if (!place) return;
  const readout = place.nextElementSibling;
  const high = Math.max(4, ...lines.flatMap(({ marks }) => marks.map(({ logs }) => logs[2]))) + 0.5;
  readout.textContent = "All have the same axes. Point at one, or touch it, to read it.";
  const figures = lines.map(({ names }) => element("figure", element("figcaption", names.join(", "))));
  place.replaceChildren(...figures);
  const width = figures[0].clientWidth;
  lines.forEach((line, i) => figures[i].append(multiple(edges, line, high, width, readout)));
}
function multiple(edges, { names, marks, inputs, colour }, high, width, readout) {
  const height = 150, [left, right, top, bottom] = [40, 4, 6, 20], low = -6;
  const x = (at) => left + (at / edges.length) * (width - left - right);
  const y = (log) => top + ((high - Math.max(low, log)) / (high - low)) * (height - top - bottom);
  const { svg, write, rule } = canvas(width, height, `percentiles of the error in ulp in each binade of x: ${names.join(", ")}`);
  for (const [log, words] of [[-1, "0.5"], ...powers(0, high, 4)]) {
    rule(left, width - right, y(log), y(log), words === "0.5" ? "mark" : "axis");
    write(words, { x: left - 5, y: y(log) + 4, "text-anchor": "end" });
  }
  for (const [edge, words] of [[-1024, "−1024"], [-16, "−16"], [-1, "−1"], [0, "0"], [1, "1"], [16, "16"], [1024, "1024"]]) {
    const at = edges.findIndex(([below]) => number(below) >= edge);
    if (at < 0) continue;
    rule(x(at), x(at), top, height - bottom, "axis");
    write(words, { x: x(at), y: height - 6, "text-anchor": "middle" });
  }
  for (const { place, logs: [median, most, largest] } of marks) {
    const span = { x: x(place).toFixed(1), width: (x(1) - x(0)).toFixed(1) };
    svg.append(draw("rect", { ...span, y: y(most).toFixed(1), height: Math.max(1.5, y(median) - y(most)).toFixed(1), fill: colour, "fill-opacity": 0.55 }));
    svg.append(draw("path", { d: `M${x(place).toFixed(1)} ${y(largest).toFixed(1)}H${x(place + 1).toFixed(1)}`, class: "largest" }));
  }
  pointed(svg, width, (across) => {
    const at = Math.floor(((across - left) / (width - left - right)) * edges.length);
    const found = marks.find(({ place }) => place === at);
    if (!found) return;
    const [median, most, largest] = found.logs.map(about);
    readout.textContent = `${names.join(", ")}: x from ${short(edges[at][0])} to ${short(edges[at][1])}, ${whole(inputs[at])} inputs: half of the errors up to about ${median} ulp, 99 % up to ${most}, the largest ${largest}`;
  });
  return svg;
}
