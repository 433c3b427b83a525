"use strict";
const all = (query, root = document) => [...root.querySelectorAll(query)];

// The data: JSON, compressed, in base 64.
const texts = new Map();
function text(name) {
  if (!texts.has(name)) texts.set(name, unpack(document.getElementById("data-" + name)));
  return texts.get(name);
}
async function unpack(element) {
  if (!element) return "";
  const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}
// A frame: by the name of each column its fields. Every field stays text: an encoding of 64 bits is no JavaScript number.
const frames = new Map();
async function frame(name) {
  if (!frames.has(name)) frames.set(name, JSON.parse((await text(name)) || "{}"));
  return frames.get(name);
}
// The rows that have these fields.
async function rows(name, wanted) {
  const columns = await frame(name);
  const names = Object.keys(columns), found = [];
  const asked = Object.entries(wanted).map(([column, field]) => [columns[column], field]);
  for (let i = 0; names.length && i < columns[names[0]].length; i++) {
    if (asked.every(([fields, field]) => fields[i] === field)) found.push(Object.fromEntries(names.map((column) => [column, columns[column][i]])));
  }
  return found;
}
function csv(columns) {
  const quoted = (field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
  const names = Object.keys(columns), lines = [names];
  for (let i = 0; i < columns[names[0]].length; i++) lines.push(names.map((column) => columns[column][i]));
  return lines.map((line) => line.map(quoted).join(",") + "\n").join("");
}
function element(name, content, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[content].flat());
  return made;
}

// Tables that sort by a column and show the rows that fit.
function sortable(table) {
  all("thead th", table).forEach((heading, column) => {
    const button = element("button", heading.textContent, { type: "button" });
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const body = table.tBodies[0];
      const keyed = [...body.rows].map((row) => [key(row.cells[column]), row]);
      keyed.sort(([a], [b]) => (descending ? compare(b, a) : compare(a, b)));
      body.append(...keyed.map(([, row]) => row));
    });
  });
}
const ORDERS = ["value", "gradient", "second derivative"];
function key(cell) {
  if (cell.matches(".matrix td:nth-child(n + 4)")) return rank(cell);
  if (cell.matches("[class^=s-]")) cell = cell.previousSibling; // the worst comes first
  const shown = cell.textContent.trim();
  if (ORDERS.includes(shown)) return ORDERS.indexOf(shown);
  const number = Number(shown.replaceAll(",", "").replace(/ [([%].*/, ""));
  return shown !== "" && !Number.isNaN(number) ? number : shown;
}
// A cell of the matrix grows with how bad it is: first by the class, then by the error.
const RANKS = ["correct", "faithful", "flushed", "inaccurate", "special", "overflowed", "nan", "vanished"];
function rank(cell) {
  if (!cell.className) return cell.textContent ? -1 : -2;
  return RANKS.indexOf(cell.className.slice(2)) + Math.log2(1 + (Number(cell.firstChild.data.split(" ")[1]) || 0)) / 2000;
}
function compare(a, b) {
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
  return typeof a === "number" ? -1 : 1;
}
function filterable(controls) {
  const table = document.getElementById(controls.dataset.table);
  const count = controls.querySelector("output");
  const show = () => {
    const words = controls.querySelector("input").value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = all("select", controls).filter((select) => select.value);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      row.search ??= row.textContent.toLowerCase();
      const fits = words.every((word) => row.search.includes(word))
        && chosen.every(({ dataset: { column }, value }) =>
          (column === "class" ? row.querySelector(`.k-${value}`) : row.cells[column].textContent.replace(/^[^a-z]+/, "") === value));
      row.hidden = !fits;
      shown += Boolean(fits);
    }
    count.textContent = `${shown} of ${table.tBodies[0].rows.length} rows`;
  };
  controls.addEventListener("input", show);
  show();
}

// Code that can be taken along.
async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    const area = element("textarea", words);
    (document.querySelector("dialog[open]") || document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
// A script as one command line for bash and zsh.
const oneLine = (script) => `python -c $'${script.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
function code(words) {
  const made = element("pre", element("code", words));
  copyable(made);
  return made;
}
function copyable(pre) {
  const code = pre.querySelector("code");
  const button = element("button", "copy", { type: "button", class: "copy" });
  button.addEventListener("click", async () => {
    await copy(code.textContent);
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
  pre.prepend(button);
}

async function download(name) {
  const address = URL.createObjectURL(new Blob([csv(await frame(name))], { type: "text/csv" }));
  const link = element("a", "", { href: address, download: `${name}.csv` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

all("table.sortable").forEach(sortable);
all(".controls").forEach(filterable);
all("main pre:has(code)").forEach(copyable);
all(".findings .words:not(.alone)").forEach((cell) => {
  const details = element("details", element("summary", "reproduce"));
  cell.append(details);
  details.addEventListener("toggle", async () => {
    const { reproducer } = await frame("findings");
    details.append(code(oneLine(reproducer[cell.parentNode.cells[0].textContent - 1])));
  }, { once: true });
});
all("[data-download]").forEach((button) => button.addEventListener("click", () => download(button.dataset.download)));
