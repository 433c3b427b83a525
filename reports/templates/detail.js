// What a row of the matrix leads to: the errors along x, every case in numbers, how to see it, special inputs, agreement.
const dialog = document.getElementById("detail");
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6bb1", "#8d8d8d"];
const DASHES = ["", "7 3", "2 3", "9 3 2 3"];
const NAMES = { c: "correct", f: "faithful", i: "inaccurate", v: "vanished", u: "flushed", o: "overflowed", n: "nan", s: "special" };
const CLASSES = ["correct", "faithful", "inaccurate", "vanished", "flushed", "overflowed", "nan", "special"];
const DIGITS = { float16: 4, bfloat16: 4, float32: 8, float64: 16 };
const hex = (bits, format) => (bits === "" ? "" : "0x" + BigInt(bits).toString(16).padStart(DIGITS[format], "0"));
const whole = (digits) => BigInt(digits).toLocaleString("en"); // distances have more digits than a JavaScript number
const number = (decimal) => (decimal === "inf" ? Infinity : decimal === "-inf" ? -Infinity : decimal === "" ? NaN : Number(decimal));
const short = (decimal) => {
  const value = number(decimal);
  return decimal === "" ? "" : Math.abs(value) >= 1e5 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
};
const who = (row) => `${row.backend}:${row.mode}` + (row.device === "cpu" ? "" : `@${row.device}`) + (row.implementation ? ` ${row.implementation}` : "");

async function open(data) {
  const wanted = { activation: data.activation, parameters: data.parameters, order: data.number, format: data.form };
  const cases = await rows("accuracy", { ...wanted, status: "ok" });
  const lines = JSON.parse(await text("lines"));
  const mine = lines.lines.filter(([name, parameters, order, format]) =>
    name === data.activation && parameters === data.parameters && String(order) === data.number && format === data.form)
    .map(([, , , , names, marks], i) => ({ names, points: points(marks), colour: COLOURS[i % COLOURS.length], dash: DASHES[Math.floor(i / 2) % DASHES.length] }));
  document.getElementById("detail-title").textContent = `${data.name}: ${ORDERS[data.number]}, ${data.form}`;
  const scripts = JSON.parse(await text("scripts"));
  dialog.querySelector(".content").replaceChildren(
    ...figures(cases, mine), ...reproducing(cases, scripts), ...specials(await rows("special_values", wanted)),
    ...agreeing(await rows("agreement", wanted)), ...broken(await rows("laws", { ...wanted, status: "broken" })),
    ...all("#left").map((told) => element("p", told.textContent, { class: "quiet" })));
  all("table.sortable", dialog).forEach(sortable);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  const draw = () => chart(lines.edges, mine, cases);
  draw();
  dialog.redraw = draw;
}

function points(marks) {
  const found = [];
  for (let i = 0; i < marks.length; i += 3) {
    const [letter, digits] = [marks[i], marks.slice(i + 1, i + 3)];
    if (letter !== ".") found.push({ place: i / 3, cls: NAMES[letter], log: digits === "--" ? null : parseInt(digits, 36) / 4 - 20 });
  }
  return found;
}

function table(headings, lines, attributes = { class: "sortable" }) {
  const head = element("thead", element("tr", headings.map((name) => element("th", name, { scope: "col" }))));
  const body = element("tbody", lines.map((cells) => element("tr", cells.map((cell) => element("td", cell)))));
  return element("div", element("table", [head, body], attributes), { class: "scroll" });
}

function figures(cases, lines) {
  const headings = ["implementation", "route", "not right", "max ulp", "mean", "p99", "worst input", "result", "exact"];
  const cells = cases.map((row) => {
    const line = lines.find(({ names }) => names.includes(`${who(row)} ${row.route}`));
    const swatch = line ? [element("span", "", { class: "swatch", style: `border-color:${line.colour};border-top-style:${line.dash ? "dashed" : "solid"}` })] : [];
    const wrong = CLASSES.slice(2).filter((name) => row[name] !== "0").map((name) => `${name} ${whole(row[name])}`);
    const worst = row.worst_input_bits === "" ? "" : [row.worst_input, element("small", hex(row.worst_input_bits, row.format))];
    return [[...swatch, who(row)], row.route, wrong.join(", ") || (row.faithful === "0" ? "correctly rounded" : "faithful"), short(row.max_ulp), short(row.mean_ulp), short(row.p99_ulp),
      worst, hex(row.worst_output_bits, row.format), row.worst_exact];
  });
  return [element("h3", "Cases"), table(headings, cells, { class: "sortable cases" })];
}

function reproducing(cases, scripts) {
  const seen = cases.filter((row) => (row.route === "native" || row.route === "autodiff") && row.worst_input_bits !== "");
  if (!seen.length) return [];
  const made = [element("h3", "The worst input of each, with the framework alone")];
  for (const row of seen) {
    const script = scripts[`${who(row)}|${row.activation}|${row.parameters}|${row.order}`];
    if (!script) continue;
    const filled = script.replaceAll("@X@", row.worst_input).replaceAll("@FORMAT@", row.format);
    made.push(element("details", [element("summary", `${who(row)} at x = ${row.worst_input}: got ${hex(row.worst_output_bits, row.format)}, exact ${row.worst_exact}`), code(oneLine(filled))]));
  }
  const parameters = Object.entries(JSON.parse(seen[0].parameters)).map(([name, value]) => `${name}=${value}`).join(", ");
  const name = parameters ? `'${seen[0].activation}(${parameters})'` : seen[0].activation;
  const worst = seen.reduce((a, b) => (number(b.max_ulp) > number(a.max_ulp) ? b : a));
  made.push(element("p", "All of them under the microscope:"), code(
    `lastbit explain ${name} ${hex(worst.worst_input_bits, worst.format)} --format ${worst.format} --order ${worst.order}`));
  return made;
}

function specials(found) {
  if (!found.length) return [];
  const shown = (row, name) => row[`worst_${name}`] || "nan";
  // A result that is right and yet another number than the one expected is one of the many that are right at a kink.
  const kink = (row) => row.class === "correct" && Math.abs(number(row.worst_output) - number(row.exact)) > Math.abs(number(row.exact)) / 100;
  const cells = found.map((row) => [who(row), row.route, shown(row, "input"), (row.exact || "nan") + (kink(row) ? ", or any slope between the two sides'" : ""), `${shown(row, "output")} (${hex(row.worst_output_bits, row.format)})`, row.class]);
  return [element("h3", "Special inputs"), table(["implementation", "route", "input", "expected", "got", "class"], cells)];
}

function agreeing(pairs) {
  if (!pairs.length) return [];
  const cells = pairs.filter((row) => row.differing !== "0").map((row) => [row.first, row.second, whole(row.differing), whole(row.largest_distance), row.example || "nan"]);
  const same = pairs.length - cells.length;
  const told = element("p", `${same} of ${pairs.length} pairs give the same bits on all ${whole(pairs[0].inputs)} inputs.`);
  return [element("h3", "Agreement"), told, ...(cells.length ? [table(["one", "other", "differing", "steps apart at most", "example x"], cells)] : [])];
}

function broken(laws) {
  const cells = laws.map((row) => [who(row), row.law, `${whole(row.broken)} of ${whole(row.checked)}`, row.example || "nan", row.got, row.where]);
  return cells.length ? [element("h3", "Laws that are broken"), table(["implementation", "law", "on", "example x", "got", "where"], cells, { class: "sortable laws" })] : [];
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
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": "error in ulp against x" });
  const write = (words, attributes) => { const made = draw("text", attributes); made.textContent = words; svg.append(made); return made; };
  const step = Math.max(1, Math.ceil((high - 1) / 3.33 / 6));
  for (let power = step; power <= (high - 1) / 3.3219; power += step) ruled(power * 3.3219, power < 4 ? String(10 ** power) : `1e${power}`, "axis");
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
  for (const { points: found, colour, dash } of lines) {
    let path = "", before = null;
    for (const point of found) {
      if (point.log !== null) path += `${before === null ? "M" : "L"}${x(point.place).toFixed(1)} ${y(point.log).toFixed(1)}`;
      before = point.log;
    }
    svg.append(draw("path", { d: path, fill: "none", stroke: colour, "stroke-width": 1.6, "stroke-dasharray": dash }));
    for (const point of found.filter(({ cls }) => cls === "vanished" || cls === "nan" || cls === "overflowed" || cls === "special")) {
      const [across, down] = [x(point.place), y(point.log)];
      svg.append(draw("path", { d: `M${across - 3} ${down - 3}l6 6m0 -6l-6 6`, stroke: colour, "stroke-width": 1.4 }));
    }
  }
  const worst = label(edges, cases, x, y, svg, width, high);
  place.append(svg);
  const readout = dialog.querySelector(".readout");
  readout.textContent = worst + "Lines have the colours of the table below; equal results share one. ✕ marks results that vanished or are no number (no error to tell: none). Point at the chart, or touch it, to read it.";
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = Math.floor((((event.clientX - box.left) * width) / box.width - left) / (width - left - right) * edges.length);
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

function draw(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// The address names the detail that is open, so that it can be cited.
const address = (row) => `#detail/${[row.dataset.activation, row.dataset.parameters, row.dataset.number, row.dataset.form].map(encodeURIComponent).join("/")}`;
function follow() {
  const [word, ...parts] = location.hash.split("/");
  if (word !== "#detail" || parts.length !== 4) { if (dialog.open) dialog.close(); return; }
  const row = all("#matrix-table tbody tr").find((each) => address(each) === location.hash);
  if (row) open({ ...row.dataset, name: row.cells[0].textContent });
}
all("#matrix-table tbody tr").forEach((row) => {
  row.querySelector("a").href = address(row);
});
document.getElementById("matrix-table").tBodies[0].addEventListener("click", (event) => {
  if (event.target.closest("a")) return;
  location.hash = address(event.target.closest("tr"));
});
dialog.addEventListener("close", () => {
  if (location.hash.startsWith("#detail/")) history.replaceState(null, "", location.pathname + location.search);
});
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
window.addEventListener("hashchange", follow);
window.addEventListener("resize", () => { if (dialog.open) dialog.redraw?.(); });
follow();
