// What a row of the matrix leads to: the errors along x, every case in numbers, how to see it, special inputs, agreement.
const dialog = document.getElementById("detail");
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
  const [lines, spread, along] = await Promise.all(["lines", "distribution", "percentiles"].map(async (name) => JSON.parse(await text(name))));
  const of = ({ lines: known }) => known.filter(([name, parameters, order, format]) =>
    name === data.activation && parameters === data.parameters && String(order) === data.number && format === data.form);
  const mine = of(lines).map(([, , , , names, marks], i) => ({ names, points: points(marks), ...look(names, i) }));
  const looks = (names) => mine.filter((line) => line.names.some((name) => names.includes(name)));
  const spreads = of(spread).flatMap(([, , , , names, lows, highs, counts]) =>
    looks(names).map((line) => ({ ...line, names, corners: corners(lows, highs, counts) })));
  const bands = of(along).flatMap(([, , , , names, marks, inputs]) =>
    looks(names).slice(0, 1).map((line) => ({ ...line, names, inputs, marks: percentiles(marks) })));
  document.getElementById("detail-title").textContent = `${data.name}: ${ORDERS[data.number]}, ${data.form}`;
  const scripts = JSON.parse(await text("scripts"));
  dialog.querySelector(".content").replaceChildren(
    ...spreading(spreads), ...figures(cases, mine), ...ranging(bands), ...reproducing(cases, scripts), ...specials(await rows("special_values", wanted)),
    ...agreeing(await rows("agreement", wanted)), ...broken(await rows("laws", { ...wanted, status: "broken" })),
    ...all("#left").map((told) => element("p", told.textContent, { class: "quiet" })));
  all("table.sortable", dialog).forEach(sortable);
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  dialog.redraw = () => {
    chart(lines.edges, mine, cases);
    cumulative(spreads);
    multiples(along.edges, bands);
  };
  dialog.redraw();
}

function points(marks) {
  const found = [];
  for (let i = 0; i < marks.length; i += 3) {
    const [letter, digits] = [marks[i], marks.slice(i + 1, i + 3)];
    if (letter !== ".") found.push({ place: i / 3, cls: NAMES[letter], log: digits === "--" ? null : parseInt(digits, 36) / 4 - 20 });
  }
  return found;
}

// The lines through the steps of a distribution: binary logarithms of errors, and the share of results up to each.
function corners(lows, highs, counts) {
  const total = counts.reduce((a, b) => a + b, 0), found = [];
  let seen = 0;
  counts.forEach((count, i) => {
    found.push([Math.log2(lows[i]), seen / total]);
    seen += count;
    found.push([Math.log2(highs[i]), seen / total]);
  });
  return found;
}
function percentiles(marks) {
  const found = [];
  for (let i = 0; i < marks.length; i += 6) {
    if (marks[i] !== ".") found.push({ place: i / 6, logs: [0, 2, 4].map((at) => parseInt(marks.slice(i + at, i + at + 2), 36) / 4 - 20) });
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
    const swatch = line ? [element("span", "", { class: "swatch", style: `border-color:${line.colour};border-top-width:${line.weight * 1.4}px;border-top-style:${line.dash ? "dashed" : "solid"}` })] : [];
    const wrong = CLASSES.slice(2).filter((name) => row[name] !== "0").map((name) => `${name} ${whole(row[name])}`);
    const worst = row.worst_input_bits === "" ? "" : [row.worst_input, element("small", hex(row.worst_input_bits, row.format))];
    return [[...swatch, who(row)], row.route, wrong.join(", ") || (row.faithful === "0" ? "correctly rounded" : "faithful"), short(row.max_ulp), short(row.mean_ulp), short(row.p99_ulp),
      worst, hex(row.worst_output_bits, row.format), row.worst_exact];
  });
  return [element("h3", "Cases"), table(headings, cells, { class: "sortable cases" })];
}

function spreading(spreads) {
  return spreads.length ? drawing("distribution", "chart", "Distribution of errors",
    "What share of the results is within so many ulp; the scale is stretched towards all of them, and a line ends at the largest error. Results that are no number, infinite or flushed have no error and are not in it.") : [];
}

function ranging(bands) {
  return bands.length ? drawing("percentiles", "multiples", "Percentiles in each binade of x",
    "The band reaches from the median to the 99th percentile of the errors, the thin line is the largest: of all inputs of a 16-bit format, of the inputs kept in others.") : [];
}

function drawing(id, kind, title, words) {
  return [element("h3", title), element("p", words, { class: "quiet" }), element("div", "", { class: kind, id }),
    element("p", "", { class: "readout quiet", "aria-live": "polite" })];
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
